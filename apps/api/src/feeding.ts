// Feeding what was committed to the queue, at best effort: the shards take turns, those that are full or cannot be reached are passed over, and what no
// shard has room for is left to the scheduler. Follows the number of shards while it is changed.
import { createShardFollower, type HotPool, type StoredDispatch } from '@posthorn/db';
import { createQueueProducer, type QueueLocation, type QueueProducer, shardsBelow } from '@posthorn/queue';
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
  return {
    queue,
    hasRoom,
    nextShard,
    enqueue: (dispatches) => {
      for (const { id, shard, eventIds } of dispatches) {
        if (!hasRoom(shard)) continue;
        const job = { id, claim: 0, firstEventId: eventIds[0] ?? id, lastEventId: eventIds.at(-1) ?? id };
        queue.addDispatch(job, shard).catch((error: unknown) => {
          onError('queue.add_failed', error);
          // Whoever takes it claims it first, so that it may stand in two shards.
          const other = nextShard();
          if (other !== shard && hasRoom(other))
            queue.addDispatch(job, other).catch((again: unknown) => onError('queue.add_failed', again));
        });
      }
    },
    start: async () => {
      await follower.look().catch((error: unknown) => onError('queue.shards_not_read', error));
      follower.start();
      await queue.ready().catch(() => undefined);
    },
    stop: async () => {
      follower.stop();
      await queue.close();
    },
  };
};
