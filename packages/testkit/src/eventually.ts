// Waiting for something that happens in another process: ask again until it is so. Tests never sleep a fixed time.
import { setTimeout as delay } from 'node:timers/promises';

export type EventuallyOptions = { readonly timeoutMs?: number; readonly everyMs?: number };

/**
 * Calls the probe until it neither throws nor returns false or undefined, and returns what it returned.
 * @throws Error after `timeoutMs` (10 s), with the probe's last error as message and cause. The probe is asked at least once.
 */
export async function eventually<T>(
  probe: () => T | Promise<T>,
  { timeoutMs = 10_000, everyMs = 25 }: EventuallyOptions = {},
): Promise<Exclude<T, false | undefined>> {
  const deadlineMs = performance.now() + timeoutMs;
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
      throw new Error(`not within ${timeoutMs} ms: ${message}`, { cause: last });
    }
    await delay(everyMs);
  }
}
