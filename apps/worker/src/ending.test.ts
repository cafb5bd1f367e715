import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import type { DispatchJob } from '@posthorn/queue';
import { fakeTime } from '../tests/fixtures.js';
import { createEnding } from './ending.js';
import { limits } from './limits.js';

beforeEach(() => {
  jest.useFakeTimers(fakeTime);
});
afterEach(() => {
  jest.useRealTimers();
});

const job = (id: string): DispatchJob => ({ id, claim: 2, firstEventId: 'a', lastEventId: 'b' });

it('lets what was taken begin for a while, then nothing', async () => {
  let isOver = false;
  const ending = createEnding({
    giveBack: async () => undefined,
    onOver: () => {
      isOver = true;
    },
    onError: () => undefined,
  });
  expect([ending.isBegun(), ending.mayBegin(), isOver]).toEqual([false, true, false]);
  ending.begin();
  await jest.advanceTimersByTimeAsync(limits.stopBeginMs - 1);
  expect([ending.isBegun(), ending.mayBegin(), isOver]).toEqual([true, true, false]);
  await jest.advanceTimersByTimeAsync(1);
  expect([ending.isBegun(), ending.mayBegin(), isOver]).toEqual([true, false, true]);
});

it('gives back what was left, all at once, and asks for nothing if nothing was', async () => {
  const given: (readonly DispatchJob[])[] = [];
  const errors: unknown[] = [];
  const ending = createEnding({
    giveBack: async (jobs) => {
      given.push([...jobs]);
      throw new Error('away');
    },
    onOver: () => undefined,
    onError: (error) => errors.push(error),
  });
  await ending.giveBack();
  expect(given).toEqual([]);
  ending.leave(job('x'));
  ending.leave(job('y'));
  await ending.giveBack();
  expect(given).toEqual([[job('x'), job('y')]]);
  // Their leases run out.
  expect(errors).toEqual([new Error('away')]);
});
