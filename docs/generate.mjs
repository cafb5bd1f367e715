// Writes the documents that are made of the code's own tables: `npm run docs`. A test compares them with what stands here.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { apiLimits, createOpenapiDocument } from '@posthorn/api';
import { exitCodes, exitDescriptions } from '@posthorn/cli';
import { valuesOf, variableFacts, variables } from '@posthorn/config';
import {
  defaultCircuitPolicy,
  defaultRetryScheduleS,
  eventLimits,
  explainSteps,
  problemDescriptions,
  problems,
  reasonDescriptions,
  reasons,
  retryAfterMaxMs,
  retryJitter,
  verdictTable,
} from '@posthorn/core';
import { logCatalogue, metricList } from '@posthorn/telemetry';
import { configurationPage } from './configuration.mjs';
import { limitsPage } from './limits.mjs';
import { logsPage } from './logs.mjs';
import { table } from './markdown.mjs';
import { metricsPage } from './metrics.mjs';
import { movingIn } from './moving-in.mjs';

const duration = (seconds) => (seconds % 3_600 === 0 ? `${seconds / 3_600} h` : seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`);

const verdictOf = (row) => {
  if (row.verdict === 'succeeded') return 'succeeded';
  if (row.verdict === 'failed') return `failed at once: \`${row.reason}\`${row.disables ? '; the webhook is disabled' : ''}`;
  if (row.reason === null) return 'tried again at once';
  return `tried again${row.delays ? ', not before the time asked for' : ''}; at the end of the schedule failed: \`${row.reason}\``;
};

const circuitOf = (row) => {
  if (row.verdict === 'succeeded') return 'ends the run of failures';
  if (!row.counts) return row.holds ? 'does not count; the whole webhook waits as long as asked' : 'does not count';
  return 'adds a failure';
};

const delivery = () => `# What happens to a delivery

This page is made of the tables that the code and its tests read (\`npm run docs\`).

## What an attempt saw, and what follows

${table(
  ['the attempt saw', 'the delivery', 'the circuit'],
  verdictTable.map((row) => [row.when, verdictOf(row), circuitOf(row)]),
)}

The deadline of an attempt (\`timeout_ms\`, 15 s unless set) covers DNS, connection, TLS, headers and the whole body. Of the body 16 KiB are kept; the
rest is cut off and the connection closed. \`Retry-After\` is obeyed as seconds and as a date, up to ${duration(retryAfterMaxMs / 1_000)}.

The schedule of a webhook (\`retry_schedule_s\`) is by default ${defaultRetryScheduleS.map(duration).join(', ')}, each ± ${retryJitter * 100} %. A retry by
hand and a replay begin it anew. \`webhook-id\` and the body stay the same on every attempt.

## The circuit

After ${defaultCircuitPolicy.threshold} failures in a row (\`circuit_threshold\`) the circuit opens: no calls, deliveries are held. After ${duration(defaultCircuitPolicy.cooldownS)}, doubling up to
${duration(defaultCircuitPolicy.cooldownMaxS)}, one delivery is sent as a probe. If it succeeds the circuit closes, the count is 0, and what was held goes out at a pace that doubles with
every chunk of which at least half is taken, and begins anew after five failures in a row. Results count in the order in which they are recorded; an attempt that began before the last
change of the circuit does not change it any more. With \`circuit_recovery: manual\` an open circuit waits for \`reset-circuit\`. An automatic one that
sees no success for 120 h disables its webhook.

## Whether a webhook gets an event

\`explain\` walks these steps in this order, and the first that does not hold is the reason. The conditions of a webhook are asked before its state: an
event that it does not want is no delivery, whatever its state.

${table(
  ['step', 'it goes on if', 'else'],
  explainSteps.map(({ step, holds, stops }) => [`\`${step}\``, holds, stops]),
)}

## The reasons

${table(
  ['reason', 'what it means', 'what helps'],
  reasons.map((reason) => [`\`${reason}\``, reasonDescriptions[reason].meaning, reasonDescriptions[reason].whatHelps]),
)}

## The filter

A filter is JSON over \`{event_type, current_context, data}\`. Nested objects mirror the document; \`$eq $neq $gt $gte $lt $lte $in $nin $exist $startsWith
$endsWith $and $or $not\` are the operators, as in npm \`simple-json-match\`. All members of an object must hold. A condition on a list asks whether some
element fulfils it, so "no element is x" is \`{"$not": {"data": {"tags": "x"}}}\`. On a missing key every operator but \`$exist\` and \`$not\` is false.
Numbers are compared as doubles. At most 32 levels and 1,000 clauses; unknown operators are refused when the filter is written.
`;

const problemsPage = () => `# Problems

Every error is answered as \`application/problem+json\` (RFC 9457), with a \`code\` that is stable: programs switch on it, and \`detail\` is for people. Where
the body is wrong, \`errors\` lists everything that is wrong with it, each with the \`pointer\` of its place (RFC 6901); their \`code\` may be finer than that of
the whole. \`request_id\` is the answer's \`x-request-id\`, which the log has too.

This page is made of the tables that the code reads (\`npm run docs\`).

${table(
  ['code', 'status', 'title', 'when it comes', 'what helps'],
  Object.entries(problems).map(([code, { status, title }]) => [
    `\`${code}\``,
    status,
    title,
    problemDescriptions[code].meaning,
    problemDescriptions[code].whatHelps,
  ]),
)}
`;

/** File name (beside this one) → its text. */
export const documents = {
  'delivery.md': delivery(),
  'problems.md': problemsPage(),
  'configuration.md': configurationPage({ variables: variables.properties, variableFacts, valuesOf, exitCodes, exitDescriptions }),
  'limits.md': limitsPage(apiLimits, eventLimits),
  'logs.md': logsPage(logCatalogue),
  'metrics.md': metricsPage(metricList),
  'moving-in.md': movingIn(),
  'openapi.json': `${JSON.stringify(await createOpenapiDocument(), null, 2)}\n`,
};

if (process.argv[1] === fileURLToPath(import.meta.url))
  for (const [name, text] of Object.entries(documents)) writeFileSync(new URL(name, import.meta.url), text);
