// Attempts as live messages, once they are recorded.
import { attemptKindOfCode } from '@posthorn/core';
import type { Flush, LiveTeller } from '@posthorn/db';

/** Tells of the attempts of a flush that was written. */
export const tellAttempts = (teller: LiveTeller, { records }: Flush): void => {
  for (const { sent, environmentId, tenantId, eventId, webhookId, eventType, attempt, status } of records) {
    if (sent === null) continue;
    const { ok, kind, startedAtMs, statusCode, errorKind, durationMs } = sent;
    teller.tell({
      kind: 'attempt',
      environment_id: environmentId,
      tenant_id: tenantId,
      event_id: eventId,
      webhook_id: webhookId,
      event_type: eventType,
      attempt,
      attempt_kind: attemptKindOfCode(kind),
      ok,
      status_code: statusCode,
      error_kind: errorKind,
      duration_ms: durationMs,
      started_at_ms: Math.round(startedAtMs),
      status,
      gated: false,
    });
  }
};
