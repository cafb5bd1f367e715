// The scheduler on this worker's Postgres and queue.
import {
  type DatabaseClock,
  type HotPool,
  holdSchedulerLease,
  leaseChunks,
  leaseDispatches,
  makePartitions,
  makeUnclaimedDispatchesDue,
  mendDueHints,
  releaseSchedulerLease,
} from '@posthorn/db';
import type { QueueProducer } from '@posthorn/queue';
import type { Logger, Metrics } from '@posthorn/telemetry';
import { limits } from './limits.js';
import { createScheduler, type Scheduler } from './scheduler.js';

export type SchedulingOptions = {
  readonly pool: HotPool;
  readonly producer: QueueProducer;
  readonly clock: DatabaseClock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly report: (doing: string) => (error: unknown) => void;
};

export const createScheduling = ({ pool, producer, clock, logger, metrics, report }: SchedulingOptions): Scheduler => {
  const holder = crypto.randomUUID();
  const bounds = limits.scheduler;
  const round = { webhooksMax: bounds.webhooksPerRoundMax, chunkMax: limits.circuit.chunkMax, deliveriesMax: bounds.deliveriesPerRoundMax };
  return createScheduler({
    holdLease: () => holdSchedulerLease(pool, holder, bounds.leaseMs),
    releaseLease: () => releaseSchedulerLease(pool, holder),
    leaseDispatches: (shard, dispatchesMax) => leaseDispatches(pool, shard, dispatchesMax, bounds.dispatchLeaseMs),
    makeUnclaimedDue: () => makeUnclaimedDispatchesDue(pool),
    leaseChunks: () => leaseChunks(pool, round),
    mendDueHints: () => mendDueHints(pool),
    makePartitions: () => makePartitions(pool),
    queue: producer,
    newId: clock.newId,
    onFed: (kind, count) => metrics.schedulerFed.inc({ kind }, count),
    onActive: (active) => {
      metrics.schedulerActive.set(active ? 1 : 0);
      logger.info({ active }, 'scheduler.active');
    },
    onMended: (count) => logger.warn({ count }, 'scheduler.mended_due_hints'),
    onError: report('schedule'),
  });
};
