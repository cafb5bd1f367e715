// Times between two bounds, for the conditions of lists.
import { type RawBuilder, sql } from 'kysely';
import { lowestIdOf } from './id-bounds.js';

/** From `fromMs` on and before `toMs`, Unix milliseconds; null: no bound. */
export type TimeRange = { readonly fromMs: number | null; readonly toMs: number | null };

const both = (from: RawBuilder<boolean> | null, to: RawBuilder<boolean> | null): RawBuilder<boolean> =>
  sql<boolean>`(${from ?? sql`true`} and ${to ?? sql`true`})`;

const timeSql = (atMs: number): RawBuilder<unknown> => sql`(timestamptz 'epoch' + ${atMs}::int8 * interval '1 millisecond')`;

/** Whether a timestamptz column lies in the range. */
export const timeRangeSql = (column: RawBuilder<unknown>, { fromMs, toMs }: TimeRange): RawBuilder<boolean> =>
  both(
    fromMs === null ? null : sql<boolean>`${column} >= ${timeSql(fromMs)}`,
    toMs === null ? null : sql<boolean>`${column} < ${timeSql(toMs)}`,
  );

/** Whether the time that a UUIDv7 carries lies in the range: bounds of ids, so that partitions outside are not looked at. */
export const idRangeSql = (column: RawBuilder<unknown>, { fromMs, toMs }: TimeRange): RawBuilder<boolean> =>
  both(
    fromMs === null ? null : sql<boolean>`${column} >= ${lowestIdOf(fromMs)}::uuid`,
    toMs === null ? null : sql<boolean>`${column} < ${lowestIdOf(toMs)}::uuid`,
  );
