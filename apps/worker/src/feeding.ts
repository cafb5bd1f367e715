// Feeds the queue from Postgres: dispatches that nobody works on to the shards that they belong to, chunks of waiting deliveries to the shards
// in turn. A shard that has enough, or that cannot be reached, gets nothing; one that would not take a job is left in peace for a while.
import type { Chunk, FedDispatch } from '@posthorn/db';
import { type QueueProducer, shardsBelow } from '@posthorn/queue';
import { limits } from './limits.js';

const bounds = limits.scheduler;
const { shardsMax } = limits;

export type FeedingDependencies = {
  /** Takes dispatches of some shards that are nobody's, for feeding them to shard `to`. */
  readonly leaseDispatches: (from: readonly number[], to: number, dispatchesMax: number) => Promise<readonly FedDispatch[]>;
  /** Gives up dispatches that could not be fed, so that they are due again after `afterMs`. */
  readonly giveBackDispatches: (dispatches: readonly FedDispatch[], afterMs: number) => Promise<void>;
  readonly leaseChunks: (withReplays: boolean) => Promise<readonly Chunk[]>;
  /** Whether webhooks have waited for their turn longer than since the last round began. */
  readonly hasTurnsLeft: () => Promise<boolean>;
  readonly queue: Pick<QueueProducer, 'shards' | 'addDispatches' | 'addDue' | 'waiting'>;
  readonly newId: () => string;
  readonly onFed: (kind: 'dispatch' | 'delivery', count: number) => void;
  readonly onError: (error: unknown) => void;
};

export type Feeding = {
  /** Feeds every shard; true: there is more that there is room for. Tells errors to `onError`. */
  readonly feedDispatches: () => Promise<boolean>;
  /** One round of chunks for the next shard; true: there is more. Rejects where the queue or the database does. */
  readonly feedChunks: () => Promise<boolean>;
};

/** Packs chunks into jobs of at most `deliveriesPerJobMax` deliveries; a chunk is never split. */
export const packChunks = (chunks: readonly Chunk[], deliveriesPerJobMax: number): readonly (readonly Chunk[])[] => {
  const jobs: Chunk[][] = [];
  let job: Chunk[] = [];
  let size = 0;
  for (const chunk of chunks) {
    if (size > 0 && size + chunk.deliveries.length > deliveriesPerJobMax) {
      jobs.push(job);
      job = [];
      size = 0;
    }
    job.push(chunk);
    size += chunk.deliveries.length;
  }
  if (size > 0) jobs.push(job);
  return jobs;
};

export const createFeeding = (dependencies: FeedingDependencies): Feeding => {
  const { queue } = dependencies;
  let shardOfDue = 0;
  let shardOfStrays = 0;
  /** Until when shards that refused a job get none, by shard. */
  const refusedUntil = new Map<number, number>();

  const takes = (shard: number): boolean =>
    queue.waiting('first', shard) !== Number.POSITIVE_INFINITY && performance.now() >= (refusedUntil.get(shard) ?? 0);

  const added = async (shard: number, adding: Promise<unknown>): Promise<void> => {
    try {
      await adding;
      refusedUntil.delete(shard);
    } catch (error) {
      refusedUntil.set(shard, performance.now() + bounds.refusedMs);
      throw error;
    }
  };

  /** @param strays shards that nothing can be fed to: what belongs to them is fed here */
  const feedShard = async (shard: number, strays: readonly number[]): Promise<boolean> => {
    const room = Math.min(bounds.waitingDispatchesMax - queue.waiting('first', shard), bounds.dispatchesPerRoundMax);
    if (room <= 0) return false;
    const dispatches = await dependencies.leaseDispatches([shard, ...strays], shard, room);
    if (dispatches.length === 0) return false;
    const jobs = dispatches.map(({ id, claim, firstEventId, lastEventId }) => ({ id, claim, firstEventId, lastEventId }));
    try {
      await added(shard, queue.addDispatches(jobs, shard));
    } catch (error) {
      // Some may stand in the queue all the same: who takes one claims it first.
      await dependencies.giveBackDispatches(dispatches, bounds.refusedMs);
      throw error;
    }
    dependencies.onFed('dispatch', dispatches.length);
    return dispatches.length === room;
  };

  /** The next in turn that has room for chunks. */
  const nextShardOfDue = (): number | undefined =>
    shardsBelow(queue.shards)
      .map((ahead) => (shardOfDue + 1 + ahead) % queue.shards)
      .find((shard) => takes(shard) && queue.waiting('due', shard) < bounds.waitingDueJobsMax);

  return {
    // Every shard has its own dispatches; those of shards that take nothing, or are fed no more, go to one of the others in turn.
    feedDispatches: async () => {
      const taking = shardsBelow(queue.shards).filter(takes);
      const strays = shardsBelow(shardsMax).filter((shard) => !taking.includes(shard));
      shardOfStrays += 1;
      const fed = taking.map((shard, index) =>
        feedShard(shard, shardOfStrays % taking.length === index ? strays : []).catch((error: unknown) => {
          dependencies.onError(error);
          return false;
        }),
      );
      return (await Promise.all(fed)).includes(true);
    },
    feedChunks: async () => {
      const shard = nextShardOfDue();
      if (shard === undefined) return false;
      shardOfDue = shard;
      const chunks = await dependencies.leaseChunks(queue.waiting('replay', shard) < bounds.waitingDueJobsMax);
      const count = chunks.reduce((sum, chunk) => sum + chunk.deliveries.length, 0);
      for (const lane of ['due', 'replay'] as const) {
        const ofLane = chunks.filter((chunk) => chunk.replay === (lane === 'replay'));
        for (const job of packChunks(ofLane, bounds.deliveriesPerJobMax))
          await added(shard, queue.addDue(lane, { chunks: job }, dependencies.newId(), shard));
      }
      if (count > 0) dependencies.onFed('delivery', count);
      // A round is full by what its webhooks may have, which can be many times what they do have: others wait behind them all the same.
      return count >= bounds.deliveriesPerRoundMax || (count > 0 && (await dependencies.hasTurnsLeft()));
    },
  };
};
