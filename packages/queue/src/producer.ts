// The feeding side of the queues: adds jobs, knows how many wait, and notices when the queue has lost its data. Each shard stands for itself: one that
// cannot be reached keeps nobody from the others.
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
  shardsBelow,
} from './jobs.js';
import { lookAtQueues, lookForTrouble, type QueueLook } from './queue-look.js';
import { noTrouble, type QueueTrouble } from './redis-trouble.js';
import { withTimeout } from './with-timeout.js';

export type QueueProducer = {
  /** So many are fed: 0 up to this, without it. */
  readonly shards: number;
  /** From now on so many are fed; what was added to others stays there. */
  readonly feed: (shards: number) => void;
  /** Adds a dispatch; adding one that still waits is a no-op. Rejects when the shard is not reachable. */
  readonly addDispatch: (job: DispatchJob, shard: number) => Promise<void>;
  readonly addDispatches: (jobs: readonly DispatchJob[], shard: number) => Promise<void>;
  readonly addDue: (lane: 'due' | 'replay', job: DueJob, id: string, shard: number) => Promise<void>;
  /**
   * How many jobs waited at the last look, plus those added since. Looks are `lookEveryMs` apart while somebody asks; whoever has not asked
   * for longer gets an older answer once. Infinity: not reachable.
   */
  readonly waiting: (lane: Lane, shard: number) => number;
  /** Looks now at what was not looked at lately, and resolves when that is known: for those who ask seldom, and must not hear of what was. */
  readonly refresh: () => Promise<void>;
  /** Jobs of any shard that are not over, by all lanes, asked now. Rejects when it is not reachable. */
  readonly unfinished: (shard: number) => Promise<number>;
  /** Marks the queues; true for a shard whose mark of the last call is gone: its data were lost, jobs and all. */
  readonly lostData: (shard: number) => Promise<boolean>;
  /** Those of the fed shards that do not answer now; of one that has not after `patienceMs`, what the last look found stands. */
  readonly unreachable: (patienceMs?: number) => Promise<readonly number[]>;
  /** Resolves once it is connected to the queue for the first time; rejects after a while. */
  readonly connected: () => Promise<void>;
  /** Asks what stands in the queues; rejects while they cannot be reached. */
  readonly look: () => Promise<QueueLook>;
  /** Resolves once the queue answers: any of its shards. */
  readonly ready: () => Promise<void>;
  /** What stands in the way of jobs, asked now. Rejects if no shard answers. @param patienceMs as of `unreachable` */
  readonly state: (patienceMs: number) => Promise<QueueState>;
  readonly close: () => Promise<void>;
};

export type QueueState = QueueTrouble & { readonly unreachable: readonly number[] };

export type ProducerOptions = {
  readonly location: QueueLocation;
  readonly shards: number;
  readonly onError: (error: Error) => void;
  readonly lookEveryMs?: number;
};

const addTimeoutMs = 2_000;
/** What was looked at longer ago is looked at anew by `refresh`. */
const staleMs = 1_000;

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
  return { lane, queue, shard, waiting: Number.POSITIVE_INFINITY, isAsked: true, isLooking: false, lookedAt: 0, begun: 0, ended: 0 };
};
type LaneQueue = ReturnType<typeof openQueue>;

const look = async (each: LaneQueue): Promise<void> => {
  if (each.isLooking) return;
  each.isLooking = true;
  each.lookedAt = performance.now();
  each.isAsked = false;
  const endedBefore = each.ended;
  const waiting = await withTimeout(each.queue.getWaitingCount(), addTimeoutMs).catch(() => Number.POSITIVE_INFINITY);
  // What was being added meanwhile may not be in the count: rather twice than not at all.
  each.waiting = waiting + each.begun - endedBefore;
  each.isLooking = false;
};

/** Who asks seldom need not be told often: an idle process costs the queue nothing. */
const isWanted = (each: LaneQueue): boolean => each.isAsked || each.waiting === Number.POSITIVE_INFINITY;

/** Opens the queues of all lanes and of the shards that are fed. */
export const createQueueProducer = (options: ProducerOptions): QueueProducer => {
  const backend = openBackend(options.location, 'producer', options.onError);
  const queues = new Map<string, LaneQueue>();
  let { shards } = options;
  let hasBeenReady = false;
  /** Shards whose server has not answered yet: a BullMQ queue whose first command failed stays without its settings, so none is made before. */
  const opening = new Set<number>();
  const openLanes = (shard: number): readonly LaneQueue[] =>
    lanes.map((lane) => {
      const opened = queues.get(queueName(lane, shard)) ?? openQueue(backend, lane, shard, options.onError);
      queues.set(queueName(lane, shard), opened);
      return opened;
    });
  const answers = async (shard: number): Promise<unknown> => backend.redis?.exists(generationKey(shard));
  const openShard = async (shard: number): Promise<void> => {
    if (opening.has(shard) || queues.has(queueName('first', shard))) return;
    opening.add(shard);
    try {
      await withTimeout(answers(shard), addTimeoutMs);
      await Promise.all(openLanes(shard).map(look));
    } catch {
      // The next look tries again; until then it counts as not reachable.
    } finally {
      opening.delete(shard);
    }
  };
  const openFed = async (): Promise<void> => {
    if (hasBeenReady) await Promise.all(shardsBelow(shards).map(openShard));
  };
  const opened = new Promise<void>((resolve) => {
    backend.whenReady(() => {
      hasBeenReady = true;
      openFed().then(resolve, resolve);
    });
  });
  const timer = setInterval(() => {
    void openFed();
    for (const each of queues.values()) if (each.shard < shards && isWanted(each)) void look(each);
  }, options.lookEveryMs ?? 500);
  timer.unref();

  const add = async <L extends Lane>(lane: L, shard: number, jobs: readonly { id: string; data: JobOf<L> }[]): Promise<void> => {
    const target = queues.get(queueName(lane, shard));
    if (target === undefined) throw new Error(`shard ${shard} of the queue has not been reachable yet`);
    target.waiting += jobs.length;
    target.begun += jobs.length;
    try {
      const [only] = jobs;
      if (jobs.length === 1 && only !== undefined) await withTimeout(target.queue.add(lane, only.data, { jobId: only.id }), addTimeoutMs);
      else await withTimeout(target.queue.addBulk(jobs.map(({ id, data }) => ({ name: lane, data, opts: { jobId: id } }))), addTimeoutMs);
    } catch (error) {
      // Not reachable, as far as anybody knows before the next look.
      target.waiting = Number.POSITIVE_INFINITY;
      throw error;
    } finally {
      target.ended += jobs.length;
    }
  };

  /** What the last look at a shard found; it is looked at soon. */
  const wasThere = (shard: number): boolean => {
    const first = queues.get(queueName('first', shard));
    if (first === undefined) return false;
    first.isAsked = true;
    return first.waiting !== Number.POSITIVE_INFINITY;
  };
  const isThere = async (shard: number, patienceMs: number): Promise<boolean> => {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<boolean>((resolve) => {
      timer = setTimeout(() => resolve(wasThere(shard)), patienceMs);
    });
    const answered = Promise.all([openShard(shard), withTimeout(answers(shard), addTimeoutMs)]).then(
      () => queues.has(queueName('first', shard)),
      () => false,
    );
    return Promise.race([answered, late]).finally(() => clearTimeout(timer));
  };
  const unreachable = async (patienceMs = 2 * addTimeoutMs): Promise<readonly number[]> => {
    const asked = shardsBelow(shards).map(async (shard) => ((await isThere(shard, patienceMs)) ? [] : [shard]));
    return (await Promise.all(asked)).flat();
  };
  const state = async (patienceMs: number): Promise<QueueState> => {
    await withTimeout(opened, addTimeoutMs);
    if (backend.redis === null) {
      await withTimeout(openLanes(0)[0]?.queue.getWaitingCount() ?? Promise.resolve(0), addTimeoutMs);
      return { unreachable: [], ...noTrouble };
    }
    const [silent, trouble] = await Promise.all([unreachable(patienceMs), lookForTrouble(backend.redis, patienceMs)]);
    if (silent.length === shards) throw new Error('the queue does not answer');
    return { unreachable: silent, ...trouble };
  };

  return {
    get shards() {
      return shards;
    },
    feed: (count) => {
      shards = count;
      void openFed();
    },
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
    refresh: async () => {
      const before = performance.now() - staleMs;
      await Promise.all([...queues.values()].filter((each) => each.shard < shards && each.lookedAt < before).map(look));
    },
    unfinished: async (shard) => {
      if (!hasBeenReady) throw new Error('the queue has not been reachable yet');
      await withTimeout(answers(shard), addTimeoutMs);
      const counts = openLanes(shard).map(({ queue }) =>
        withTimeout(queue.getJobCountByTypes('wait', 'active', 'delayed', 'prioritized'), addTimeoutMs),
      );
      return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
    },
    lostData: async (shard) => {
      if (backend.redis === null) return false;
      // While it does not answer, nothing can be said.
      return (await withTimeout(backend.redis.set(generationKey(shard), '1', 'NX'), addTimeoutMs).catch(() => null)) === 'OK';
    },
    unreachable,
    connected: () => withTimeout(opened, addTimeoutMs),
    ready: async () => void (await state(2 * addTimeoutMs)),
    state,
    look: async () => {
      await withTimeout(opened, addTimeoutMs);
      // Apart from the others, which one that does not answer must not keep from being counted.
      const unreachableShards = await unreachable();
      if (unreachableShards.length === shards) throw new Error('the queue does not answer');
      const answering = [...queues.values()].filter(({ shard }) => !unreachableShards.includes(shard));
      return { ...(await withTimeout(lookAtQueues(answering, backend.redis), addTimeoutMs)), unreachableShards };
    },
    close: async () => {
      clearInterval(timer);
      await Promise.all([...queues.values()].map((each) => withTimeout(each.queue.close(), addTimeoutMs).catch(() => undefined)));
      await backend.close();
    },
  };
};
