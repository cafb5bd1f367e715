// configuration.md: every variable, and with which codes commands end.
import { table } from './markdown.mjs';

/** Set by npm, and nobody's to set. */
const isShown = (name) => !name.startsWith('npm_');

const defaultOf = (schema, facts) => (schema.default === undefined ? (facts.unset ?? 'nothing') : `\`${schema.default}\``);

/** What it is, without its default, which stands beside it. */
const meaningOf = ({ description }) => description.replace(/[.;]? (Default|Unset): .*$/, '');

const rowOf = (name, schema, facts, values) => [
  `\`${name}\``,
  defaultOf(schema, facts),
  values,
  facts.readBy,
  meaningOf(schema),
  `\`${facts.example}\``,
];

export const configurationPage = ({ variables, variableFacts, valuesOf, exitCodes, exitDescriptions }) => `# Configuration

Posthorn reads environment variables and nothing else. When it starts it looks at all of them: everything that is wrong is told at once, with what to set,
and nothing starts (exit code ${exitCodes.configuration}). A variable that begins with \`POSTHORN_\` and is none of these is told too, with the nearest name. An empty variable counts as not set, but
for \`POSTHORN_EGRESS_ALLOW\`, where empty says: nothing is let through.

\`npx posthorn config\` shows every variable, the value that is used and where it comes from, with passwords and keys hidden; \`--json\` for programs. It says
what is wrong as a server would, without starting one. \`npx posthorn doctor\` looks further, at all that these values name: [doctor](doctor.md).

This page is made of the tables that the code reads (\`npm run docs\`).

## Variables

${table(
  ['variable', 'default', 'values', 'read by', 'what it is', 'example'],
  Object.entries(variables)
    .filter(([name]) => isShown(name))
    .map(([name, schema]) => rowOf(name, schema, variableFacts[name], valuesOf(name))),
)}

## In production

With \`NODE_ENV=production\` nothing is made or guessed that must not be lost: \`POSTHORN_ENCRYPTION_KEY\` and \`DATABASE_URL\` must be set, and where the queue lives
must be said, by \`REDIS_URL\` or by \`POSTHORN_QUEUE=postgres\`.

## Stopping

SIGTERM, SIGINT and SIGHUP stop a process in order. \`/readyz\` says 503 from then on. An API answers what it has and refuses the rest with 503, \`Retry-After\` and
\`Connection: close\`; live streams end. A worker takes nothing more, and gives back what it has not begun, so that others have it at once. Requests to endpoints
may go on until shortly before \`POSTHORN_SHUTDOWN_S\` is over (a tenth of it, at most 2 s). What is still open then is cut, recorded as an attempt with the error
\`cut_off\`, and made again at once by another worker: the only requests that a stop can cause to come twice. They count for no circuit and use up nothing of a
schedule. A worker whose webhooks may take longer than that says so in its log when it starts (\`shutdown.shorter_than_timeout\`).

Give a container or a unit 10 s more than \`POSTHORN_SHUTDOWN_S\` before it is killed. A second signal, more than 2 s after the first, ends the process at once.

## Exit codes

${table(
  ['code', 'what it means', 'what helps'],
  Object.entries(exitCodes).map(([name, code]) => [code, exitDescriptions[name].meaning, exitDescriptions[name].whatHelps]),
)}
`;
