// The command that publishes an event. The key stands in a variable: it is never shown.
import { shellQuoted } from '../../shared/curl.js';

/** @param body JSON text */
export const publishCommand = (body: string, origin: string = location.origin): string =>
  [
    `curl -sS -i ${shellQuoted(`${origin}/v1/events`)}`,
    '  -H "authorization: Bearer $POSTHORN_KEY"',
    `  -H 'content-type: application/json'`,
    `  --data-raw ${shellQuoted(body)}`,
  ].join(' \\\n');

export const publishNotes: readonly string[] = [
  'Put a key that may publish into POSTHORN_KEY first: export POSTHORN_KEY=ph_… With a header "idempotency-key" it can be repeated safely.',
];

export const firstBody = '{"event_type":"order.placed","data":{"id":1,"total":19.90}}';
