// Dialect 003.
import { cot, eventTypeCatalogue } from '@posthorn/dialects';
import { table } from '../markdown.mjs';
import { becomes, code, envelopeBody, errorOf, fieldTable, importCommands, retries, standardSignature } from './parts.mjs';

const cotBody = {
  _id: '66f0c1d2e3a4b5c6d7e8f902',
  company: '66f0c1d2e3a4b5c6d7e8f900',
  isActive: true,
  trigger: 'create-edit-delete-survey',
  url: 'https://receiver.example/hook',
  name: 'Answers',
  code: 'answers',
  context: { survey: '66f0c1d2e3a4b5c6d7e8f9bb', group: '', taskGroup: '' },
  __v: 3,
};

export const cotSection = () => `## 003: triggers and contexts

Spoken at \`/compat/cot/webhooks\`, and at \`/api/v3/webhook/subscription\`.

${fieldTable(cot)}

The triggers of its document, as \`event-types import 003\` puts them into the catalogue:

${table(
  ['trigger', ''],
  eventTypeCatalogue('003').map(({ name, description }) => [code(name), description]),
)}

${becomes(cot, cotBody)}

What differs:

- Producers may publish the trigger's own name or the exact type (\`create-survey\`); a webhook with the compound trigger gets both, and the body has the name that was
  published.
- If its event types are changed by another way, \`trigger\` shows those, joined by commas.
- \`__v\` begins with 0 again.
- ${envelopeBody}
- ${retries}
- Its document has no errors. Ours have a stable \`error\`, and name every member that is wrong:

${errorOf(cot, { company: 'c', isActive: true, trigger: 'logout-user', url: 'https://receiver.example/', name: 'Answers', context: { survey: 7 } })}

${standardSignature}

Three commands: what would happen, doing it, and its triggers for the catalogue.

${importCommands('003', 'npx posthorn event-types import 003')}
`;
