// The taking side: one BullMQ worker a lane and shard, of the shards that are served, which may change. A handler never rejects for what an endpoint did; a rejection means that our
// side is broken, and then Postgres still has the work: its lease runs out.
import { Worker } from 'bullmq';
import { openBackend, type QueueLocation } from './backend.js';
import { type JobOf, type Lane, lanes, queueName, queuePrefix } from './jobs.js';

export type QueueConsumer = {
  readonly start: () => void;
  /** Serves these shards from now on: opens those that are new, and resolves when the jobs of those that are gone have ended. */
  readonly serve: (shards: readonly number[]) => Promise<void>;
  /** Takes no more jobs and waits for those that run. */
  readonly stop: () => Promise<void>;
  readonly close: () => Promise<void>;
};

export type ConsumerOptions = {
  readonly location: QueueLocation;
  readonly shards: readonly number[];
  readonly handlers: { readonly [L in Lane]: { readonly jobsMax: number; readonly handle: (job: JobOf<L>) => Promise<void> } };
  readonly onError: (error: Error) => void;
};

// Leases in Postgres decide when work is anybody's again, but a job that a dead worker had taken and not yet claimed is fed again under the
// same id, which is nothing new to the queue while it stands there as active. So a dispatch's job is given back soon: run twice, it is claimed
// once. Chunks are leased before they are fed, and a chunk that ran twice would be sent twice: theirs outlives its lease by far.
const locks: { readonly [L in Lane]: { readonly lockDuration: number; readonly stalledInterval: number } } = {
  first: { lockDuration: 5_000, stalledInterval: 2_500 },
  due: { lockDuration: 60_000, stalledInterval: 30_000 },
  replay: { lockDuration: 60_000, stalledInterval: 30_000 },
};

const retryDelayMs = 2_000;

/** Prepares the workers of all lanes of the given shards; nothing is taken before `start`. */
export const createQueueConsumer = (options: ConsumerOptions): QueueConsumer => {
  const backend = openBackend(options.location, 'consumer', options.onError);
  const open = <L extends Lane>(lane: L, shard: number) => {
    const { jobsMax, handle } = options.handlers[lane];
    const worker = new Worker(
      queueName(lane, shard),
      (job) => handle(job.data as JobOf<L>),
      {
        connection: backend.connection,
        prefix: queuePrefix(shard),
        concurrency: jobsMax,
        autorun: false,
        ...locks[lane],
        // However often: BullMQ itself gives up no job.
        maxStalledCount: 1_000,
        drainDelay: 5,
        // After a command that failed, which on one Redis none does, and in a cluster those of a master that is gone.
        runRetryDelay: retryDelayMs,
        removeOnComplete: { count: 0 },
        removeOnFail: { count: 0 },
      },
      backend.factory,
    );
    worker.on('error', options.onError);
    worker.on('failed', (_job, error) => options.onError(error));
    return worker;
  };
  type Opened = ReturnType<typeof open>;
  const served = new Map<number, readonly Opened[]>();
  let isStarted = false;
  const closing = new Set<Promise<unknown>>();
  const run = (workers: readonly Opened[]): void => {
    for (const worker of workers) worker.run().catch(options.onError);
  };
  const end = async (shard: number): Promise<void> => {
    const workers = served.get(shard) ?? [];
    served.delete(shard);
    const ended = Promise.all(workers.map((worker) => worker.close()));
    closing.add(ended);
    await ended.finally(() => closing.delete(ended));
  };
  const serve = async (shards: readonly number[]): Promise<void> => {
    backend.reserve(lanes.length * Math.max(shards.length, served.size));
    for (const shard of shards) {
      if (served.has(shard)) continue;
      const workers = lanes.map((lane) => open(lane, shard));
      served.set(shard, workers);
      if (isStarted) run(workers);
    }
    await Promise.all([...served.keys()].filter((shard) => !shards.includes(shard)).map(end));
  };
  void serve(options.shards);
  return {
    start: () => {
      isStarted = true;
      for (const workers of served.values()) run(workers);
    },
    serve,
    stop: async () => {
      isStarted = false;
      await Promise.all([serve([]), ...closing]);
    },
    close: () => backend.close(),
  };
};
