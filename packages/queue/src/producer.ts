// The feeding side of the queues: adds jobs, knows how many wait, and notices when the queue has lost its data.
import { Queue } from 'bullmq';
import { type Backend, openBackend, type QueueLocation } from './backend.js';
import {
  type DispatchJob,
  type DueJob,
  dispatchJobId,
  generationKey,
  type JobOf,
  jobOptions,
  type Lane,
  lanes,
  queueName,
  queuePrefix,
} from './jobs.js';
import { lookAtQueues, type QueueLook } from './queue-look.js';

export type QueueProducer = {
  readonly shards: number;
  /** Adds a dispatch; adding one that still waits is a no-op. Rejects when the queue is not reachable. */
  readonly addDispatch: (job: DispatchJob, shard: number) => Promise<void>;
  readonly addDispatches: (jobs: readonly DispatchJob[], shard: number) => Promise<void>;
  readonly addDue: (lane: 'due' | 'replay', job: DueJob, id: string, shard: number) => Promise<void>;
  /**
   * How many jobs waited at the last look, plus those added since. Looks are `lookEveryMs` apart while somebody asks; whoever has not asked
   * for longer gets an older answer once. Infinity: not reachable.
   */
  readonly waiting: (lane: Lane, shard: number) => number;
  /** Marks the queues; true for a shard whose mark of the last call is gone: its data were lost, jobs and all. */
  readonly lostData: (shard: number) => Promise<boolean>;
  /** Asks what stands in the queues; rejects while they cannot be reached. */
  readonly look: () => Promise<QueueLook>;
  /** Resolves once the queue answers. */
  readonly ready: () => Promise<void>;
  readonly close: () => Promise<void>;
};

export type ProducerOptions = {
  readonly location: QueueLocation;
  readonly shards: number;
  readonly onError: (error: Error) => void;
  readonly lookEveryMs?: number;
};

const addTimeoutMs = 2_000;

const withTimeout = <T>(promise: Promise<T>, timeoutMs: number): Promise<T> => {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`the queue did not answer within ${timeoutMs} ms`)), timeoutMs);
  });
  promise.catch(() => undefined);
  return Promise.race([promise, timeout]).finally(() => clearTimeout(timer));
};

const openQueue = (backend: Backend, lane: Lane, shard: number, onError: (error: Error) => void) => {
  const queue = new Queue(
    queueName(lane, shard),
    {
      connection: backend.connection,
      prefix: queuePrefix(shard),
      skipWaitingForReady: true,
      streams: { events: { maxLen: 100 } },
      defaultJobOptions: jobOptions,
    },
    backend.factory,
  );
  queue.on('error', onError);
  return { lane, queue, waiting: Number.POSITIVE_INFINITY, isAsked: true, begun: 0, ended: 0 };
};
type LaneQueue = ReturnType<typeof openQueue>;

/** Opens the queues of all lanes and shards for adding. */
export const createQueueProducer = (options: ProducerOptions): QueueProducer => {
  const backend = openBackend(options.location, 'producer', options.onError);
  const queues = new Map<string, LaneQueue>();
  const laneQueue = (lane: Lane, shard: number): LaneQueue => {
    const found = queues.get(queueName(lane, shard));
    if (found === undefined) throw new Error('the queue has not been reachable yet');
    return found;
  };

  const look = async (): Promise<void> => {
    for (const each of queues.values()) {
      // Who asks seldom need not be told often: an idle process costs the queue nothing.
      if (!each.isAsked && each.waiting !== Number.POSITIVE_INFINITY) continue;
      each.isAsked = false;
      const endedBefore = each.ended;
      const waiting = await withTimeout(each.queue.getWaitingCount(), addTimeoutMs).catch(() => Number.POSITIVE_INFINITY);
      // What was being added meanwhile may not be in the count: rather twice than not at all.
      each.waiting = waiting + each.begun - endedBefore;
    }
  };
  const opened = new Promise<void>((resolve) => {
    backend.whenReady(() => {
      for (let shard = 0; shard < options.shards; shard++)
        for (const lane of lanes) queues.set(queueName(lane, shard), openQueue(backend, lane, shard, options.onError));
      look().then(resolve, resolve);
    });
  });

  let looking = false;
  const timer = setInterval(() => {
    if (looking) return;
    looking = true;
    look().finally(() => {
      looking = false;
    });
  }, options.lookEveryMs ?? 500);
  timer.unref();

  const add = async <L extends Lane>(lane: L, shard: number, jobs: readonly { id: string; data: JobOf<L> }[]): Promise<void> => {
    const target = laneQueue(lane, shard);
    target.waiting += jobs.length;
    target.begun += jobs.length;
    try {
      const [only] = jobs;
      if (jobs.length === 1 && only !== undefined) await withTimeout(target.queue.add(lane, only.data, { jobId: only.id }), addTimeoutMs);
      else await withTimeout(target.queue.addBulk(jobs.map(({ id, data }) => ({ name: lane, data, opts: { jobId: id } }))), addTimeoutMs);
    } finally {
      target.ended += jobs.length;
    }
  };

  return {
    shards: options.shards,
    addDispatch: (job, shard) => add('first', shard, [{ id: dispatchJobId(job), data: job }]),
    addDispatches: (jobs, shard) =>
      add(
        'first',
        shard,
        jobs.map((job) => ({ id: dispatchJobId(job), data: job })),
      ),
    addDue: (lane, job, id, shard) => add(lane, shard, [{ id, data: job }]),
    waiting: (lane, shard) => {
      const asked = queues.get(queueName(lane, shard));
      if (asked === undefined) return Number.POSITIVE_INFINITY;
      asked.isAsked = true;
      return asked.waiting;
    },
    lostData: async (shard) => {
      // While it is not connected, nothing can be said.
      if (backend.redis === null || backend.redis.status !== 'ready') return false;
      return (await withTimeout(backend.redis.set(generationKey(shard), '1', 'NX'), addTimeoutMs)) === 'OK';
    },
    ready: async () => {
      await withTimeout(opened, addTimeoutMs);
      if (backend.redis === null) await withTimeout(laneQueue('first', 0).queue.getWaitingCount(), addTimeoutMs);
      else await withTimeout(backend.redis.ping(), addTimeoutMs);
    },
    look: async () => {
      await withTimeout(opened, addTimeoutMs);
      return withTimeout(lookAtQueues([...queues.values()], backend.redis), addTimeoutMs);
    },
    close: async () => {
      clearInterval(timer);
      await Promise.all([...queues.values()].map((each) => withTimeout(each.queue.close(), addTimeoutMs).catch(() => undefined)));
      await backend.close();
    },
  };
};
