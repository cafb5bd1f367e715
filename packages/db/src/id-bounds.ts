// Ids as bounds of what is read along them: before every id and after it, and where those of a moment begin.
import { uuidv7 } from '@posthorn/core';

/** Before every id. */
export const lowestId = '00000000-0000-0000-0000-000000000000';
/** After every id. */
export const highestId = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

/** The smallest UUIDv7 of a moment. @param atMs Unix milliseconds */
export const lowestIdOf = (atMs: number): string => uuidv7(Math.max(0, Math.floor(atMs)), new Uint8Array(10));
