// A worker, put together: takes dispatches and chunks from the queue, delivers, records; runs a scheduler that may be the active one.
// Start as many as wanted: nothing here is state that does not stand in Postgres.
import { randomInt } from 'node:crypto';
import { createBreakerRegistry } from '@posthorn/breaker';
import { attemptKindCodes, defaultRetryScheduleS } from '@posthorn/core';
import {
  claimDispatch,
  existingDeliveries,
  type HotPool,
  holdSchedulerLease,
  leaseChunks,
  leaseDispatches,
  loadChunks,
  loadTenantWebhooks,
  makePartitions,
  makeUnclaimedDispatchesDue,
  mendDueHints,
  readChangedGates,
  readGates,
  releaseSchedulerLease,
  renewClaims,
  type SecretBox,
  startDatabaseClock,
  writeFlush,
} from '@posthorn/db';
import type { Egress } from '@posthorn/egress';
import { createQueueConsumer, createQueueProducer, type QueueLocation } from '@posthorn/queue';
import type { Logger, Metrics } from '@posthorn/telemetry';
import { makeAttempt } from './attempt.js';
import { createClaims } from './claims.js';
import type { InlineDelivery } from './deliver-inline.js';
import { handleDispatch } from './dispatch-job.js';
import { handleDue } from './due-job.js';
import { createGates } from './gates.js';
import { deliveryDefaults, limits } from './limits.js';
import { createRecorder } from './recorder.js';
import { createScheduler } from './scheduler.js';
import { createSlots } from './slots.js';
import { createTenantIndexes } from './tenant-index.js';

export type WorkerOptions = {
  readonly pool: HotPool;
  readonly queue: QueueLocation;
  readonly queueShards: number;
  readonly jobsMax: number;
  readonly egress: Egress;
  readonly secretBox: SecretBox;
  readonly logger: Logger;
  readonly metrics: Metrics;
};

export type Worker = {
  readonly start: () => Promise<void>;
  /** Takes nothing more, waits up to `timeoutMs` for what runs, commits all results, gives its leases up. */
  readonly stop: (timeoutMs: number) => Promise<void>;
  /** What keeps it from working, by check. */
  readonly problems: () => Promise<Readonly<Record<string, string>>>;
};

const statisticsSlots = 16;

/** Makes a worker on open resources; they stay the caller's to close. */
export const createWorker = async (options: WorkerOptions): Promise<Worker> => {
  const { pool, egress, logger, metrics } = options;
  const holder = crypto.randomUUID();
  const flushLimits = { ...limits.circuit, slot: randomInt(statisticsSlots) };
  const report = (doing: string) => (error: unknown) => logger.error({ err: error, doing }, 'worker.error');
  const clock = await startDatabaseClock(pool);

  const breakers = createBreakerRegistry({ breakersMax: limits.breakersMax });
  const gates = createGates({
    readChanged: (sinceMs) => readChangedGates(pool, sinceMs),
    read: (ids) => readGates(pool, ids),
    breakers,
    onError: report('read gates'),
  });
  const tenants = createTenantIndexes({
    load: (tenantId) =>
      loadTenantWebhooks(pool, tenantId, options.secretBox, { ...deliveryDefaults, retryScheduleS: defaultRetryScheduleS }),
    onLoaded: gates.learn,
    tenantsMax: limits.tenantsMax,
  });
  const slots = createSlots();
  const recorder = createRecorder({
    write: (flush) => writeFlush(pool, flush, flushLimits),
    onCircuits: gates.follow,
    onFlushed: (rows, durationMs) => {
      metrics.flushRows.observe(rows);
      metrics.flushSeconds.observe(durationMs / 1000);
    },
    onError: (error, rows) => logger.error({ err: error, rows }, 'flush.failed'),
  });
  const claims = createClaims({ renew: (held) => renewClaims(pool, held, limits.claimLeaseMs), onError: report('renew claims') });

  const attemptsSucceeded = metrics.attempts.labels({ outcome: 'succeeded' });
  const attemptsFailed = metrics.attempts.labels({ outcome: 'failed' });
  const attemptDependencies = {
    send: egress.send,
    fire: breakers.fire,
    nowMs: clock.nowMs,
    random: Math.random,
    onAttempt: (ok: boolean, outcome: { readonly durationMs: number }) => {
      (ok ? attemptsSucceeded : attemptsFailed).inc();
      metrics.attemptSeconds.observe(outcome.durationMs / 1000);
    },
  };

  const background = new Set<Promise<void>>();
  const track = (running: Promise<void>): void => {
    const tracked = running.catch(report('deliver')).finally(() => background.delete(tracked));
    background.add(tracked);
  };
  const gate = { closedFor: (id: string) => gates.closedFor(id, clock.nowMs()), epochOf: gates.epochOf, fresh: gates.fresh };
  const inline = {
    attempt: (delivery: InlineDelivery) =>
      makeAttempt({ ...delivery, kind: 'first', failures: 0, shape: delivery.webhook.version }, true, attemptDependencies),
    record: recorder.record,
    slots,
    onParked: (reason: string) => metrics.deliveriesParked.inc({ reason }),
  };

  const capacity = async (): Promise<void> => {
    while (egress.openRequests() > limits.openRequestsMax || !gates.fresh()) await new Promise((resolve) => setTimeout(resolve, 20));
  };

  const consumer = createQueueConsumer({
    location: options.queue,
    shards: Array.from({ length: options.queueShards }, (_, shard) => shard),
    handlers: {
      first: {
        jobsMax: options.jobsMax,
        handle: async (job) => {
          await capacity();
          await handleDispatch(job, {
            claim: (ref) => claimDispatch(pool, ref, limits.claimLeaseMs),
            existing: (ref, ids) => existingDeliveries(pool, ref, ids),
            tenants,
            gate,
            inline,
            hold: claims,
            finish: recorder.finish,
          });
        },
      },
      due: {
        jobsMax: options.jobsMax,
        handle: async (job) => {
          await handleDue(job.chunks, {
            load: (chunks) => loadChunks(pool, chunks),
            tenants,
            gate,
            attempt: (attempt) => makeAttempt(attempt, false, attemptDependencies),
            slots,
            record: recorder.record,
            report: recorder.report,
            track,
          });
        },
      },
    },
    onError: report('take jobs'),
  });
  const producer = createQueueProducer({ location: options.queue, shards: options.queueShards, onError: report('feed the queue') });
  const scheduler = createScheduler({
    holdLease: () => holdSchedulerLease(pool, holder, limits.scheduler.leaseMs),
    releaseLease: () => releaseSchedulerLease(pool, holder),
    leaseDispatches: (shard, max) => leaseDispatches(pool, shard, max, limits.scheduler.dispatchLeaseMs),
    makeUnclaimedDue: () => makeUnclaimedDispatchesDue(pool),
    leaseChunks: () =>
      leaseChunks(pool, {
        webhooksMax: limits.scheduler.webhooksPerRoundMax,
        chunkMax: limits.circuit.chunkMax,
        deliveriesMax: limits.scheduler.deliveriesPerRoundMax,
      }),
    mendDueHints: () => mendDueHints(pool),
    makePartitions: () => makePartitions(pool),
    queue: producer,
    newId: clock.newId,
    onFed: (kind, count) => metrics.schedulerFed.inc({ kind }, count),
    onActive: (active) => {
      metrics.schedulerActive.set(active ? 1 : 0);
      logger.info({ active }, 'scheduler.active');
    },
    onMended: (count) => logger.warn({ count }, 'scheduler.mended_due_hints'),
    onError: report('schedule'),
  });
  const gauge = setInterval(() => metrics.openRequests.set(egress.openRequests()), 1_000);
  gauge.unref();

  const stop = async (timeoutMs: number): Promise<void> => {
    const deadline = new Promise<void>((resolve) => setTimeout(resolve, timeoutMs).unref());
    const finished = async (): Promise<void> => {
      await Promise.all([scheduler.stop(), consumer.stop()]);
      while (background.size > 0 || egress.openRequests() > 0) {
        await Promise.all(background);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      await recorder.drain();
    };
    await Promise.race([finished(), deadline]);
    clearInterval(gauge);
    claims.stop();
    gates.stop();
    clock.stop();
    breakers.shutdown();
    await producer.close();
    await consumer.close();
  };

  return {
    start: async () => {
      await gates.start();
      consumer.start();
      scheduler.start();
    },
    stop,
    problems: async () => {
      const [database, queue] = await Promise.allSettled([pool.query('select 1'), producer.ready()]);
      return {
        ...(database.status === 'rejected' && { postgres: 'not reachable' }),
        ...(queue.status === 'rejected' && { queue: 'not reachable' }),
        ...(!gates.fresh() && { circuits: 'the last look at the circuits is too old' }),
      };
    },
  };
};

// A kind that the flush's SQL names by number.
if (attemptKindCodes.probe !== 2 || attemptKindCodes.retry !== 1) throw new Error('the flush counts probes and retries by their codes');
