// A worker, put together: takes dispatches and chunks from the queue, delivers, records; runs a scheduler that may be the active one, and a
// mailroom.
// Start as many as wanted: nothing here is state that does not stand in Postgres.
import { randomInt } from 'node:crypto';
import type { Build, HotPool, KeyRing } from '@posthorn/db';
import {
  createKeyFollower,
  createLiveTeller,
  createSecretBox,
  readReadiness,
  sayRunning,
  startDatabaseClock,
  statisticsSlots,
} from '@posthorn/db';
import type { Egress } from '@posthorn/egress';
import { createQueueConsumer, createQueueProducer, type QueueLocation, type QueueLook, shardsBelow } from '@posthorn/queue';
import { createErrorLog, createTimely, type Logger, type Metrics, type Traces } from '@posthorn/telemetry';
import { createDelivering } from './delivering.js';
import { judgeQueue } from './judge-queue.js';
import { limits } from './limits.js';
import { createMailingOn, type MailSettings } from './mailing.js';
import { createRetentionOn } from './retention.js';
import { createScheduling } from './scheduling.js';
import { type ChosenShards, createServing, servedOf } from './serving.js';

export type WorkerOptions = {
  readonly pool: HotPool;
  readonly queue: QueueLocation;
  readonly queueShards: number;
  /** Of the queue, those that it serves; it schedules for all. Default: all. */
  readonly workerShards?: ChosenShards;
  readonly jobsMax: number;
  readonly retentionDays: number;
  /** How long at least an idempotency key counts. */
  readonly idempotencyHours: number;
  /** For those who look what runs. */
  readonly build?: Build;
  readonly egress: Egress;
  /** Opens secrets, and signs links in mails. */
  readonly keyRing: KeyRing;
  readonly mail: MailSettings;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Null or absent: nothing is traced. Who opened them stops them. */
  readonly traces?: Traces | null;
  /** Whether requests to endpoints name their trace; default: no. */
  readonly tracesTellEndpoints?: boolean;
};

export type Worker = {
  readonly start: () => Promise<void>;
  /**
   * Takes nothing more, gives back what has not begun, waits for what has, and commits all results. How long endpoints may take is for
   * whoever owns the egress to say (`cut`); without it, until their timeouts.
   */
  readonly stop: () => Promise<void>;
  /** What a stop still waits for, in words. */
  readonly open: () => readonly string[];
  /** What keeps it from working, by check. */
  readonly problems: () => Promise<Readonly<Record<string, string>>>;
  /** What is wrong with the installation while it works all the same, by check. */
  readonly degraded: () => Promise<Readonly<Record<string, string>>>;
  /** What stands in the queues; rejects while they cannot be reached. */
  readonly lookAtQueue: () => Promise<QueueLook>;
};

const wait = (delayMs: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, delayMs));

/** Makes a worker on open resources; they stay the caller's to close. */
export const createWorker = async (options: WorkerOptions): Promise<Worker> => {
  const { pool, logger, keyRing, tracesTellEndpoints: tellsEndpoints = false } = options;
  const logError = createErrorLog(logger);
  const report = (doing: string) => (error: unknown) => logError('worker.error', error, { doing });
  const clock = await startDatabaseClock(pool);
  const slot = randomInt(statisticsSlots);
  const processId = crypto.randomUUID();
  const teller = createLiveTeller(pool, report('tell'));
  const tracing = options.traces ? { traces: options.traces, queue: options.queue.kind, tellsEndpoints } : null;
  const delivering = createDelivering({ ...options, secretBox: createSecretBox(keyRing), clock, slot, report, teller, tracing });
  const { jobsMax, queueShards, workerShards: chosen = 'all' } = options;
  const consumer = createQueueConsumer({
    location: options.queue,
    shards: servedOf(chosen, queueShards),
    handlers: {
      first: { jobsMax, handle: delivering.handleDispatch },
      due: { jobsMax, handle: delivering.handleDue },
      replay: { jobsMax, handle: delivering.handleDue },
    },
    onError: report('take jobs'),
  });
  const producer = createQueueProducer({ location: options.queue, shards: queueShards, onError: report('feed the queue') });
  const scheduler = createScheduling({ ...options, holder: processId, producer, clock, slot, report });
  const retention = createRetentionOn({ ...options, isActive: scheduler.isActive, slot, report });
  const mailing = createMailingOn({ ...options, linkKey: keyRing.sealing, report });
  const keys = createKeyFollower(pool, keyRing, report('follow the encryption key'));

  let running: ReturnType<typeof sayRunning> | undefined;
  const serving = createServing({
    ...{ pool, chosen, queueShards, consumer, producer, logger, report },
    isActive: scheduler.isActive,
    onChange: () => running?.sayAgain(),
  });

  const askDatabase = createTimely(() => readReadiness(pool), limits.readiness);
  const askQueue = createTimely(() => producer.state(limits.shardPatienceMs), limits.readiness);
  const askUnserved = createTimely(serving.unserved, limits.readiness);
  /** Who cannot tell what nobody serves hears of that elsewhere: then Postgres does not answer. */
  const findTrouble = async () => {
    const [state, unserved] = await Promise.allSettled([askQueue(), askUnserved()]);
    const now = serving.now();
    const found = state.status === 'rejected' ? { unreachable: shardsBelow(now.fed), refuses: null, doubt: null } : state.value;
    return judgeQueue(now, found, unserved.status === 'rejected' ? [] : unserved.value);
  };
  let isStopping = false;
  const parts = new Set<string>();
  /** Waits for one part; while it does, the part stands among what is open. */
  const waitFor = async (name: string, stopping: Promise<unknown>): Promise<void> => {
    parts.add(name);
    await stopping.catch(report(`stop: ${name}`));
    parts.delete(name);
  };
  /** A queue that is away takes no leave. What it still has of ours is in Postgres too. */
  const leaveQueue = (): Promise<unknown> => Promise.race([consumer.stop(), wait(limits.stopQueueMs)]);

  const finishDelivering = async (): Promise<void> => {
    await Promise.all([waitFor('scheduler', scheduler.stop()), waitFor('queue', leaveQueue())]);
    await delivering.ending.giveBack();
    await delivering.finish();
  };

  return {
    start: async () => {
      await delivering.start();
      teller.start();
      keys.start();
      const self = { id: processId, role: 'worker', build: options.build ?? null, jobsMax, encryptionKeyIds: keyRing.ids } as const;
      await serving.start();
      consumer.start();
      running = sayRunning(pool, self, report('say that it runs'), serving.now);
      scheduler.start();
      retention.start();
      mailing.start();
    },
    stop: async () => {
      isStopping = true;
      delivering.ending.begin();
      await Promise.all([finishDelivering(), waitFor('mails', mailing.stop()), waitFor('retention', retention.stop())]);
      delivering.stop();
      teller.stop();
      keys.stop();
      serving.stop();
      await running?.stop();
      clock.stop();
      await producer.close();
      await consumer.close();
    },
    open: () => [...delivering.open(), ...parts],
    problems: async () => {
      const [database, queue] = await Promise.all([Promise.allSettled([askDatabase()]).then(([asked]) => asked), findTrouble()]);
      return {
        ...(isStopping && { process: 'it is stopping' }),
        ...(database.status === 'rejected' ? { postgres: 'not reachable' } : database.value.problems),
        ...queue.problems,
        ...(!delivering.fresh() && { circuits: 'the last look at the circuits is too old' }),
      };
    },
    degraded: async () => {
      const [database, queue] = await Promise.all([askDatabase().catch(() => ({ degraded: {} })), findTrouble()]);
      return { ...database.degraded, ...queue.degraded };
    },
    lookAtQueue: producer.look,
  };
};
