// The mails of which there are pictures: of the demo's webhooks, as they would be told.
import type { Letter, TroubleFact } from '@posthorn/core';
import { type DigestOfWebhook, type NamedWebhook, writeDigest, writeTrouble } from '@posthorn/mail';

const publicUrl = 'https://hooks.nordic-supply.example';
const at = (time: string): Date => new Date(`2026-11-23T${time}Z`);

const webhook = (digit: number, name: string, url: string, tenant = 'nordic-supply'): NamedWebhook => {
  const id = `019f2c1e-7d3a-7${digit}00-8000-00000000000${digit}`;
  return { id, name, url, tenant, unsubscribeUrl: `${publicUrl}/unsubscribe/${id}.Zk3vQx8N1sPqL0dRt7YwBc2MfHg5JaUe` };
};
const accounting = webhook(1, 'Accounting', 'https://accounting.nordic-supply.example/hooks/orders');
const loyalty = webhook(2, 'Loyalty points', 'https://points.example/v2/webhook');
const warehouse = webhook(3, 'Warehouse', 'https://warehouse.nordic-supply.example/posthorn');
const search = webhook(4, 'Search index', 'https://search.example/ingest', 'bergen-books');

const eventId = '019f2c4f-11b2-7000-8000-0000000000';

type Details = TroubleFact['details'];
const once = (kind: TroubleFact['kind'], time: string, details: Details): TroubleFact => ({
  kind,
  count: 1,
  firstAt: at(time),
  lastAt: at(time),
  details,
});
const opened = once('circuit_opened', '09:41:07', {
  webhook_id: accounting.id,
  circuit_failure_count: 10,
  circuit_retry_at: '2026-11-23T09:41:37.000Z',
});
const failing = once('webhook_failing', '09:40:12', {
  webhook_id: accounting.id,
  circuit_failure_count: 5,
  failing_since: '2026-11-23T09:38:50.000Z',
});
const disabled = once('webhook_disabled', '10:15:00', { webhook_id: warehouse.id, disabled_reason: 'gone' });
const recovered = once('webhook_recovered', '11:02:19', { webhook_id: accounting.id, failing_since: '2026-11-23T09:38:50.000Z' });
const lost: TroubleFact = {
  ...once('delivery_failed', '08:06:31', {
    webhook_id: loyalty.id,
    event_id: `${eventId}42`,
    delivery_id: `${eventId}42.${loyalty.id}`,
    event_type: 'order.paid',
    attempt: 9,
    reason: 'exhausted',
    status_code: 503,
    error: null,
  }),
  count: 12,
  firstAt: at('08:02:44'),
};

const trouble = (webhooks: readonly { webhook: NamedWebhook; facts: readonly TroubleFact[] }[], more = 0): Letter =>
  writeTrouble({ environment: 'live', publicUrl, webhooks, more });

const types = ['order.placed', 'shipment.sent', 'order.placed', 'order.placed', 'shipment.sent'];
const delivered: DigestOfWebhook = {
  webhook: warehouse,
  byType: [
    { eventType: 'order.placed', count: 1_204 },
    { eventType: 'shipment.sent', count: 688 },
    { eventType: 'order.cancelled', count: 17 },
  ],
  firstAt: at('09:36:02'),
  lastAt: at('09:40:58'),
  p95Ms: 182,
  pending: 3,
  held: 0,
  newest: Array.from({ length: 10 }, (_, index) => ({
    deliveryId: `${eventId}${30 - index}.${warehouse.id}`,
    eventType: types[index % types.length] ?? '',
    at: at(`09:40:${58 - 3 * index}`),
  })),
};

/** By the name of the picture, `mail-<kind>`. */
export const mailSamples: Readonly<Record<string, Letter>> = {
  'mail-circuit-opened': trouble([{ webhook: accounting, facts: [opened, failing] }]),
  'mail-failing': trouble([{ webhook: accounting, facts: [failing] }]),
  'mail-delivery-failed': trouble([{ webhook: loyalty, facts: [lost] }]),
  'mail-disabled': trouble([{ webhook: warehouse, facts: [disabled] }]),
  'mail-recovered': trouble([{ webhook: accounting, facts: [recovered] }]),
  'mail-several': trouble(
    [
      { webhook: accounting, facts: [recovered] },
      { webhook: loyalty, facts: [lost] },
      { webhook: warehouse, facts: [disabled] },
      { webhook: search, facts: [{ ...opened, details: { ...opened.details, circuit_retry_at: null } }] },
    ],
    9_950,
  ),
  'mail-digest': writeDigest({ environment: 'live', publicUrl, webhooks: [delivered], more: 0 }),
};
