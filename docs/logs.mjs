// The page of log lines, made of the catalogue that they are declared in.
import { code, table } from './markdown.mjs';

const factsOf = (facts) =>
  Object.entries(facts)
    .map(([name, meaning]) => `${code(name)}: ${meaning}`)
    .join('<br>');

const rowOf = ([message, { levels, meaning, facts, maybe = {} }]) => [
  code(message),
  levels.join(', '),
  meaning,
  [factsOf(facts), ...(Object.keys(maybe).length === 0 ? [] : [`at times ${factsOf(maybe)}`])].join('<br>'),
];

export const logsPage = (catalogue) => `# Logs

This page is made of the catalogue that log lines are declared in (\`npm run docs\`).

In production (\`NODE_ENV=production\`) every process writes one JSON object a line to standard output, and nothing else; at a terminal the lines are for
people (pino-pretty). \`LOG_LEVEL\` says how much: \`debug\`, \`info\` (default), \`warn\`, \`error\`. Each line has \`level\` (20 debug, 30 info, 40 warn, 50 error,
60 fatal), \`time\`, \`role\`, \`pid\`, \`msg\` (a message of this page), and the facts that are listed.

No payload, no secret, no query of a URL and no address of a mail is ever in a line; text that comes from outside is cut, and its control characters are shown.
What an endpoint does is no error of ours: it is in the attempts of a delivery and in the counts below.

One line tells of each unit of work: \`dispatch.ended\` of new events, \`chunks.ended\` of deliveries that waited, \`request.answered\` of a request to the
API (at level debug). To follow one event, search for its id among \`first_event_id\` and \`last_event_id\`, or ask \`GET /v1/events/{id}/explain\`; a request by the
\`x-request-id\` of its answer.

${table(['message', 'level', 'meaning', 'facts'], Object.entries(catalogue).map(rowOf))}
`;
