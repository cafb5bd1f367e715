// Metrics: Prometheus, base units, no ids as labels. Every metric is declared here, each process takes those of its part.
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

const eventLoopPrecisionMs = 100;

export type Metrics = ReturnType<typeof createMetrics>;

const seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30];

/** A registry of its own for each process (and each test). */
export const createMetrics = () => {
  const registry = new Registry();
  // Every 10 ms, the default, costs an idle process as much as all else it does.
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: eventLoopPrecisionMs });
  const registers = [registry];
  return {
    registry,
    eventsAccepted: new Counter({ name: 'posthorn_events_accepted_total', help: 'Events that were answered with 202', registers }),
    eventsRejected: new Counter({
      name: 'posthorn_events_rejected_total',
      help: 'Events that were refused, by problem code',
      labelNames: ['code'],
      registers,
    }),
    requestsRefused: new Counter({
      name: 'posthorn_requests_refused_total',
      help: 'Requests that were refused since there were too many, by problem code',
      labelNames: ['code'],
      registers,
    }),
    eventsMismatched: new Counter({
      name: 'posthorn_events_mismatched_total',
      help: 'Events that were accepted although their data does not fit the schema of their type, or could not be compared with it',
      labelNames: ['reason'],
      registers,
    }),
    commitBatchEvents: new Histogram({
      name: 'posthorn_commit_batch_events',
      help: 'Events in one commit of the API',
      buckets: [1, 2, 5, 10, 25, 50, 100],
      registers,
    }),
    commitSeconds: new Histogram({
      name: 'posthorn_commit_seconds',
      help: 'Duration of one commit of the API',
      buckets: seconds,
      registers,
    }),
    attempts: new Counter({
      name: 'posthorn_attempts_total',
      help: 'HTTP requests to endpoints, by outcome',
      labelNames: ['outcome'],
      registers,
    }),
    attemptSeconds: new Histogram({ name: 'posthorn_attempt_seconds', help: 'Duration of an attempt', buckets: seconds, registers }),
    deliveriesParked: new Counter({
      name: 'posthorn_deliveries_parked_total',
      help: 'Deliveries that left their dispatch, by reason',
      labelNames: ['reason'],
      registers,
    }),
    flushRows: new Histogram({
      name: 'posthorn_flush_rows',
      help: 'Deliveries in one flush',
      buckets: [1, 4, 16, 64, 256, 1024],
      registers,
    }),
    flushSeconds: new Histogram({ name: 'posthorn_flush_seconds', help: 'Duration of one flush', buckets: seconds, registers }),
    openRequests: new Gauge({ name: 'posthorn_open_requests', help: 'HTTP requests to endpoints under way', registers }),
    mails: new Counter({ name: 'posthorn_mails_total', help: 'Tries to send a mail, by outcome', labelNames: ['outcome'], registers }),
    schedulerActive: new Gauge({ name: 'posthorn_scheduler_active', help: '1 where this process is the active scheduler', registers }),
    schedulerFed: new Counter({
      name: 'posthorn_scheduler_fed_total',
      help: 'Work fed to the queue by the scheduler',
      labelNames: ['kind'],
      registers,
    }),
  };
};
