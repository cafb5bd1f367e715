// What the API counts: requests and events of keys, and failed sign-ins of addresses.
import { openCounters, type QueueLocation } from '@posthorn/queue';
import { limits } from '../limits.js';
import { createQuota, type Quota } from './quota.js';
import { createSignIns, type SignIns, uncountedSignIns } from './sign-ins.js';

export type RateLimits = {
  /** Requests of a key a second, of all but publishing; 0: unlimited. */
  readonly managementRequestsPerS: number;
  /** Events that a key publishes a second; 0: unlimited. */
  readonly publishEventsPerS: number;
  /** Default 1: a longer window has as much more in it. */
  readonly windowS?: number;
};

export type Limiting = {
  /** null: unlimited. */
  readonly requests: Quota | null;
  readonly events: Quota | null;
  readonly signIns: SignIns;
  /** Resolves when processes count together, or after a while. */
  readonly ready: () => Promise<void>;
  readonly close: () => void;
};

export const unlimited: Limiting = {
  requests: null,
  events: null,
  signIns: uncountedSignIns,
  ready: async () => undefined,
  close: () => undefined,
};

export const openLimiting = (rates: RateLimits, queue: QueueLocation, onError: (error: Error) => void): Limiting => {
  const counters = openCounters(queue, onError);
  const { windowS = 1 } = rates;
  const quotaOf = (name: string, perS: number): Quota | null => {
    if (perS === 0) return null;
    const counter = counters.counter({ name, windowS, namesMax: limits.keysMax });
    return createQuota({ counter, name, max: Math.max(1, Math.round(perS * windowS)), windowS });
  };
  return {
    requests: quotaOf('requests', rates.managementRequestsPerS),
    events: quotaOf('events', rates.publishEventsPerS),
    signIns: createSignIns(
      counters.counter({
        name: 'failed-sign-ins',
        windowS: limits.failedSignInsWindowS,
        block: { max: limits.failedSignInsMax, blockS: limits.failedSignInsBlockS },
        namesMax: limits.addressesMax,
      }),
    ),
    ready: counters.ready,
    close: counters.close,
  };
};
