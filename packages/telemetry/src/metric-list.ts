// Every metric of Posthorn, declared once: prom-client's objects, docs/metrics.md and the tests are made of this list. Two files go on with it, by subject.
import { api, both, labelValues, type MetricDefinition, problemCodes, secondsBuckets } from './metric-definition.js';
import { deliveryMetrics } from './metric-list-delivery.js';
import { installationMetrics } from './metric-list-installation.js';

/** What the API says of its own work. */
const apiMetrics = {
  eventsAccepted: {
    name: 'posthorn_events_accepted_total',
    type: 'counter',
    unit: 'events',
    labels: {},
    roles: api,
    of: 'process',
    help: 'Events that were answered with 202 and are durable; a repeat under the same key counts for nothing',
  },
  eventsRejected: {
    name: 'posthorn_events_rejected_total',
    type: 'counter',
    unit: 'events',
    labels: { code: problemCodes },
    roles: api,
    of: 'process',
    help: 'Events that were refused, by problem code',
  },
  eventsMismatched: {
    name: 'posthorn_events_mismatched_total',
    type: 'counter',
    unit: 'events',
    labels: { reason: ['schema_mismatch', 'schema_unchecked'] },
    roles: api,
    of: 'process',
    help: 'Events that were accepted although their data does not fit the schema of their type, or could not be compared with it',
  },
  requestsRefused: {
    name: 'posthorn_requests_refused_total',
    type: 'counter',
    unit: 'requests',
    labels: { code: ['rate_limited', 'overloaded'] },
    roles: api,
    of: 'process',
    help: 'Requests that were refused since there were too many: of one key or address, or more than the process keeps up with',
  },
  commitBatchEvents: {
    name: 'posthorn_commit_batch_events',
    type: 'histogram',
    unit: 'events',
    labels: {},
    roles: api,
    of: 'process',
    help: 'Events that shared one commit',
    buckets: [1, 2, 5, 10, 25, 50, 100],
  },
  commitSeconds: {
    name: 'posthorn_commit_seconds',
    type: 'histogram',
    unit: 'seconds',
    labels: {},
    roles: api,
    of: 'process',
    help: 'Duration of one commit of events',
    buckets: secondsBuckets,
  },
  commitWaitingEvents: {
    name: 'posthorn_commit_waiting_events',
    type: 'gauge',
    unit: 'events',
    labels: {},
    roles: api,
    of: 'process',
    help: 'Events that wait for their commit',
  },
  httpRequests: {
    name: 'posthorn_http_requests_total',
    type: 'counter',
    unit: 'requests',
    labels: { route: { from: 'paths of the API document, and other' }, method: labelValues.method, status: labelValues.status },
    roles: api,
    of: 'process',
    help: 'Requests to the API that were answered, by route and class of status',
  },
  httpRequestSeconds: {
    name: 'posthorn_http_request_seconds',
    type: 'histogram',
    unit: 'seconds',
    labels: { route: { from: 'paths of the API document, and other' }, method: labelValues.method },
    roles: api,
    of: 'process',
    help: 'Time from a request to its answer; live streams are left out',
    buckets: secondsBuckets,
  },
  liveStreams: {
    name: 'posthorn_live_streams',
    type: 'gauge',
    unit: 'streams',
    labels: {},
    roles: api,
    of: 'process',
    help: 'Live streams that are open',
  },
} as const satisfies Readonly<Record<string, MetricDefinition>>;

/** What every process says of itself. */
const processMetrics = {
  buildInfo: {
    name: 'posthorn_build_info',
    type: 'gauge',
    unit: '1',
    labels: {
      version: { from: 'the version that runs' },
      commit: { from: 'the commit that it was built of, or unknown' },
      role: ['start', 'api', 'worker'],
    },
    roles: both,
    of: 'process',
    help: 'Always 1; its labels say what runs',
  },
  eventLoopUtilisation: {
    name: 'posthorn_event_loop_utilisation_ratio',
    type: 'gauge',
    unit: 'ratio',
    labels: {},
    roles: both,
    of: 'process',
    help: 'Share of the time since the last look in which the event loop was busy',
  },
  poolConnections: {
    name: 'posthorn_pool_connections',
    type: 'gauge',
    unit: 'connections',
    labels: { pool: ['hot', 'manage'], state: ['busy', 'idle'] },
    roles: both,
    of: 'process',
    help: 'Connections to Postgres; hot is the pool of publishing and delivering, manage that of what people ask for',
  },
  poolConnectionsMax: {
    name: 'posthorn_pool_connections_max',
    type: 'gauge',
    unit: 'connections',
    labels: { pool: ['hot', 'manage'] },
    roles: both,
    of: 'process',
    help: 'Connections that a pool may have',
  },
  poolWaiting: {
    name: 'posthorn_pool_waiting_requests',
    type: 'gauge',
    unit: 'requests',
    labels: { pool: ['hot', 'manage'] },
    roles: both,
    of: 'process',
    help: 'Statements and transactions that wait for a connection',
  },
} as const satisfies Readonly<Record<string, MetricDefinition>>;

/** Under the names by which the code calls them. */
export const metricList = { ...apiMetrics, ...deliveryMetrics, ...processMetrics, ...installationMetrics } as const;

export type MetricList = typeof metricList;
