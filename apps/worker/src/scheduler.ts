// The one active loop that feeds due work from Postgres to the queue: dispatches that nobody works on, and chunks of waiting deliveries.
// It runs in every worker; the one that holds the lease row is active. The queue holds a bounded window however large the backlog is:
// nothing is fed to a shard that has enough waiting, or that cannot be reached.
import type { DueWork } from '@posthorn/db';
import { type QueueProducer, shardsBelow } from '@posthorn/queue';
import { createFeeding, type FeedingDependencies } from './feeding.js';
import { limits } from './limits.js';
import { createLoop, type Loop } from './loop.js';

const bounds = limits.scheduler;

export type Scheduler = Loop & { readonly isActive: () => boolean };

export type SchedulerDependencies = FeedingDependencies & {
  readonly holdLease: () => Promise<boolean>;
  readonly releaseLease: () => Promise<void>;
  readonly findDueWork: () => Promise<DueWork>;
  /** Makes due what was fed to these shards and nobody has claimed. */
  readonly makeUnclaimedDue: (shards: readonly number[]) => Promise<number>;
  /** Ends what waits at webhooks that are switched off; returns how many. */
  readonly endWaiting: () => Promise<number>;
  /** Disables the webhooks that had no success for too long; returns how many. */
  readonly disableUnsuccessful: () => Promise<number>;
  /** One step of every replay; true: there is more to open now. */
  readonly stepReplays: () => Promise<boolean>;
  /** One step of the erasure of a tenant; true: there may be more to do now. */
  readonly eraseTenants: () => Promise<boolean>;
  /** Adds raw statistics up into hours and days; returns how many rows. */
  readonly settleStatistics: () => Promise<number>;
  /** Deletes minutes and hours that are older than is kept; returns how many. */
  readonly expireStatistics: () => Promise<number>;
  readonly mendDueHints: () => Promise<number>;
  readonly makePartitions: () => Promise<number>;
  readonly queue: FeedingDependencies['queue'] & Pick<QueueProducer, 'refresh' | 'lostData'>;
  readonly onActive: (active: boolean) => void;
  readonly onMended: (count: number) => void;
};

export const createScheduler = (dependencies: SchedulerDependencies): Scheduler => {
  const { queue } = dependencies;
  const feeding = createFeeding(dependencies);
  let active = false;
  let workedAt = performance.now();
  let renewAt = 0;
  let mendAt = performance.now() + bounds.mendEveryMs;
  let partitionsAt = performance.now();
  let noSuccessAt = performance.now();
  let settleAt = performance.now();
  let expireStatisticsAt = performance.now();
  const shardsLost = new Set<number>();
  let noticing: Promise<void> | null = null;

  const askForLoss = async (shard: number): Promise<void> => {
    if (await queue.lostData(shard)) shardsLost.add(shard);
  };

  /** A shard that does not answer is no reason to wait with what others have lost, nor with anything else. */
  const noticeLostQueue = async (): Promise<void> => {
    // The queue tells of a loss once, so it is kept until Postgres has heard of it.
    await Promise.all(shardsBelow(queue.shards).map((shard) => askForLoss(shard).catch(dependencies.onError)));
    if (shardsLost.size === 0) return;
    const lost = [...shardsLost];
    await dependencies.makeUnclaimedDue(lost);
    for (const shard of lost) shardsLost.delete(shard);
  };

  const holdLease = async (): Promise<void> => {
    const now = performance.now();
    if (now < renewAt) return;
    const holds = await dependencies.holdLease();
    renewAt = now + bounds.renewMs;
    if (holds !== active) dependencies.onActive(holds);
    active = holds;
    if (active)
      noticing ??= noticeLostQueue()
        .catch(dependencies.onError)
        .finally(() => {
          noticing = null;
        });
  };

  const maintain = async (): Promise<void> => {
    const now = performance.now();
    if (now >= partitionsAt) {
      partitionsAt = now + bounds.maintenanceRetryMs;
      await dependencies.makePartitions();
      partitionsAt = now + bounds.partitionsEveryMs;
    }
    if (now >= noSuccessAt) {
      noSuccessAt = now + bounds.noSuccessEveryMs;
      await dependencies.disableUnsuccessful();
    }
    if (now >= settleAt) {
      settleAt = now + bounds.settleEveryMs;
      if ((await dependencies.settleStatistics()) >= bounds.settleRowsMax) settleAt = now;
    }
    if (now >= expireStatisticsAt) {
      expireStatisticsAt = now + bounds.expireStatisticsEveryMs;
      if ((await dependencies.expireStatistics()) >= bounds.settleRowsMax) expireStatisticsAt = now;
    }
    if (now >= mendAt) {
      mendAt = now + bounds.mendEveryMs;
      const mended = await dependencies.mendDueHints();
      if (mended > 0) dependencies.onMended(mended);
    }
  };

  const attempted = (step: Promise<boolean>): Promise<boolean> =>
    step.catch((error: unknown) => {
      dependencies.onError(error);
      return false;
    });

  /** True: there is more, look again at once. */
  const round = async (): Promise<boolean> => {
    await holdLease();
    if (!active) return false;
    const due = await dependencies.findDueWork();
    if (due.dispatches || due.chunks || due.ending || due.replays || due.erasing) workedAt = performance.now();
    let more = false;
    // Each by itself: a step that keeps failing must not keep the others, partitions least of all, from their turn.
    // A shard that has gone meanwhile must not get what nobody would take for as long as a lease.
    if (due.dispatches || due.chunks) await queue.refresh();
    if (due.dispatches) more = (await feeding.feedDispatches()) || more;
    if (due.chunks) more = (await attempted(feeding.feedChunks())) || more;
    if (due.ending) more = (await attempted(dependencies.endWaiting().then((ended) => ended >= bounds.endRowsMax))) || more;
    if (due.replays) more = (await attempted(dependencies.stepReplays())) || more;
    if (due.erasing) more = (await attempted(dependencies.eraseTenants())) || more;
    await maintain();
    return more;
  };

  const loop = createLoop({
    round,
    restMs: () => (performance.now() - workedAt > bounds.idleAfterMs ? bounds.idleRoundMs : bounds.roundMs),
    onError: dependencies.onError,
  });
  return {
    start: loop.start,
    stop: async () => {
      await loop.stop();
      await noticing;
      if (active) await dependencies.releaseLease().catch(dependencies.onError);
      active = false;
    },
    isActive: () => active,
  };
};
