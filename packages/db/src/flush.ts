// Writes what came back of a batch of deliveries; see flush-sql.ts for what one flush promises.
import { booleanColumn, bytesColumn, numberArray, numberColumn, textColumn, uuidArray, uuidColumn } from './array-literal.js';
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
};

export type FinishedDispatch = { readonly id: string; readonly claim: number };

export type Flush = {
  readonly records: readonly DeliveryRecord[];
  /** Webhooks whose chunk of due deliveries this flush completes. */
  readonly reportedWebhookIds: readonly string[];
  readonly finished: readonly FinishedDispatch[];
};

/** The circuits that the flush wrote, as they are now. */
export type FlushedCircuit = { readonly webhookId: string; readonly circuit: number; readonly epoch: number };

export type FlushLimits = {
  /** Which of the statistics slots (0–15) this process writes. */
  readonly slot: number;
  readonly cooldownS: number;
  readonly cooldownMaxS: number;
  readonly chunkMax: number;
};

const columnsOf = (records: readonly DeliveryRecord[]): { values: string[]; lowestId: string | null; highestId: string | null } => {
  const ids = [uuidColumn(), uuidColumn(), uuidColumn(), uuidColumn()] as const;
  const eventType = textColumn();
  const isNew = booleanColumn();
  const [attempt, status, reason, dueInMs, shape, kind, version] = Array.from({ length: 7 }, numberColumn) as NumberColumns7;
  const [startedAt, statusCode, errorKind, duration, dns, connect, tls] = Array.from({ length: 7 }, numberColumn) as NumberColumns7;
  const [firstByte, epoch, threshold, hold] = Array.from({ length: 4 }, numberColumn) as NumberColumns4;
  const out = booleanColumn();
  const sent = booleanColumn();
  const ok = booleanColumn();
  const counts = booleanColumn();
  const truncated = booleanColumn();
  const error = textColumn();
  const requestHeaders = textColumn();
  const responseHeaders = textColumn();
  const responseBody = bytesColumn();
  let lowestId: string | null = null;
  let highestId: string | null = null;
  for (const record of records) {
    const request = record.sent;
    ids[0].push(record.environmentId);
    ids[1].push(record.tenantId);
    ids[2].push(record.eventId);
    ids[3].push(record.webhookId);
    eventType.push(record.eventType);
    isNew.push(record.isNew);
    attempt.push(record.attempt);
    status.push(record.status);
    reason.push(record.reason);
    dueInMs.push(record.dueInMs);
    out.push(record.out);
    shape.push(record.shape);
    sent.push(request !== null);
    ok.push(request?.ok ?? false);
    counts.push(request?.counts ?? false);
    kind.push(request?.kind ?? null);
    version.push(request?.webhookVersion ?? null);
    startedAt.push(request?.startedAtMs ?? null);
    statusCode.push(request?.statusCode ?? null);
    errorKind.push(request?.errorKind ?? null);
    error.push(request?.error ?? null);
    duration.push(request?.durationMs ?? null);
    dns.push(request?.dnsMs ?? null);
    connect.push(request?.connectMs ?? null);
    tls.push(request?.tlsMs ?? null);
    firstByte.push(request?.firstByteMs ?? null);
    requestHeaders.push(request?.requestHeaders ?? null);
    responseHeaders.push(request?.responseHeaders ?? null);
    responseBody.push(request?.responseBody ?? null);
    truncated.push(request?.responseTruncated ?? false);
    epoch.push(record.epoch);
    threshold.push(record.threshold);
    hold.push(record.holdMs);
    if (!record.isNew) {
      if (lowestId === null || record.eventId < lowestId) lowestId = record.eventId;
      if (highestId === null || record.eventId > highestId) highestId = record.eventId;
    }
  }
  const columns = [
    ...ids,
    eventType,
    isNew,
    attempt,
    status,
    reason,
    dueInMs,
    out,
    shape,
    sent,
    ok,
    counts,
    kind,
    version,
    startedAt,
    statusCode,
    errorKind,
    error,
    duration,
    dns,
    connect,
    tls,
    firstByte,
    requestHeaders,
    responseHeaders,
    responseBody,
    truncated,
    epoch,
    threshold,
    hold,
  ];
  return { values: columns.map((each) => each.literal()), lowestId, highestId };
};
type NumberColumn = ReturnType<typeof numberColumn>;
type NumberColumns4 = [NumberColumn, NumberColumn, NumberColumn, NumberColumn];
type NumberColumns7 = [...NumberColumns4, NumberColumn, NumberColumn, NumberColumn];

/**
 * Commits one flush; returns the circuits that it wrote. Idempotent: the deliveries' and attempts' keys and the fence
 * (attempt, out) make a second run change nothing. Errors are the driver's; the caller decides whether to send it again.
 */
export const writeFlush = async (pool: HotPool, flush: Flush, limits: FlushLimits): Promise<readonly FlushedCircuit[]> => {
  const { values, lowestId, highestId } = columnsOf(flush.records);
  const result = await pool.query<{ webhook_id: string; circuit: number; circuit_epoch: number }>({
    name: 'flush',
    text: flushSql,
    values: [
      ...values,
      lowestId,
      highestId,
      limits.slot,
      uuidArray(flush.reportedWebhookIds),
      limits.cooldownS,
      limits.cooldownMaxS,
      limits.chunkMax,
      uuidArray(flush.finished.map((each) => each.id)),
      numberArray(flush.finished.map((each) => each.claim)),
    ],
  });
  return result.rows.map((row) => ({ webhookId: row.webhook_id, circuit: row.circuit, epoch: row.circuit_epoch }));
};
