// Dialect 004.
import { eventTypeCatalogue, flat } from '@posthorn/dialects';
import { fenced } from '../markdown.mjs';
import { becomes, code, errorOf, fieldTable, importCommands, oneSignature, opensslSignature } from './parts.mjs';

const flatBody = {
  id: '7f6f2d1e-0c4b-4f0e-9a53-0f3c5d1b2a90',
  target_url: 'https://receiver.example/hook',
  is_active: true,
  environment_id: 'f1b7a2d4-6c1e-4a53-8e0d-2b9c4d5e6f70',
  event_types: ['record:created', 'record:updated'],
  secret: '9d2f4b60-6f0e-4c57-9a3e-6f1f5d0c7b21',
};

/** A line for each subject, so that it can be read. */
const typesBySubject = () => {
  const names = eventTypeCatalogue('004').map(({ name }) => name);
  const subjects = [...new Set(names.map((name) => name.split(':')[0]))];
  return subjects.map((subject) => `- ${names.filter((name) => name.startsWith(`${subject}:`)).map(code).join(', ')}`).join('\n');
};

export const flatSection = () => `## 004: a flat object

Spoken at \`/webhook\`, doubled slashes included, and \`POST /webhook/test\` with \`{"id": …}\`.

${fieldTable(flat)}

The event types of its document, as \`event-types import 004\` puts them into the catalogue; others can be published too:

${typesBySubject()}

${becomes(flat, flatBody)}

What differs:

- \`id\` is ours, a UUID; the table of an import names both. \`environment_id\` is the environment of the key that imports.
- An object names no tenant: \`--tenant acme\` says whose they are to be; else \`default\`.
- Its lists do not show secrets. Write the one that a receiver has into the member \`secret\` of its row, or a new one is made and the receiver has to get
  that.
- The body is \`{"id", "event", "payload", "environment_id", "webhook_id", "created_at"}\`, with our ids.
- Its client tries again by itself on 409, 429 and some of 5xx. Retries of deliveries are ours ([delivery.md](delivery.md)).
- \`POST /webhook/test\` answers \`{"success": true}\` if the receiver took the request, else 422 that says what came back.

Errors have a stable \`code\`; \`message\` is the text that clients show:

${errorOf(flat, { target_url: 'https://receiver.example/', is_active: 'yes' })}

A receiver compares \`x-truto-signature\` with \`format=sha256,v=\` and the HMAC-SHA256 of the raw body, in base64, keyed with the secret as it is shown:

<!-- test: signature 004 -->
${fenced('sh', `echo "format=sha256,v=$(${opensslSignature})"`)}

${oneSignature}

Three commands: what would happen, doing it, and its event types for the catalogue.

${importCommands('004', 'npx posthorn event-types import 004')}
`;
