import { expect, it } from '@jest/globals';
import { reasonCodes, storedStatusCodes } from '@posthorn/core';
import type { DeliveryRecord, LiveMessage } from '@posthorn/db';
import { tellRecorded } from './tell-recorded.js';

const { waiting, succeeded, skipped } = storedStatusCodes;
const record = (changes: Partial<DeliveryRecord>): DeliveryRecord => ({
  ...{ environmentId: 'e', tenantId: 't', eventId: 'ev', webhookId: 'w', eventType: 'a', isNew: true, attempt: 0, shape: 1, sent: null },
  ...{ status: waiting, reason: null, dueInMs: 0, out: false, epoch: 0, threshold: 10, holdMs: null, gone: false, replay: false },
  ...changes,
});
const sent: DeliveryRecord['sent'] = {
  ...{
    ok: true,
    counts: true,
    kind: 0,
    webhookVersion: 1,
    startedAtMs: 12.4,
    statusCode: 200,
    errorKind: null,
    error: null,
    durationMs: 3,
  },
  ...{ dnsMs: null, connectMs: null, tlsMs: null, firstByteMs: null, requestHeaders: '', responseHeaders: null },
  ...{ responseBody: null, responseTruncated: false },
};
const toldOf = (...records: readonly DeliveryRecord[]): readonly LiveMessage[] => {
  const told: LiveMessage[] = [];
  tellRecorded({ tell: (message) => void told.push(message) }, { records });
  return told;
};
const place = { environment_id: 'e', tenant_id: 't', event_id: 'ev', webhook_id: 'w', event_type: 'a' };

it('tells of attempts', () => {
  expect(toldOf(record({ attempt: 1, status: succeeded, sent }))).toEqual([
    {
      ...{ ...place, kind: 'attempt', attempt: 1, attempt_kind: 'first', ok: true, status_code: 200, error_kind: null, duration_ms: 3 },
      ...{ started_at_ms: 12, status: succeeded, gated: false },
    },
  ]);
});

it('tells of deliveries that were made or ended without one, and of none that only went back', () => {
  const reason = reasonCodes.webhook_disabled;
  const given = [
    record({}),
    record({ status: skipped, reason }),
    record({ isNew: false, status: skipped, reason }),
    record({ isNew: false }),
  ];
  expect(toldOf(...given)).toEqual([
    { ...place, kind: 'delivery', status: waiting, gated: false, reason: null },
    { ...place, kind: 'delivery', status: skipped, gated: false, reason },
    { ...place, kind: 'delivery', status: skipped, gated: false, reason },
  ]);
});
