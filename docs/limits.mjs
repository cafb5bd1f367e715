// limits.md: what the API takes, how fast, and what it answers beyond.
import { table } from './markdown.mjs';

const bytes = (count) => (count % (1024 * 1024) === 0 ? `${count / 1024 / 1024} MiB` : `${count / 1024} KiB`);
const seconds = (ms) => `${ms / 1_000} s`;
const number = (count) => count.toLocaleString('en-US');

const bodies = (api, event) => [
  ['an event', bytes(event.bytesMax), '413 `body_too_large`, in a batch `event_too_large`'],
  ['a batch', `${bytes(event.batchBytesMax)}, ${number(event.eventsMax)} events`, '413 `body_too_large`, 422 `batch_size`'],
  ['nesting of an event', `${event.depthMax} levels`, '422 `nesting_too_deep`'],
  ['an event type with its schema', bytes(api.eventTypeRequestBytesMax), '413 `body_too_large`'],
  ['an import', `${bytes(api.importBytesMax)}, ${number(api.importWebhooksMax)} webhooks`, '413 `body_too_large`, 422 `invalid_field`'],
  ['any other body', bytes(api.requestBytesMax), '413 `body_too_large`'],
  ['nesting of a body that is no event', `${api.bodyDepthMax} levels`, '422 `nesting_too_deep`, before it is parsed'],
  [
    'its fields and elements, of all levels',
    `${number(api.bodyValuesMax)}; of an import ${number(api.importValuesMax)}`,
    '413 `body_too_large`, before it is parsed',
  ],
  ['the fields of one object of an import', number(api.importMembersMax), '413 `body_too_large`, before it is parsed'],
  ['a compressed body', 'none', '415 `unsupported_media_type`: nothing is ever unpacked'],
];

const connections = (api) => [
  ['request line and headers', `${bytes(api.headersBytesMax)}, ${api.headersMax} headers`, '431 `headers_too_large`'],
  ['time for the headers to come', seconds(api.headersTimeoutMs), '408 `request_timeout`, and the connection is closed'],
  ['time for the whole request to come', seconds(api.requestTimeoutMs), '408 `request_timeout`, and the connection is closed'],
  ['a connection without a request', seconds(api.keepAliveTimeoutMs), 'it is closed'],
  ['a connection without a byte', seconds(api.idleTimeoutMs), 'it is closed'],
  ['requests on one connection that wait for their answers', number(api.pipelinedMax), 'it is closed'],
  ['connections of a process', number(api.connectionsMax), 'no more are taken'],
];

const rates = (api) => [
  ['requests of a key, all but publishing', '`POSTHORN_MANAGEMENT_REQUESTS_PER_S`, 500 a second', '429 `rate_limited`'],
  ['events that a key publishes', '`POSTHORN_PUBLISH_EVENTS_PER_S`, any number', '429 `rate_limited`; 422 `batch_size` for a batch of more'],
  [
    'keys that are not valid, of an address',
    `${api.failedSignInsMax} in ${api.failedSignInsWindowS} s`,
    `429 \`rate_limited\` for ${api.failedSignInsBlockS} s; a key that is valid is let in all the same`,
  ],
];

const loads = (api) => [
  [
    'events that wait for their commit',
    `${number(api.waitingEventsMax)}, ${bytes(api.waitingBytesMax)}`,
    '503 `overloaded` to those who publish',
  ],
  ['a commit', seconds(api.commitMsMax), '503 `overloaded` to those who publish, until it ends'],
  [
    'lateness of the event loop by our own work, a moving average',
    `${api.loopLagMsMax} ms`,
    `503 \`overloaded\` to all, until it is under ${api.loopLagMsCalm} ms; \`/healthz\`, \`/readyz\` and \`/metrics\` answer`,
  ],
];

const head = (what) => [what, 'limit', 'beyond'];

export const limitsPage = (api, event) => `# Limits of the API

This page is made of the bounds that the code reads (\`npm run docs\`).

## Bodies

${table(head('what'), bodies(api, event))}

In documents of ours (webhooks, keys, settings) a field that is called \`__proto__\`, or \`constructor\` with a \`prototype\` in it, is refused with 400
\`not_json\`. In the \`data\` of an event it is the producer's, and goes out as it came.

## Connections

${table(head('what'), connections(api))}

## Rates

${table(head('what'), rates(api))}

The answer has \`Retry-After\` in seconds, and the limit as \`RateLimit-Policy\` and \`RateLimit\`. A key's window is one second from its first request on.

- With **Redis** the API processes count together, and a limit is exactly what all of them let through. A process borrows parts of a window ahead
  (a ${api.quotaShares}th at a time), so hardly a request waits for Redis; of what it borrowed and did not need, at most one such part a second is lost to the others.
- While **Redis is away**, each process counts for itself, so that each lets through the whole limit. It looks for Redis again after 5 s.
- With the **queue on Postgres** each process counts for itself always: divide the limit by their number.

An address is who connects. Behind a reverse proxy, name it in \`POSTHORN_TRUST_PROXY\` (addresses and CIDRs, comma-separated), so that \`X-Forwarded-For\` is
believed from there, and from nowhere else. An IPv6 address counts as its /64. An address with too many keys that are not valid still gets in with one that
is: at once if this process has seen it before, and else as long as no more than ${api.blockedLookUpsPerS} unknown keys a second come from all such addresses.

## Load

${table(head('what'), loads(api))}
`;
