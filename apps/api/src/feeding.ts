// Feeding what was committed to the queue, at best effort: the shards take turns, those that are full or cannot be reached are passed over, and what no
// shard has room for is left to the scheduler. Follows the number of shards while it is changed.
import { createShardFollower, giveBackDispatches, type HotPool, type StoredDispatch } from '@posthorn/db';
import { createQueueProducer, type DispatchJob, type QueueLocation, type QueueProducer, shardsBelow } from '@posthorn/queue';
import type { ErrorLog } from '@posthorn/telemetry';
import { limits } from './limits.js';

export type FeedingOptions = {
  readonly pool: HotPool;
  readonly queue: QueueLocation;
  /** What it goes by before it has read how many there are. */
  readonly queueShards: number;
  readonly onError: ErrorLog;
  /** So many shards are fed from now on. */
  readonly onChange: () => void;
};

export type Feeding = {
  readonly queue: QueueProducer;
  /** The shard of the next dispatch: the next in turn that has room; if none has, the next in turn. */
  readonly nextShard: () => number;
  readonly hasRoom: (shard: number) => boolean;
  /** Adds the jobs of dispatches, where there is room; a job that cannot be added costs time, never an event. */
  readonly enqueue: (dispatches: readonly StoredDispatch[]) => void;
  /** Reads how many shards there are, and follows that; resolves when the queue answers, or after a while. */
  readonly start: () => Promise<void>;
  readonly stop: () => Promise<void>;
};

export const createFeeding = ({ pool, queue: location, queueShards, onError, onChange }: FeedingOptions): Feeding => {
  const queue = createQueueProducer({ location, shards: queueShards, onError: (error) => onError('queue.error', error) });
  const follower = createShardFollower(
    pool,
    ({ fed }) => {
      queue.feed(fed);
      onChange();
    },
    (error) => onError('queue.shards_not_read', error),
  );
  const hasRoom = (shard: number): boolean => queue.waiting('first', shard) < limits.waitingDispatchesMax;
  let turn = 0;
  const nextShard = (): number => {
    const inTurn = shardsBelow(queue.shards).map((ahead) => (turn + 1 + ahead) % queue.shards);
    turn = inTurn.find(hasRoom) ?? inTurn[0] ?? 0;
    return turn;
  };
  let refused: DispatchJob[] = [];
  let givingBack: NodeJS.Timeout | undefined;
  let isStopped = false;
  /** What no shard took is not to wait for the end of its lease. */
  const giveBack = async (): Promise<void> => {
    clearTimeout(givingBack);
    givingBack = undefined;
    const jobs = refused;
    refused = [];
    if (jobs.length > 0)
      await giveBackDispatches(pool, jobs, limits.refusedMs).catch((error: unknown) => onError('queue.give_back_failed', error));
  };
  const takes = (job: DispatchJob, shard: number): Promise<boolean> =>
    queue.addDispatch(job, shard).then(
      () => true,
      (error: unknown) => {
        onError('queue.add_failed', error);
        return false;
      },
    );
  const add = async (job: DispatchJob, shard: number): Promise<void> => {
    if (await takes(job, shard)) return;
    const other = nextShard();
    // Whoever takes it claims it first, so that it may stand in two shards.
    if (other !== shard && hasRoom(other) && (await takes(job, other))) return;
    refused.push(job);
    // A stop gives back by itself.
    if (!isStopped) givingBack ??= setTimeout(giveBack, limits.refusedLingerMs);
  };
  return {
    queue,
    hasRoom,
    nextShard,
    enqueue: (dispatches) => {
      for (const { id, shard, eventIds } of dispatches) {
        if (!hasRoom(shard)) continue;
        void add({ id, claim: 0, firstEventId: eventIds[0] ?? id, lastEventId: eventIds.at(-1) ?? id }, shard);
      }
    },
    start: async () => {
      await follower.look().catch((error: unknown) => onError('queue.shards_not_read', error));
      follower.start();
      await queue.ready().catch(() => undefined);
    },
    stop: async () => {
      isStopped = true;
      follower.stop();
      await queue.close();
      await giveBack();
    },
  };
};
