// Counting by name in windows of time: together with all processes where the queue is on Redis, each for itself where it is on Postgres. While
// Redis is away, and for a while after, each process counts for itself too: a count is never worth waiting for.
import { setTimeout } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import type { QueueLocation } from './backend.js';
import { openRedisClient } from './redis-client.js';

/** What stands to the count of a name in its window, and how long that still is. */
export type Counted = { readonly count: number; readonly resetMs: number };

export type WindowCounter = {
  /** Adds to the count of a name; its window begins with the first. Never rejects. */
  readonly add: (name: string, points: number) => Promise<Counted>;
};

export type CounterOptions = {
  /** Tells counters apart; processes share those of one name. */
  readonly name: string;
  readonly windowS: number;
  /** A count above `max` stands for `blockS` from then on. */
  readonly block?: { readonly max: number; readonly blockS: number };
  /** Names that a process remembers for itself; beyond, those that were counted longest ago begin anew. */
  readonly namesMax: number;
};

export type Counters = {
  readonly counter: (options: CounterOptions) => WindowCounter;
  /** Resolves when Redis answers, or after 2 s. */
  readonly ready: () => Promise<void>;
  readonly close: () => void;
};

/** A command that takes longer failed; then Redis is not asked for a while. */
const commandTimeoutMs = 1_000;
const pauseMs = 5_000;
const readyMs = 2_000;
const countMax = Number.MAX_SAFE_INTEGER;
const clientOptions = { maxRetriesPerRequest: 0, enableOfflineQueue: false, commandTimeout: commandTimeoutMs, connectTimeout: 2_000 };

type Limiter = Pick<RateLimiterMemory, 'consume'>;

/** The library refuses where we only count: what it refuses with has the count all the same. */
const addTo = async (limiter: Limiter, name: string, points: number): Promise<Counted> => {
  const counted = await limiter.consume(name, points).catch((refused: unknown) => {
    if (refused instanceof RateLimiterRes) return refused;
    throw refused;
  });
  return { count: counted.consumedPoints, resetMs: Math.max(counted.msBeforeNext, 0) };
};

const openMemory = (options: ConstructorParameters<typeof RateLimiterMemory>[0], namesMax: number): Limiter => {
  const limiter = new RateLimiterMemory(options);
  const names = new LRUCache<string, true>({
    max: namesMax,
    dispose: (_, name, reason) => {
      if (reason === 'evict') void limiter.delete(name);
    },
  });
  return {
    consume: (name, points) => {
      names.set(String(name), true);
      return limiter.consume(name, points);
    },
  };
};

/** Opens what counts; on Redis with a connection of its own. @param onError told when Redis does not answer */
export const openCounters = (location: QueueLocation, onError: (error: Error) => void): Counters => {
  const redis = location.kind === 'postgres' ? null : openRedisClient(location.url, clientOptions, onError);
  let pausedUntilMs = 0;
  return {
    counter: ({ name: counterName, windowS, block, namesMax }) => {
      const options = {
        keyPrefix: `posthorn:${counterName}`,
        points: block?.max ?? countMax,
        duration: windowS,
        ...(block !== undefined && { blockDuration: block.blockS }),
      };
      const memory = openMemory(options, namesMax);
      const shared = redis === null ? null : new RateLimiterRedis({ ...options, storeClient: redis, rejectIfRedisNotReady: true });
      return {
        add: async (name, points) => {
          if (shared === null || performance.now() < pausedUntilMs) return addTo(memory, name, points);
          try {
            return await addTo(shared, name, points);
          } catch (error) {
            pausedUntilMs = performance.now() + pauseMs;
            onError(error as Error);
            return addTo(memory, name, points);
          }
        },
      };
    },
    ready: async () => {
      if (redis === null || redis.status === 'ready') return;
      const patience = new AbortController();
      const waited = setTimeout(readyMs, undefined, { signal: patience.signal, ref: false }).catch(() => undefined);
      await Promise.race([new Promise((resolve) => redis.once('ready', resolve)), waited]);
      patience.abort();
    },
    close: () => redis?.disconnect(),
  };
};
