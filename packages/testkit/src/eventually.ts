// Waiting for something that happens in another process: ask again until it is so. Tests never sleep a fixed time.
import { setTimeout as delay } from 'node:timers/promises';
import { patience } from './patience.js';

export type EventuallyOptions = {
  /** Milliseconds on a quiet machine; default 10 s. */
  readonly timeoutMs?: number;
  readonly everyMs?: number;
};

/**
 * Calls the probe until it neither throws nor returns false or undefined, and returns what it returned.
 * @throws Error after `timeoutMs` with our patience, with the probe's last error as message and cause. The probe is asked at least once.
 */
export async function eventually<T>(
  probe: () => T | Promise<T>,
  { timeoutMs = 10_000, everyMs = 25 }: EventuallyOptions = {},
): Promise<Exclude<T, false | undefined>> {
  const waitedMs = timeoutMs * patience;
  const deadlineMs = performance.now() + waitedMs;
  for (;;) {
    let last: unknown;
    try {
      const value = await probe();
      if (value !== false && value !== undefined) return value as Exclude<T, false | undefined>;
      last = new Error(`the probe returned ${String(value)}`);
    } catch (error) {
      last = error;
    }
    if (performance.now() + everyMs > deadlineMs) {
      const message = last instanceof Error ? last.message : String(last);
      throw new Error(`not within ${waitedMs} ms: ${message}`, { cause: last });
    }
    await delay(everyMs);
  }
}
