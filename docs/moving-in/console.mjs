// 002, which is a form in a console and no interface.
import { envelope } from '@posthorn/core';
import { fenced, table } from '../markdown.mjs';
import { code, post, testCommand } from './parts.mjs';

const consoleFields = [
  ['Webhook Name', 'name', 'Unique in its tenant.'],
  ['Webhook Events', 'event_types', 'Names, or patterns such as `order.*`; an empty list is all.'],
  ['Notification Type: REST', 'notification_type', '`"rest"`: the only one, and the default.'],
  ['URL', 'url', '`https`; plain `http` in environments of mode `test`, or where `allow_http` is set.'],
  ['API Key', 'authentication', '`{"type": "api_key", "value": "…"}`. Sent as `x-api-key` unless `header` names another; reads as `"<hidden>"`.'],
];

const consoleBody = envelope({
  eventTimeMs: Date.UTC(2026, 0, 31, 12),
  eventType: 'order.placed',
  currentContext: '{"shop":"7"}',
  data: '{"id":1,"total":19.90}',
});

export const consoleSection = () => `## 002: a form

It is a form and no interface, so there is nothing to speak and no file to import. What stands in its form stands here in:

${table(
  ['there', 'here', 'to know'],
  consoleFields.map(([theirs, ours, note]) => [theirs, code(ours), note]),
)}

The body is the one of its document, these members in this order, and the default here (\`payload_format: "envelope"\`):

${fenced('json', consoleBody)}

What differs: the console is not built yet, so webhooks are made by the API. \`data\` and \`current_context\` are the producer's bytes, unchanged. There are retries, a
circuit and a signature ([delivery.md](delivery.md), [receiving.md](receiving.md)), of which its document does not speak.

A receiver compares the header \`x-api-key\` with its key, in constant time; \`webhook-signature\` protects against more, since the key is the same in every
request, and a signature is of its body.

Three commands: making one, one request to it now, and publishing.

${fenced(
  'sh',
  [
    post('/v1/webhooks', {
      name: 'Work orders',
      event_types: ['order.*'],
      url: 'https://receiver.example/hook',
      authentication: { type: 'api_key', value: 'the key that the receiver knows' },
    }),
    testCommand,
    post('/v1/events', { event_type: 'order.placed', data: { id: 1 } }),
  ].join('\n'),
)}
`;
