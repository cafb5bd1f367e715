// What a flush recorded as live messages: attempts, and deliveries that were made or ended without one.
import { attemptKindOfCode, storedStatusCodes } from '@posthorn/core';
import type { DeliveryRecord, Flush, LiveMessage, LiveTeller } from '@posthorn/db';

/** Tells of what a flush that was written recorded; what was given back unsent is no news. */
export const tellRecorded = (teller: Pick<LiveTeller, 'tell'>, { records }: Pick<Flush, 'records'>): void => {
  for (const record of records) {
    const message = record.sent === null ? deliveryMessage(record) : attemptMessage(record, record.sent);
    if (message !== null) teller.tell(message);
  }
};

const placeOf = ({ environmentId, tenantId, eventId, webhookId, eventType }: DeliveryRecord) => ({
  environment_id: environmentId,
  tenant_id: tenantId,
  event_id: eventId,
  webhook_id: webhookId,
  event_type: eventType,
});

const deliveryMessage = (record: DeliveryRecord): LiveMessage | null => {
  const { isNew, status, reason } = record;
  if (!isNew && status === storedStatusCodes.waiting) return null;
  return { kind: 'delivery', ...placeOf(record), status, gated: false, reason };
};

const attemptMessage = (record: DeliveryRecord, sent: NonNullable<DeliveryRecord['sent']>): LiveMessage => ({
  kind: 'attempt',
  ...placeOf(record),
  attempt: record.attempt,
  attempt_kind: attemptKindOfCode(sent.kind),
  ok: sent.ok,
  status_code: sent.statusCode,
  error_kind: sent.errorKind,
  duration_ms: sent.durationMs,
  started_at_ms: Math.round(sent.startedAtMs),
  status: record.status,
  gated: false,
});
