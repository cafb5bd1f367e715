// What keeps Postgres from growing without bound: a loop of its own beside the scheduler's, in the worker whose scheduler is active, since nothing that is
// to be fed may wait for a lock that somebody holds on a day of last month. Each step is right with two at once.
import {
  closePartitions,
  type Dropping,
  dropOldPartitions,
  endOldDispatches,
  expireDeliveries,
  forgetHistory,
  type HotPool,
  moveKeptFrom,
  tellExpired,
  warnOfExpiry,
} from '@posthorn/db';
import type { Logger, Metrics } from '@posthorn/telemetry';
import { limits } from './limits.js';
import { createLoop, type Loop } from './loop.js';

const bounds = limits.retention;

export type RetentionDependencies = {
  readonly isActive: () => boolean;
  /** Gives up the events that are too old; returns the first id that is kept. */
  readonly moveKeptFrom: () => Promise<string>;
  /** Ends waiting deliveries of what is given up; returns how many. */
  readonly expire: (keptFrom: string) => Promise<number>;
  /** Ends dispatches of what is given up; returns of how many events. */
  readonly endDispatches: (keptFrom: string) => Promise<number>;
  /** Tells what has expired; returns of how many webhooks. */
  readonly tell: () => Promise<number>;
  /** Tells what is about to expire; returns of how many webhooks. */
  readonly warn: () => Promise<number>;
  readonly drop: () => Promise<Dropping>;
  readonly close: () => Promise<number>;
  /** Deletes history that is too old; returns the most rows of a table. */
  readonly forget: () => Promise<number>;
  readonly onExpired: (kind: 'delivery' | 'event', count: number) => void;
  readonly onDropping: (dropping: Dropping) => void;
  readonly onError: (error: unknown) => void;
};

/** Looks every minute; what is full is gone on with at once. A step that fails does not keep the others from their turn. */
export const createRetention = (dependencies: RetentionDependencies): Loop => {
  let endAt = performance.now();
  let tidyAt = performance.now();

  const attempted = (step: Promise<boolean>): Promise<boolean> =>
    step.catch((error: unknown) => {
      dependencies.onError(error);
      return false;
    });

  /** True: there is more to end. */
  const end = async (): Promise<boolean> => {
    const keptFrom = await dependencies.moveKeptFrom();
    const ended = await dependencies.expire(keptFrom);
    if (ended > 0) dependencies.onExpired('delivery', ended);
    const events = await dependencies.endDispatches(keptFrom);
    if (events > 0) dependencies.onExpired('event', events);
    // What goes together is told together: once all of it has been ended.
    const more = ended >= bounds.endRowsMax || events > 0 || (await dependencies.tell()) >= bounds.webhooksMax;
    endAt = performance.now() + (more ? 0 : bounds.endEveryMs);
    return more;
  };

  const tidy = async (): Promise<boolean> => {
    const warned = await dependencies.warn();
    const closed = await dependencies.close();
    const forgotten = await dependencies.forget();
    const more = warned >= bounds.webhooksMax || closed >= bounds.partitionsMax || forgotten >= bounds.forgetRowsMax;
    tidyAt = performance.now() + (more ? 0 : bounds.tidyEveryMs);
    return more;
  };

  const round = async (): Promise<boolean> => {
    if (!dependencies.isActive()) return false;
    const now = performance.now();
    let more = false;
    if (now >= endAt) {
      // What fails is tried again in the next round.
      endAt = now + bounds.roundMs;
      more = await attempted(end());
    }
    if (now >= tidyAt) {
      tidyAt = now + bounds.roundMs;
      more = (await attempted(tidy())) || more;
    }
    if (more) return true;
    return attempted(
      dependencies.drop().then((dropping) => {
        dependencies.onDropping(dropping);
        return dropping.dropped.length > 0 && dropping.kept === null;
      }),
    );
  };

  return createLoop({
    round,
    restMs: () => (dependencies.isActive() ? bounds.roundMs : bounds.idleMs),
    onError: dependencies.onError,
  });
};

export type RetentionOptions = {
  readonly pool: HotPool;
  readonly isActive: () => boolean;
  readonly retentionDays: number;
  readonly idempotencyHours: number;
  /** Which of the statistics slots (0–15) this process writes. */
  readonly slot: number;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly report: (doing: string) => (error: unknown) => void;
};

/** The same on this worker's Postgres. */
export const createRetentionOn = (options: RetentionOptions): Loop => {
  const { pool, isActive, retentionDays, idempotencyHours, slot, logger, metrics, report } = options;
  // A report that is read for hours is told of once.
  let keptTold: string | null = null;
  return createRetention({
    isActive,
    moveKeptFrom: () => moveKeptFrom(pool, retentionDays),
    expire: (keptFrom) => expireDeliveries(pool, keptFrom, bounds.endRowsMax, slot),
    endDispatches: (keptFrom) => endOldDispatches(pool, keptFrom, bounds.dispatchesMax),
    tell: () => tellExpired(pool, bounds.webhooksMax),
    warn: () => warnOfExpiry(pool, retentionDays, bounds.webhooksMax),
    drop: () => dropOldPartitions(pool, idempotencyHours, slot),
    close: () => closePartitions(pool, bounds.partitionsMax),
    forget: () => forgetHistory(pool, retentionDays, bounds.forgetRowsMax),
    onExpired: (kind, count) => {
      if (kind === 'delivery') metrics.deliveriesExpired.inc(count);
      logger.warn({ kind, count }, 'retention.expired');
    },
    onDropping: ({ dropped, kept }) => {
      for (const partition of dropped) logger.info({ partition }, 'retention.dropped');
      if (kept !== null && kept.partition !== keptTold) logger.warn({ partition: kept.partition, reason: kept.why }, 'retention.waits');
      keptTold = kept?.partition ?? null;
    },
    onError: report('keep what is to be kept'),
  });
};
