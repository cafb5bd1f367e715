// The page for those who come from another system: tables, samples and errors are what the mappings of packages/dialects say and do.
import { table } from './markdown.mjs';
import { commerceSection } from './moving-in/commerce.mjs';
import { consoleSection } from './moving-in/console.mjs';
import { cotSection } from './moving-in/cot.mjs';
import { flatSection } from './moving-in/flat.mjs';
import { flowSection } from './moving-in/flow.mjs';

const introduction = `# Moving in

Posthorn speaks the shapes of webhooks of four other systems, and knows the words of a fifth: whoever comes from one keeps client, objects, secrets and
receivers. This page is made of the mappings that do it (\`npm run docs\`): their tables, and what they make of the samples.

${table(
  ['', 'where they come from'],
  [
    ['[000](#000-clients-and-project-flows)', '`client`, `projectFlow`, `notification`'],
    ['[001](#001-jsonapi)', '`data.attributes.topic`, `callback_url`, `_disable`'],
    ['[002](#002-a-form)', 'a form with Webhook Name, Webhook Events, URL, API Key'],
    ['[003](#003-triggers-and-contexts)', '`company`, `trigger`, `context`'],
    ['[004](#004-a-flat-object)', '`target_url`, `event_types`, `environment_id`'],
  ],
)}

An import takes a JSON file with a list of objects, with the list under \`data\` or \`result\`, or with one object. It is a dry run unless \`--apply\` is given: a
table says what would become of each row, and what is wrong with it. Then all rows are made or none; \`--skip-refused\` leaves out those that are wrong.

- A name or code that its tenant has already is numbered (\`Work orders (2)\`, \`wo_update_2\`), and the table says so.
- Ids of 24 hex digits (000, 003) are kept; others are made anew, and the table has the old one beside it.
- A secret in the row is kept, so that receivers go on verifying. It is 16 to 128 visible ASCII characters, or \`whsec_\` and base64.
- What was switched off stays so. Counts, attempts and circuits begin anew.
- A member that its table below does not have is refused by name, since nobody knows what it should do. \`jq 'map(del(.createdAt))' export.json\` takes one out.

The way back: \`npx posthorn webhooks export --dialect 003 --secrets --out export.json\` writes what can be imported again. Dialects are other words for the
same webhooks: what was made in one is there in all others and in \`/v1/webhooks\`, which alone has everything.`;

export const movingIn = () =>
  [introduction, flowSection(), commerceSection(), consoleSection(), cotSection(), flatSection()].map((part) => part.trimEnd()).join('\n\n').concat('\n');
