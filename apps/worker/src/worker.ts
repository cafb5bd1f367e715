// A worker, put together: takes dispatches and chunks from the queue, delivers, records; runs a scheduler that may be the active one, and a
// mailroom.
// Start as many as wanted: nothing here is state that does not stand in Postgres.
import { randomInt } from 'node:crypto';
import type { Build, HotPool, KeyRing } from '@posthorn/db';
import { createKeyFollower, createLiveTeller, createSecretBox, sayRunning, startDatabaseClock, statisticsSlots } from '@posthorn/db';
import type { Egress } from '@posthorn/egress';
import { createQueueConsumer, createQueueProducer, type QueueLocation, type QueueLook } from '@posthorn/queue';
import { createErrorLog, type Logger, type Metrics } from '@posthorn/telemetry';
import { createDelivering } from './delivering.js';
import { createMailingOn, type MailSettings } from './mailing.js';
import { createScheduling } from './scheduling.js';

export type WorkerOptions = {
  readonly pool: HotPool;
  readonly queue: QueueLocation;
  readonly queueShards: number;
  readonly jobsMax: number;
  readonly retentionDays: number;
  /** For those who look what runs. */
  readonly build?: Build;
  readonly egress: Egress;
  /** Opens secrets, and signs links in mails. */
  readonly keyRing: KeyRing;
  readonly mail: MailSettings;
  readonly logger: Logger;
  readonly metrics: Metrics;
};

export type Worker = {
  readonly start: () => Promise<void>;
  /** Takes nothing more, waits up to `timeoutMs` for what runs, commits all results, gives its leases up. */
  readonly stop: (timeoutMs: number) => Promise<void>;
  /** What keeps it from working, by check. */
  readonly problems: () => Promise<Readonly<Record<string, string>>>;
  /** What stands in the queues; rejects while they cannot be reached. */
  readonly lookAtQueue: () => Promise<QueueLook>;
};

/** Makes a worker on open resources; they stay the caller's to close. */
export const createWorker = async (options: WorkerOptions): Promise<Worker> => {
  const { pool, logger, keyRing } = options;
  const logError = createErrorLog(logger);
  const report = (doing: string) => (error: unknown) => logError('worker.error', error, { doing });
  const clock = await startDatabaseClock(pool);
  const slot = randomInt(statisticsSlots);
  const processId = crypto.randomUUID();
  const teller = createLiveTeller(pool, report('tell'));
  const delivering = createDelivering({ ...options, secretBox: createSecretBox(keyRing), clock, slot, report, teller });
  const { jobsMax } = options;
  const consumer = createQueueConsumer({
    location: options.queue,
    shards: Array.from({ length: options.queueShards }, (_, shard) => shard),
    handlers: {
      first: { jobsMax, handle: delivering.handleDispatch },
      due: { jobsMax, handle: delivering.handleDue },
      replay: { jobsMax, handle: delivering.handleDue },
    },
    onError: report('take jobs'),
  });
  const producer = createQueueProducer({ location: options.queue, shards: options.queueShards, onError: report('feed the queue') });
  const scheduler = createScheduling({ ...options, holder: processId, producer, clock, slot, report });
  const mailing = createMailingOn({ ...options, linkKey: keyRing.sealing, report });
  const keys = createKeyFollower(pool, keyRing, report('follow the encryption key'));

  let running: ReturnType<typeof sayRunning> | undefined;

  const finishWork = async (): Promise<void> => {
    await Promise.all([scheduler.stop(), consumer.stop(), mailing.stop()]);
    await delivering.finish();
  };

  return {
    start: async () => {
      await delivering.start();
      teller.start();
      keys.start();
      const self = { id: processId, role: 'worker', build: options.build ?? null, jobsMax, encryptionKeyIds: keyRing.ids } as const;
      running = sayRunning(pool, self, report('say that it runs'));
      consumer.start();
      scheduler.start();
      mailing.start();
    },
    stop: async (timeoutMs) => {
      await Promise.race([finishWork(), new Promise<void>((resolve) => setTimeout(resolve, timeoutMs).unref())]);
      delivering.stop();
      teller.stop();
      keys.stop();
      await running?.stop();
      clock.stop();
      await producer.close();
      await consumer.close();
    },
    problems: async () => {
      const [database, queue] = await Promise.allSettled([pool.query('select 1'), producer.ready()]);
      return {
        ...(database.status === 'rejected' && { postgres: 'not reachable' }),
        ...(queue.status === 'rejected' && { queue: 'not reachable' }),
        ...(!delivering.fresh() && { circuits: 'the last look at the circuits is too old' }),
      };
    },
    lookAtQueue: producer.look,
  };
};
