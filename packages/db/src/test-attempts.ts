// Attempts that belong to no delivery: a person tested a webhook. They count for nothing.
import { attemptKindCodes } from '@posthorn/core';
import type { Insertable } from 'kysely';
import type { Database } from './pools.js';
import type { AttemptRow } from './reading-attempts.js';
import type { AttemptsTable } from './tables.js';

export type TestAttempt = Omit<Insertable<AttemptsTable>, 'kind' | 'n'>;

/** Keeps the only attempt of a test, and returns it as it is read. `event_id` is an id of this moment: it chooses the partition. */
export const insertTestAttempt = async (db: Database, attempt: TestAttempt): Promise<AttemptRow> =>
  db
    .insertInto('attempts')
    .values({ ...attempt, n: 1, kind: attemptKindCodes.test })
    .returningAll()
    .executeTakeFirstOrThrow();
