// Writes what came back of a batch of deliveries; see flush-sql.ts for what one flush promises, first-successes-sql.ts for its short form.
import { attemptKindCodes, storedStatusCodes } from '@posthorn/core';
import { numberArray, uuidArray } from './array-literal.js';
import { firstSuccessesSql } from './first-successes-sql.js';
import { type FirstSuccess, firstSuccessColumns, generalColumns } from './flush-columns.js';
import { flushSql } from './flush-sql.js';
import type { HotPool } from './pools.js';

/** An HTTP request that was made. */
export type SentAttempt = {
  readonly ok: boolean;
  /** Whether a failure counts towards the circuit (a 429 that says when does not). */
  readonly counts: boolean;
  /** attemptKindCodes */
  readonly kind: number;
  readonly webhookVersion: number;
  /** Milliseconds since 1970 on the database's clock. */
  readonly startedAtMs: number;
  readonly statusCode: number | null;
  /** errorKindCodes */
  readonly errorKind: number | null;
  readonly error: string | null;
  readonly durationMs: number;
  readonly dnsMs: number | null;
  readonly connectMs: number | null;
  readonly tlsMs: number | null;
  readonly firstByteMs: number | null;
  readonly requestHeaders: string;
  readonly responseHeaders: string | null;
  readonly responseBody: Buffer | null;
  readonly responseTruncated: boolean;
};

/** What follows for one delivery. */
export type DeliveryRecord = {
  readonly environmentId: string;
  readonly tenantId: string;
  readonly eventId: string;
  readonly webhookId: string;
  readonly eventType: string;
  /** True: the delivery is made by this flush. False: it was leased to this worker under `attempt`. */
  readonly isNew: boolean;
  readonly attempt: number;
  /** storedStatusCodes */
  readonly status: number;
  /** reasonCodes */
  readonly reason: number | null;
  /** When it is next anybody's, in ms from the commit; null once it has ended. */
  readonly dueInMs: number | null;
  /** It stays under way at this worker: its lease ends at dueInMs. */
  readonly out: boolean;
  readonly shape: number;
  readonly sent: SentAttempt | null;
  /** The circuit's epoch when the attempt began. */
  readonly epoch: number;
  readonly threshold: number;
  /** The endpoint asked for a pause of the whole webhook. */
  readonly holdMs: number | null;
  /** The endpoint said that it is gone for good: its webhook is disabled. */
  readonly gone: boolean;
  /** It was opened again by a replay. */
  readonly replay: boolean;
};

/** A chunk whose last result stands in this flush or an earlier one. */
export type ChunkReport = { readonly webhookId: string; readonly turn: number };

export type FinishedDispatch = { readonly id: string; readonly claim: number };

export type Flush = {
  readonly records: readonly DeliveryRecord[];
  /** The chunks of due deliveries that this flush completes; one that is not out any more is no news. */
  readonly reports: readonly ChunkReport[];
  readonly finished: readonly FinishedDispatch[];
};

/** What the flush wrote of webhooks' states, as it is now. */
export type FlushedState = {
  readonly webhookId: string;
  readonly circuit: number;
  readonly epoch: number;
  readonly disabled: boolean;
  /** Nothing is sent before; milliseconds since 1970 on the database's clock, -Infinity: no hold. */
  readonly holdUntilMs: number;
};

export type FlushLimits = {
  /** Which of the statistics slots (0–15) this process writes. */
  readonly slot: number;
  readonly cooldownS: number;
  readonly cooldownMaxS: number;
  readonly chunkMax: number;
};

type StateRow = { webhook_id: string; circuit: number; circuit_epoch: number; disabled: boolean; hold_until_ms: number };

const stateOf = (row: StateRow): FlushedState => ({
  webhookId: row.webhook_id,
  circuit: row.circuit,
  epoch: row.circuit_epoch,
  disabled: row.disabled,
  holdUntilMs: row.hold_until_ms,
});

/** The short form fits a successful first attempt that was recorded as one: new, ended, under the webhook's own version. */
const isFirstSuccess = (record: DeliveryRecord): record is FirstSuccess =>
  record.isNew &&
  record.status === storedStatusCodes.succeeded &&
  record.sent?.ok === true &&
  record.sent.kind === attemptKindCodes.first &&
  record.sent.error === null &&
  record.sent.webhookVersion === record.shape;

const uniqueViolation = '23505';

const writeFirstSuccesses = async (pool: HotPool, records: readonly FirstSuccess[], flush: Flush, limits: FlushLimits) => {
  const result = await pool.query<StateRow>({
    name: 'flush-first-successes',
    text: firstSuccessesSql,
    values: [...firstSuccessColumns(records), limits.slot, ...finishedOf(flush)],
  });
  return result.rows.map(stateOf);
};

const finishedOf = (flush: Flush): readonly [string, string] => [
  uuidArray(flush.finished.map((each) => each.id)),
  numberArray(flush.finished.map((each) => each.claim)),
];

/**
 * A request that was parked and ended before the flush that parks it is recorded as if it had not been parked: the parts of the statement
 * do not see each other's rows, so its result would find no delivery to change, and it would be made again.
 */
const foldParked = (records: readonly DeliveryRecord[]): readonly DeliveryRecord[] => {
  const keyOf = (record: DeliveryRecord): string => `${record.eventId} ${record.webhookId} ${record.attempt}`;
  const parked = new Set(records.filter((record) => record.isNew && record.out).map(keyOf));
  if (parked.size === 0) return records;
  const ended = new Set(records.filter((record) => !record.isNew && parked.has(keyOf(record))).map(keyOf));
  if (ended.size === 0) return records;
  return records.flatMap((record) => {
    if (!ended.has(keyOf(record))) return [record];
    if (record.isNew) return record.out ? [] : [record];
    return [{ ...record, isNew: true }];
  });
};

/**
 * Commits one flush; returns the states that it wrote. Idempotent: the deliveries' and attempts' keys and the fence
 * (attempt, out) make a second run change nothing. Errors are the driver's; the caller decides whether to send it again.
 */
export const writeFlush = async (pool: HotPool, flush: Flush, limits: FlushLimits): Promise<readonly FlushedState[]> => {
  const records = foldParked(flush.records);
  if (flush.reports.length === 0 && records.length > 0 && records.every(isFirstSuccess)) {
    try {
      return await writeFirstSuccesses(pool, records, flush, limits);
    } catch (error) {
      if ((error as { code?: unknown }).code !== uniqueViolation) throw error;
    }
  }
  const { values, lowestId, highestId } = generalColumns(records);
  const result = await pool.query<StateRow>({
    name: 'flush',
    text: flushSql,
    values: [
      ...values,
      lowestId,
      highestId,
      limits.slot,
      uuidArray(flush.reports.map((each) => each.webhookId)),
      limits.cooldownS,
      limits.cooldownMaxS,
      limits.chunkMax,
      ...finishedOf(flush),
      numberArray(flush.reports.map((each) => each.turn)),
    ],
  });
  return result.rows.map(stateOf);
};
