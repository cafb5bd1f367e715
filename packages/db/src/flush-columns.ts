// The rows of a flush as column parameters of its statements, in the order in which the statements name them.
import { booleanColumn, bytesColumn, numberColumn, textColumn, uuidColumn } from './array-literal.js';
import type { DeliveryRecord, SentAttempt } from './flush.js';

const numberColumns = (count: number) => Array.from({ length: count }, numberColumn);

export type GeneralColumns = { readonly values: readonly string[]; readonly lowestId: string | null; readonly highestId: string | null };

/** Parameters of flushSql, and the bounds of the event ids of leased deliveries. */
export const generalColumns = (records: readonly DeliveryRecord[]): GeneralColumns => {
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
  const gone = booleanColumn();
  const replay = booleanColumn();
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
    gone.push(record.gone);
    replay.push(record.replay);
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
    gone,
    replay,
  ];
  return { values: columns.map((each) => each.literal()), lowestId, highestId };
};
type NumberColumn = ReturnType<typeof numberColumn>;
type NumberColumns4 = [NumberColumn, NumberColumn, NumberColumn, NumberColumn];
type NumberColumns7 = [...NumberColumns4, NumberColumn, NumberColumn, NumberColumn];

/** A new delivery whose first attempt succeeded. */
export type FirstSuccess = DeliveryRecord & { readonly sent: SentAttempt };

/** Parameters of firstSuccessesSql. */
export const firstSuccessColumns = (records: readonly FirstSuccess[]): readonly string[] => {
  const [environmentId, tenantId, eventId, webhookId] = [uuidColumn(), uuidColumn(), uuidColumn(), uuidColumn()] as const;
  const [eventType, requestHeaders, responseHeaders] = [textColumn(), textColumn(), textColumn()] as const;
  const [attempt, shape, startedAt, statusCode, duration, dns, connect] = numberColumns(7) as NumberColumns7;
  const [tls, firstByte, epoch] = [numberColumn(), numberColumn(), numberColumn()] as const;
  const body = bytesColumn();
  const truncated = booleanColumn();
  for (const record of records) {
    const { sent } = record;
    environmentId.push(record.environmentId);
    tenantId.push(record.tenantId);
    eventId.push(record.eventId);
    webhookId.push(record.webhookId);
    eventType.push(record.eventType);
    attempt.push(record.attempt);
    shape.push(record.shape);
    startedAt.push(sent.startedAtMs);
    statusCode.push(sent.statusCode);
    duration.push(sent.durationMs);
    dns.push(sent.dnsMs);
    connect.push(sent.connectMs);
    tls.push(sent.tlsMs);
    firstByte.push(sent.firstByteMs);
    requestHeaders.push(sent.requestHeaders);
    responseHeaders.push(sent.responseHeaders);
    body.push(sent.responseBody);
    truncated.push(sent.responseTruncated);
    epoch.push(record.epoch);
  }
  const columns = [
    environmentId,
    tenantId,
    eventId,
    webhookId,
    eventType,
    attempt,
    shape,
    startedAt,
    statusCode,
    duration,
    dns,
    connect,
    tls,
    firstByte,
    requestHeaders,
    responseHeaders,
    body,
    truncated,
    epoch,
  ];
  return columns.map((column) => column.literal());
};
