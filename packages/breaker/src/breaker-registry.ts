// An opossum breaker per webhook: the local gate, and only the gate. The circuit's state and its count of consecutive failures stand in
// the webhook's state row, where every flush of every worker writes them; opossum's own percentage rule is switched off, and the registry
// opens, half-opens and closes the breakers as the row says.
//
// What opossum costs is bounded: breakers are made lazily, no snapshots, no percentiles, one shared rotation instead of two timers each,
// and at most breakersMax of them.
import { LRUCache } from 'lru-cache';
import CircuitBreaker from 'opossum';
import { createRotation } from './rotation.js';

export type CircuitState = 'closed' | 'open' | 'half_open';

/** What a call through the gate gave: the gate's no, or the call's own result. */
export type Gated<T> = { readonly refused: true } | { readonly refused: false; readonly result: T };

export type BreakerRegistry = {
  /** Takes over the state of a webhook's row. */
  readonly follow: (webhookId: string, state: CircuitState) => void;
  /**
   * Calls if the gate is open for this call: closed circuit, or the one probe of a half-open one. `succeeded` tells opossum how the call
   * went; errors of `call` are ours and pass through.
   */
  readonly fire: <T>(webhookId: string, probe: boolean, call: () => Promise<T>, succeeded: (result: T) => boolean) => Promise<Gated<T>>;
  readonly size: () => number;
  readonly shutdown: () => void;
};

// Longer than any cool-down: when a breaker half-opens is the scheduler's decision. More would overflow Node's timers to 1 ms.
const neverResetMs = 2 ** 31 - 1;

type Call = () => Promise<unknown>;
type Breaker = CircuitBreaker<[Call], unknown>;

/** The endpoint's failure, as opossum wants to hear of it; never leaves this file. */
class FailedCall extends Error {
  constructor(readonly result: unknown) {
    super('failed call');
  }
}

/** @param breakersMax how many breakers are kept; the least recently used goes first, and is made again from the row's state */
export const createBreakerRegistry = (options: { readonly breakersMax: number }): BreakerRegistry => {
  const rotation = createRotation();
  // Only states other than closed: a breaker that is made again begins with the row's state.
  const states = new Map<string, CircuitState>();
  const breakers = new LRUCache<string, Breaker>({ max: options.breakersMax, dispose: (breaker) => breaker.shutdown() });

  const make = (state: CircuitState): Breaker =>
    new CircuitBreaker((call: Call) => call(), {
      timeout: false,
      errorThresholdPercentage: 100,
      volumeThreshold: Number.MAX_SAFE_INTEGER,
      resetTimeout: neverResetMs,
      rollingCountBuckets: 1,
      rollingPercentilesEnabled: false,
      enableSnapshots: false,
      rotateBucketController: rotation.controller,
      ...(state === 'closed' ? {} : { state: { enabled: true, closed: false, open: state === 'open', halfOpen: state === 'half_open' } }),
    } as CircuitBreaker.Options);

  const breakerOf = (webhookId: string): Breaker => {
    let breaker = breakers.get(webhookId);
    if (breaker === undefined) {
      breaker = make(states.get(webhookId) ?? 'closed');
      breakers.set(webhookId, breaker);
    }
    return breaker;
  };

  return {
    follow: (webhookId, state) => {
      if (state === (states.get(webhookId) ?? 'closed')) return;
      if (state === 'closed') states.delete(webhookId);
      else states.set(webhookId, state);
      const breaker = breakers.peek(webhookId);
      if (breaker === undefined) return;
      if (state === 'closed') breaker.close();
      else if (state === 'open') breaker.open();
      else breakers.delete(webhookId);
    },
    fire: async <T>(webhookId: string, probe: boolean, call: () => Promise<T>, succeeded: (result: T) => boolean): Promise<Gated<T>> => {
      // A probe is the scheduler's permission, so it passes a gate that has not heard of it yet, and one that an earlier probe has shut:
      // that one may have told nothing of the endpoint, and then the row stays half open for the next.
      if (probe) {
        states.set(webhookId, 'half_open');
        breakers.delete(webhookId);
      }
      // Everything but the one probe is refused by a half-open circuit.
      if (!probe && states.get(webhookId) === 'half_open') return { refused: true };
      const checked = async (): Promise<T> => {
        const result = await call();
        if (!succeeded(result)) throw new FailedCall(result);
        return result;
      };
      try {
        return { refused: false, result: (await breakerOf(webhookId).fire(checked)) as T };
      } catch (error) {
        if (error instanceof FailedCall) return { refused: false, result: error.result as T };
        if ((error as { code?: string }).code === 'EOPENBREAKER') return { refused: true };
        throw error;
      }
    },
    size: () => breakers.size,
    shutdown: () => {
      breakers.clear();
      rotation.stop();
    },
  };
};
