// The scheduler on this worker's Postgres and queue.
import {
  type DatabaseClock,
  disableUnsuccessful,
  endWaitingDeliveries,
  expireStatistics,
  findDueWork,
  giveBackDispatches,
  type HotPool,
  hasTurnsLeft,
  holdSchedulerLease,
  leaseChunks,
  leaseDispatches,
  makePartitions,
  makeUnclaimedDispatchesDue,
  mendDueHints,
  releaseSchedulerLease,
  settleStatistics,
  stepTenantErasure,
  tellUnsuccessful,
} from '@posthorn/db';
import type { QueueProducer } from '@posthorn/queue';
import type { Logger, Metrics } from '@posthorn/telemetry';
import { limits } from './limits.js';
import { createReplayingOn } from './replaying.js';
import { createScheduler, type Scheduler } from './scheduler.js';

export type SchedulingOptions = {
  readonly pool: HotPool;
  readonly producer: QueueProducer;
  /** Who holds the lease while this scheduler is active: the process. */
  readonly holder: string;
  readonly clock: DatabaseClock;
  /** Which of the statistics slots (0–15) this process writes. */
  readonly slot: number;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly report: (doing: string) => (error: unknown) => void;
};

export const createScheduling = ({ pool, holder, producer, clock, slot, logger, metrics, report }: SchedulingOptions): Scheduler => {
  const bounds = limits.scheduler;
  const replaying = createReplayingOn(pool, slot, (error, replayId) => logger.error({ err: error, replay_id: replayId }, 'replay.failed'));
  const round = { webhooksMax: bounds.webhooksPerRoundMax, chunkMax: limits.circuit.chunkMax, deliveriesMax: bounds.deliveriesPerRoundMax };
  return createScheduler({
    holdLease: () => holdSchedulerLease(pool, holder, bounds.leaseMs),
    releaseLease: () => releaseSchedulerLease(pool, holder),
    findDueWork: () => {
      // Once a round.
      metrics.schedulerRounds.inc();
      return findDueWork(pool);
    },
    leaseDispatches: (from, to, dispatchesMax) => leaseDispatches(pool, from, to, dispatchesMax, bounds.dispatchLeaseMs),
    giveBackDispatches: (dispatches, afterMs) => giveBackDispatches(pool, dispatches, afterMs),
    makeUnclaimedDue: (shards) => makeUnclaimedDispatchesDue(pool, shards),
    leaseChunks: (withReplays) => leaseChunks(pool, round, withReplays),
    hasTurnsLeft: () => hasTurnsLeft(pool),
    endWaiting: () => endWaitingDeliveries(pool, bounds.endWebhooksMax, bounds.endRowsMax, slot),
    disableUnsuccessful: async () => {
      const webhookIds = await disableUnsuccessful(pool, bounds.noSuccessS, bounds.noSuccessWebhooksMax);
      for (const webhookId of webhookIds) logger.warn({ webhook_id: webhookId }, 'webhook.disabled_without_success');
      const failing = await tellUnsuccessful(pool, bounds.failingS, bounds.noSuccessWebhooksMax);
      for (const webhookId of failing) logger.warn({ webhook_id: webhookId }, 'webhook.failing');
      return webhookIds.length;
    },
    stepReplays: replaying.step,
    eraseTenants: () => stepTenantErasure(pool, slot),
    settleStatistics: () => settleStatistics(pool, bounds.settleRowsMax),
    expireStatistics: () => expireStatistics(pool, bounds.settleRowsMax),
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
