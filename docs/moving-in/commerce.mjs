// Dialect 001.
import { defaultCircuitPolicy } from '@posthorn/core';
import { commerce } from '@posthorn/dialects';
import { fenced } from '../markdown.mjs';
import { becomes, errorOf, fieldTable, importCommands, oneSignature, opensslSignature, testCommand } from './parts.mjs';

const resource = {
  id: 'wZjXoIzOyl',
  type: 'webhooks',
  attributes: {
    name: 'Placed orders',
    topic: 'orders.place',
    callback_url: 'https://receiver.example/hook',
    include_resources: ['customer'],
    disabled_at: '2026-01-31T12:00:00.000Z',
    shared_secret: '5f1d9c0b7a3e4f62815d0c9b7a3e4f62',
    metadata: { team: 'checkout' },
  },
};

export const commerceSection = () => `## 001: JSON:API

Spoken at \`/api/webhooks\` and \`/api/event_callbacks\`, so that its SDK works if it is given our address. An export may hold resources, documents with
\`data\`, or resources as the SDK flattens them.

${fieldTable(commerce)}

${becomes(commerce, resource)}

What differs:

- \`id\` is ours, a UUID. The table of an import names both; whoever needs the old one later puts it into \`reference\` before:
  \`jq '.data[] |= (.attributes.reference = .id)' export.json\`.
- An object names no tenant: \`--tenant acme\` says whose they are to be; else \`default\`.
- A secret that the export hides, \`"shared_secret": null\`, is made anew.
- \`circuit_state\` and \`circuit_failure_count\` begin anew, and attempts of before are not brought along.
- What is sent is \`{"data": …, "included": […]}\` of what the producer publishes here: \`data\` is taken as it is, and \`included\` is taken from the
  event's \`resources\`, by the names in \`include_resources\`.
- A circuit opens after ${defaultCircuitPolicy.threshold} failures in a row and is probed by itself, and an attempt has 15 s. Whoever counts on other numbers
  writes them into the settings of the environment: \`PATCH /v1/environments/{id}\` with, say,
  \`{"settings": {"circuit_threshold": 30, "circuit_recovery": "manual", "timeout_ms": 5000}}\`, and \`retry_schedule_s\` for number and distance of retries.
- Headers of our own (\`webhook-id\` and others) come beside \`x-commercelayer-topic\` and \`x-commercelayer-signature\`. \`webhook-id\` is the same on every
  attempt: by it a duplicate is known.

Errors are its own, with \`meta.error\` for our finer code:

${errorOf(commerce, { data: { type: 'webhooks', attributes: { topic: 'orders.place', callback_url: 7 } } })}

A receiver compares \`x-commercelayer-signature\` with the HMAC-SHA256 of the raw body, in base64, keyed with the shared secret:

<!-- test: signature 001 -->
${fenced('sh', opensslSignature)}

${oneSignature}

Three commands: what would happen, doing it, and one request to a webhook now.

${importCommands('001', testCommand)}
`;
