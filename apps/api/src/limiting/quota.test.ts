import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { ProblemError } from '@posthorn/core';
import type { WindowCounter } from '@posthorn/queue';
import fc from 'fast-check';
import { createQuota, type Quota } from './quota.js';

afterEach(() => {
  jest.restoreAllMocks();
});

/** Counts as several processes do together; `windowMs` of a clock that the test moves. */
const sharedCounter = (clock: { nowMs: number }, windowMs = 1_000) => {
  const counts = new Map<string, { count: number; endsAtMs: number }>();
  let asked = 0;
  const counter: WindowCounter = {
    add: async (name, points) => {
      asked += 1;
      let window = counts.get(name);
      if (window === undefined || window.endsAtMs <= clock.nowMs) window = { count: 0, endsAtMs: clock.nowMs + windowMs };
      counts.set(name, window);
      window.count += points;
      return { count: window.count, resetMs: window.endsAtMs - clock.nowMs };
    },
  };
  return { counter, asked: () => asked };
};
const world = (max: number, processes: number) => {
  const clock = { nowMs: 1_000 };
  jest.spyOn(performance, 'now').mockImplementation(() => clock.nowMs);
  const shared = sharedCounter(clock);
  const quotas = Array.from({ length: processes }, () => createQuota({ counter: shared.counter, name: 'requests', max, windowS: 1 }));
  return { clock, quotas: quotas as [Quota, ...Quota[]], asked: shared.asked };
};
/** Whether it was let through. */
const taken = async (quota: Quota, key: string, points = 1): Promise<boolean> => {
  try {
    await quota.take(key, points);
    return true;
  } catch (error) {
    expect(error).toBeInstanceOf(ProblemError);
    expect((error as ProblemError).code).toBe('rate_limited');
    return false;
  }
};
const countTaken = async (tries: readonly Promise<boolean>[]): Promise<number> => (await Promise.all(tries)).filter(Boolean).length;

describe('a quota', () => {
  it.each([1, 7, 20, 100, 1_000])('of %i lets exactly as many through of ten times as many, whoever asks', async (max) => {
    const { quotas, clock } = world(max, 2);
    for (let window = 0; window < 3; window++) {
      expect(await countTaken(Array.from({ length: 10 * max }, (_, index) => taken(quotas[index % 2] as Quota, 'a')))).toBe(max);
      clock.nowMs += 1_000;
    }
  });

  it('is each key’s own', async () => {
    const { quotas } = world(5, 1);
    expect(await countTaken(Array.from({ length: 50 }, () => taken(quotas[0], 'a')))).toBe(5);
    expect(await countTaken(Array.from({ length: 50 }, () => taken(quotas[0], 'b')))).toBe(5);
  });

  it('asks others seldom, and not at all once it is used up', async () => {
    const { quotas, asked } = world(1_000, 1);
    for (let index = 0; index < 5_000; index++) await taken(quotas[0], 'a');
    expect(asked()).toBeLessThanOrEqual(21);
  });

  it('waits for nothing while its share lasts', async () => {
    const { quotas } = world(1_000, 1);
    await quotas[0].take('a', 1);
    for (let index = 0; index < 49; index++) expect(quotas[0].take('a', 1)).toBeUndefined();
  });

  it('gives all of what is asked for or nothing, and keeps what was too little for another', async () => {
    const { quotas } = world(10, 1);
    expect(await taken(quotas[0], 'a', 8)).toBe(true);
    expect(await taken(quotas[0], 'a', 3)).toBe(false);
    expect(await taken(quotas[0], 'a', 2)).toBe(true);
    expect(await taken(quotas[0], 'a', 1)).toBe(false);
  });

  it('says after how many seconds there is more, and of what', async () => {
    const { quotas, clock } = world(1, 1);
    await quotas[0].take('a', 1);
    clock.nowMs += 400;
    const refusal = await Promise.resolve()
      .then(() => quotas[0].take('a', 1))
      .catch((error: ProblemError) => error);
    expect(refusal).toMatchObject({
      status: 429,
      headers: { 'retry-after': '1', 'ratelimit-policy': '"requests";q=1;w=1', ratelimit: '"requests";r=0;t=1' },
    });
  });

  it('never lets more through in a window, whatever is asked for when', async () => {
    const step = fc.record({
      process: fc.integer({ min: 0, max: 2 }),
      points: fc.integer({ min: 1, max: 12 }),
      waitMs: fc.integer({ min: 0, max: 300 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 40 }), fc.array(step, { maxLength: 60 }), async (max, steps) => {
        const { quotas, clock } = world(max, 3);
        const let_: { atMs: number; points: number }[] = [];
        for (const { process, points, waitMs } of steps) {
          clock.nowMs += waitMs;
          if (await taken(quotas[process] as Quota, 'a', points)) let_.push({ atMs: clock.nowMs, points });
        }
        // Fixed windows: two of them meet in any second.
        for (const { atMs } of let_) {
          const within = let_.filter((each) => each.atMs >= atMs && each.atMs < atMs + 1_000);
          expect(within.reduce((sum, { points }) => sum + points, 0)).toBeLessThanOrEqual(2 * max);
        }
      }),
    );
  });
});
