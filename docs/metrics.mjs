// The page of metrics, made of the list that they are declared in.
import { code, table } from './markdown.mjs';

const valuesOf = (values) => ('from' in values ? values.from : values.length > 12 ? `${values.length} values` : values.map(code).join(' '));

const labelsOf = ({ labels }) =>
  Object.entries(labels)
    .map(([label, values]) => `${code(label)}: ${valuesOf(values)}`)
    .join('<br>');

const rowOf = (metric) => [code(metric.name), metric.type, metric.unit, metric.roles.join(', '), labelsOf(metric), metric.help];

const head = ['metric', 'type', 'unit', 'shown by', 'labels', 'meaning'];

export const metricsPage = (metrics) => {
  const all = Object.values(metrics);
  const of = (what) => table(head, all.filter((metric) => metric.of === what).map(rowOf));
  return `# Metrics

This page is made of the list that the metrics are declared in (\`npm run docs\`).

Every process serves \`GET /metrics\` in the text format of Prometheus, without a key: the API on its port (\`PORT\`, 3400), a worker on its own
(\`POSTHORN_WORKER_PORT\`, 3401). Let only your monitoring reach it: a reverse proxy in front of the API should keep \`/metrics\` to itself. No metric
tells of a tenant, a webhook, an event or a URL, and labels have closed lists of values, so their number does not grow with use.

Beside these there are those of Node.js and of the process (\`nodejs_…\`, \`process_…\`), of which \`nodejs_eventloop_lag_p99_seconds\`,
\`process_resident_memory_bytes\` and \`process_open_fds\` tell most. What has not happened yet is 0 and not absent.

Alerts are in [deploy/prometheus/rules.yml](../deploy/prometheus/rules.yml), what to do about each in [runbooks](runbooks/README.md), a dashboard in
[deploy/grafana](../deploy/grafana), scaling by ready work in [deploy/keda](../deploy/keda). \`docker compose --profile observability up\` has Prometheus and
Grafana run beside Posthorn.

## Of each process

Every process says its own part: add them up, with \`sum(rate(…[5m]))\`.

${of('process')}

## Of the whole installation

Every process says the same, as it read it from Postgres and the queue when it was asked: take \`max(…)\`, never \`sum\`. So they are there whichever
processes run. A process reads ready work and the queue at most once in 5 s, webhooks once in 30 s (less
often where that takes over a hundredth of the time), storage once in 60 s, and shows what it read last while a server does
not answer. What they cost does not grow with what waits: ready work is read from the heads of indexes and at most 10,000 rows of a lane are counted; what
waits at webhooks is what their counters leave, not a count of deliveries.

${of('installation')}
`;
};
