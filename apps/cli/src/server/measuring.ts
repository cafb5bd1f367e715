// The metrics that are no count of something that happened: pools, build, and the figures of the whole installation. They are read when somebody asks for
// the metrics, each at most once in a while however many ask, and what cannot be read leaves the values of before.
import {
  type Build,
  type Database,
  type HotPool,
  type PoolUse,
  poolUse,
  readStorageFigures,
  readWebhookFigures,
  readWorkFigures,
} from '@posthorn/db';
import { lanes, type QueueLook } from '@posthorn/queue';
import { createErrorLog, type Logger, type Metrics } from '@posthorn/telemetry';

/** How old figures may be. Those of webhooks read a row of each. */
const freshMs = { work: 5_000, queue: 5_000, webhooks: 30_000, storage: 60_000 } as const;

export type MeasuringOptions = {
  readonly role: 'start' | 'api' | 'worker';
  readonly build: Build;
  readonly pool: HotPool;
  readonly db: Database;
  /** Of the pool of `db`. */
  readonly manageUse: () => PoolUse;
  /** Of each pool. */
  readonly connectionsMax: number;
  readonly retentionDays: number;
  readonly lookAtQueue: () => Promise<QueueLook>;
  readonly logger: Logger;
  readonly metrics: Metrics;
};

/** Of its time a process has the figures of webhooks read for at most so much: they are read less often where they take long. */
const webhooksShare = 0.01;

/**
 * Runs at most once in `everyMs`, and never twice at a time; whoever asks meanwhile waits for the run that is under way. Never rejects.
 * @param share of the time that runs may take; one that took long is not run again before
 */
export const seldom = (
  everyMs: number,
  run: () => Promise<void>,
  onError: (error: unknown) => void,
  share = Number.POSITIVE_INFINITY,
): (() => Promise<void>) => {
  let running: Promise<void> | null = null;
  let nextAt = Number.NEGATIVE_INFINITY;
  const begin = async (): Promise<void> => {
    const beganAt = performance.now();
    let restMs = everyMs;
    try {
      await run();
      restMs = Math.max(everyMs, (performance.now() - beganAt) / share);
    } catch (error) {
      onError(error);
    }
    running = null;
    nextAt = performance.now() + restMs;
  };
  return async () => {
    if (running === null && performance.now() < nextAt) return;
    running ??= begin();
    await running;
  };
};

const setPools = (metrics: Metrics, uses: Readonly<Record<'hot' | 'manage', PoolUse>>): void => {
  for (const [pool, { busy, idle, waiting }] of Object.entries(uses)) {
    metrics.poolConnections.set({ pool, state: 'busy' }, busy);
    metrics.poolConnections.set({ pool, state: 'idle' }, idle);
    metrics.poolWaiting.set({ pool }, waiting);
  }
};

/** Has the metrics read what nobody counts. @param fresh how old figures may be, in ms */
export const measure = (options: MeasuringOptions, fresh: Readonly<Record<keyof typeof freshMs, number>> = freshMs): void => {
  const { metrics, db, pool, build, logger } = options;
  const logError = createErrorLog(logger);
  metrics.buildInfo.set({ version: build.version, commit: build.commit ?? 'unknown', role: options.role }, 1);
  for (const name of ['hot', 'manage']) metrics.poolConnectionsMax.set({ pool: name }, options.connectionsMax);
  metrics.onRead(() => setPools(metrics, { hot: poolUse(pool), manage: options.manageUse() }));

  let queue: QueueLook | null = null;
  const lookAtQueue = async (): Promise<void> => {
    queue = await options.lookAtQueue();
    metrics.queueReachable.set(1);
    metrics.queueShardsUnreachable.set(queue.unreachableShards.length);
    for (const lane of lanes)
      for (const state of ['waiting', 'active'] as const) metrics.queueJobs.set({ lane, state }, queue.jobs[lane][state]);
    metrics.redisMemory.set({ kind: 'used' }, queue.redis?.usedBytes ?? 0);
    metrics.redisMemory.set({ kind: 'max' }, queue.redis?.maxBytes ?? 0);
    metrics.redisEvictedKeys.set(queue.redis?.evictedKeys ?? 0);
    metrics.redisMayEvict.set(queue.redis?.mayEvict === true ? 1 : 0);
  };
  const readWork = async (): Promise<void> => {
    const work = await readWorkFigures(db);
    metrics.postgresReachable.set(1);
    const waits = { first: work.dispatches_ready, due: work.due_ready, replay: work.replay_ready };
    const ages = { first: work.dispatch_age_s, due: work.due_age_s, replay: work.replay_age_s };
    for (const lane of lanes) {
      metrics.readyWork.set({ lane }, waits[lane] + (queue?.jobs[lane].waiting ?? 0));
      metrics.oldestReadyAge.set({ lane }, ages[lane]);
    }
    metrics.schedulerLag.set(work.lag_s);
    metrics.schedulerHeld.set(work.is_scheduled ? 1 : 0);
    metrics.processes.set({ role: 'api' }, work.apis);
    metrics.processes.set({ role: 'worker' }, work.workers);
    metrics.queueShardsUnserved.set(work.shards_unserved);
    metrics.oldestSnapshotAge.set(work.snapshot_age_s);
    metrics.unsettledAge.set(work.unsettled_age_s);
  };
  const readWebhooks = async (): Promise<void> => {
    const { enabled, paused, disabled, closed, open, half_open, pending, held } = await readWebhookFigures(db);
    for (const [state, count] of Object.entries({ enabled, paused, disabled })) metrics.webhooks.set({ state }, count);
    for (const [state, count] of Object.entries({ closed, open, half_open })) metrics.circuits.set({ state }, count);
    for (const [state, count] of Object.entries({ pending, held })) metrics.deliveriesWaiting.set({ state }, count);
  };
  const readStorage = async (): Promise<void> => {
    const storage = await readStorageFigures(db, options.retentionDays);
    metrics.partitionsAhead.set(storage.partitions_ahead);
    metrics.partitionsOverdue.set(storage.partitions_overdue);
    metrics.databaseSize.set(storage.database_bytes);
  };

  const failed = (doing: keyof typeof freshMs, reachable?: { set: (value: number) => void }) => (error: unknown) => {
    reachable?.set(0);
    logError('metrics.failed', error, { doing });
  };
  const look = seldom(fresh.queue, lookAtQueue, (error) => {
    queue = null;
    failed('queue', metrics.queueReachable)(error);
  });
  const work = seldom(fresh.work, readWork, failed('work', metrics.postgresReachable));
  // What waits in the queue is part of the work, and one connection is enough for all that is read.
  metrics.onRead(async () => {
    await look();
    await work();
  });
  metrics.onRead(seldom(fresh.webhooks, readWebhooks, failed('webhooks'), fresh.webhooks === 0 ? undefined : webhooksShare));
  metrics.onRead(seldom(fresh.storage, readStorage, failed('storage')));
};
