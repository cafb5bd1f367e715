// Delivering on this worker's Postgres and egress: everything between a job and its flush.
import { createBreakerRegistry } from '@posthorn/breaker';
import { attemptKindCodes, defaultRetryScheduleS, openWords } from '@posthorn/core';
import {
  claimDispatch,
  type DatabaseClock,
  existingDeliveries,
  giveBackDispatches,
  type HotPool,
  type LiveTeller,
  loadChunks,
  loadTenantWebhooks,
  readChangedGates,
  readGates,
  renewClaims,
  type SecretBox,
  setAsideDispatch,
  splitDispatch,
} from '@posthorn/db';
import type { Egress } from '@posthorn/egress';
import type { DispatchJob, DueJob } from '@posthorn/queue';
import type { Logger, Metrics } from '@posthorn/telemetry';
import { createAttempts } from './attempts.js';
import { createClaims } from './claims.js';
import { type DispatchDependencies, handleDispatch } from './dispatch-job.js';
import { type DueDependencies, handleDue } from './due-job.js';
import { createEnding, type Ending } from './ending.js';
import { createGates } from './gates.js';
import { createHeapGrowth } from './heap-growth.js';
import { deliveryDefaults, limits } from './limits.js';
import { createPatience } from './patience.js';
import { createPlaces } from './places.js';
import { createRecording } from './recording.js';
import { createSlots } from './slots.js';
import { createDispatchTelling, createDueTelling } from './telling-ends.js';
import { createTenantIndexes } from './tenant-index.js';
import { type Tracing, traceDispatch } from './traced-deliveries.js';

export type DeliveringOptions = {
  readonly pool: HotPool;
  readonly egress: Egress;
  readonly secretBox: SecretBox;
  readonly clock: DatabaseClock;
  /** Which of the statistics slots (0–15) this process writes. */
  readonly slot: number;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Null: nothing is traced. */
  readonly tracing: Tracing | null;
  readonly report: (doing: string) => (error: unknown) => void;
  readonly teller: LiveTeller;
};

export type Delivering = {
  readonly handleDispatch: (job: DispatchJob) => Promise<void>;
  readonly handleDue: (job: DueJob) => Promise<void>;
  readonly start: () => Promise<void>;
  readonly ending: Pick<Ending, 'begin' | 'giveBack'>;
  /** Resolves when every request has ended and every result is committed. */
  readonly finish: () => Promise<void>;
  /** What is not done yet, in words. */
  readonly open: () => readonly string[];
  readonly stop: () => void;
  /** Whether circuits and pauses were read lately enough to begin attempts. */
  readonly fresh: () => boolean;
};

const lookForCapacityEveryMs = 5;
const noop = (): void => undefined;
const wait = (delayMs: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, delayMs));

export const createDelivering = (options: DeliveringOptions): Delivering => {
  const { pool, egress, clock, logger, metrics, tracing, report } = options;
  const breakers = createBreakerRegistry({ breakersMax: limits.breakersMax });
  const gates = createGates({
    readChanged: (sinceMs) => readChangedGates(pool, sinceMs),
    read: (webhookIds) => readGates(pool, webhookIds),
    breakers,
    onError: report('read gates'),
  });
  const tenants = createTenantIndexes({
    load: (tenantId) =>
      loadTenantWebhooks(pool, tenantId, options.secretBox, { ...deliveryDefaults, retryScheduleS: defaultRetryScheduleS }),
    onLoaded: gates.learn,
    webhooksMax: limits.webhooksMax,
    onKept: createHeapGrowth(),
  });
  const slots = createSlots(limits.slowMs);
  const places = createPlaces(limits.inlineInFlightMax);
  const patience = createPatience(limits.parkAfterMs);
  const recorder = createRecording(options, gates.follow);
  const claims = createClaims({ renew: (held) => renewClaims(pool, held, limits.claimLeaseMs), onError: report('renew claims') });
  const attempts = createAttempts(options, breakers.fire);
  const background = new Set<Promise<void>>();
  const track = (running: Promise<unknown>): void => {
    const tracked = running.then(noop, report('deliver')).finally(() => background.delete(tracked));
    background.add(tracked);
  };
  const impatience = createPatience(limits.jobHeldMs);
  let dispatches = 0;
  const giveBack = (jobs: readonly DispatchJob[]) => giveBackDispatches(pool, jobs);
  const ending = createEnding({ giveBack, onOver: slots.close, onError: report('give dispatches back') });
  const gate = {
    closedFor: (webhookId: string) => gates.closedFor(webhookId, clock.nowMs()),
    epochOf: gates.epochOf,
    mayBegin: () => gates.fresh() && ending.mayBegin(),
  };

  const dispatching: DispatchDependencies = {
    claim: (ref) => claimDispatch(pool, ref, limits.claimLeaseMs),
    existing: (ref, eventIds) => existingDeliveries(pool, ref, eventIds),
    tenants,
    gate,
    inline: {
      attempt: attempts.first,
      record: recorder.record,
      slots,
      places,
      patience,
      onParked: (reason) => metrics.deliveriesParked.inc({ reason }),
    },
    hold: claims,
    finish: recorder.finish,
    split: (dispatch) => splitDispatch(pool, dispatch, clock.newId),
    setAside: async (dispatch) => {
      logger.error({ dispatch_id: dispatch.id, claim: dispatch.claim }, 'dispatch.set_aside');
      await setAsideDispatch(pool, dispatch.id, dispatch.claim);
    },
    onEnded: createDispatchTelling(logger, metrics),
  };
  const due: DueDependencies = {
    load: (chunks) => loadChunks(pool, chunks),
    tenants,
    gate,
    attempt: attempts.leased,
    slots,
    record: recorder.record,
    report: recorder.report,
    track,
  };
  /** Nothing is claimed while as much as this worker can do is under way, or while the circuits are not known. */
  const capacity = async (): Promise<void> => {
    while (
      !ending.isBegun() &&
      (dispatches >= limits.dispatchesMax ||
        places.load() >= limits.inlineInFlightMax ||
        egress.openRequests() > limits.openRequestsMax ||
        !gates.fresh())
    )
      await wait(lookForCapacityEveryMs);
  };
  metrics.onRead(() => metrics.openRequests.set(egress.openRequests()));
  const tellDue = createDueTelling(logger);

  return {
    handleDispatch: async (job) => {
      await capacity();
      if (ending.isBegun()) return ending.leave(job);
      dispatches += 1;
      // Once it is claimed, Postgres says who works on it, so the job need not: slow endpoints in twenty dispatches would stop all others.
      await new Promise<void>((resolve) => {
        const traced = tracing === null ? dispatching : traceDispatch(tracing, dispatching);
        const running = handleDispatch(job, traced, () => impatience.watch(resolve)).finally(() => {
          dispatches -= 1;
          resolve();
        });
        track(running);
      });
    },
    handleDue: async (job) => {
      const beganAt = performance.now();
      tellDue(job, await handleDue(job.chunks, due), performance.now() - beganAt);
    },
    start: gates.start,
    ending,
    finish: async () => {
      while (background.size > 0 || egress.openRequests() > 0) {
        await Promise.all(background);
        await wait(lookForCapacityEveryMs);
      }
      await recorder.drain();
    },
    open: () => openWords({ requests: egress.openRequests(), work: background.size, 'results to commit': recorder.waiting() }),
    stop: () => {
      claims.stop();
      gates.stop();
      patience.stop();
      impatience.stop();
      breakers.shutdown();
    },
    fresh: gates.fresh,
  };
};

// The flush's SQL names these by number.
if (attemptKindCodes.probe !== 2 || attemptKindCodes.retry !== 1) throw new Error('the flush counts probes and retries by their codes');
