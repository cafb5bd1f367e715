// For what must be so within a bound: how long it was not, told by when requests began, which a slow machine does not change.
import { eventually } from '@posthorn/testkit';

/**
 * Asks again and again until it is answered with the status; resolves with when the last request began that was answered otherwise, as
 * `performance.now()`; 0: none was.
 */
export const lastBefore = async (status: number, ask: () => Promise<{ readonly status: number }>): Promise<number> => {
  let lastAt = 0;
  await eventually(
    async () => {
      const at = performance.now();
      const isSo = (await ask()).status === status;
      if (!isSo) lastAt = at;
      return isSo;
    },
    { timeoutMs: 30_000, everyMs: 20 },
  );
  return lastAt;
};
