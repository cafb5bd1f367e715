// Dialect 000.
import { flow } from '@posthorn/dialects';
import { becomes, envelopeBody, errorOf, fieldTable, importCommands, retries, standardSignature, testCommand } from './parts.mjs';

const flowBody = {
  _id: '66f0c1d2e3a4b5c6d7e8f901',
  client: '66f0c1d2e3a4b5c6d7e8f900',
  projectFlow: ['66f0c1d2e3a4b5c6d7e8f9aa'],
  isActive: true,
  name: 'Shipments',
  url: 'https://receiver.example/hook',
  notification: { email: '', fail: true },
};

export const flowSection = () => `## 000: clients and project flows

Spoken at \`/compat/flow/webhooks\`. A webhook names no event types: it gets all events of its flows.

${fieldTable(flow)}

${becomes(flow, flowBody)}

What differs:

- An event says its flows itself: \`project_flow\` in \`POST /v1/events\`, a text or a list. One without a flow does not match a webhook that names some.
- \`notification\` is kept and shown. Mails are not sent yet.
- ${envelopeBody}
- ${retries}
- Its document has no errors. Ours have a stable \`error\`, and name every member that is wrong:

${errorOf(flow, { client: 'c', isActive: 'yes', name: 'Shipments', url: '' })}

${standardSignature}

Three commands: what would happen, doing it, and one request to a webhook now.

${importCommands('000', testCommand)}
`;
