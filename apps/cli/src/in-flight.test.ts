import { describe, expect, it } from '@jest/globals';
import { runInFlight } from './in-flight.js';

describe('runs in flight', () => {
  it('are begun in order, each once, and never more at once than allowed', async () => {
    const begun: number[] = [];
    let running = 0;
    let runningMost = 0;
    await runInFlight(50, 4, async (index) => {
      begun.push(index);
      runningMost = Math.max(runningMost, ++running);
      await new Promise((resolve) => setImmediate(resolve));
      running--;
    });
    expect(begun).toEqual(Array.from({ length: 50 }, (_, index) => index));
    expect(runningMost).toBe(4);
  });

  it('stop at the first failure, which is thrown after those under way have ended', async () => {
    const begun: number[] = [];
    let running = 0;
    const runs = runInFlight(50, 4, async (index) => {
      begun.push(index);
      running++;
      await new Promise((resolve) => setImmediate(resolve));
      running--;
      if (index === 1) throw new Error('the second failed');
    });
    await expect(runs).rejects.toThrow('the second failed');
    expect(running).toBe(0);
    expect(begun.length).toBeLessThan(10);
  });
});
