import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { FinishedDispatch } from '@posthorn/db';
import { defer, fakeTime } from '../tests/fixtures.js';
import { createClaims } from './claims.js';
import { limits } from './limits.js';

beforeEach(() => {
  jest.useFakeTimers(fakeTime);
});
afterEach(() => {
  jest.useRealTimers();
});

const pass = (ms: number) => jest.advanceTimersByTimeAsync(ms);
const { claimLeaseMs, claimRenewMs } = limits;

const open = (renew: (asked: readonly FinishedDispatch[]) => Promise<ReadonlySet<string>>) => {
  const asked: string[][] = [];
  const errors: unknown[] = [];
  const claims = createClaims({
    renew: (held) => {
      asked.push(held.map(({ id, claim }) => `${id}-${claim}`));
      return renew(held);
    },
    onError: (error) => errors.push(error),
  });
  return { claims, asked, errors };
};
const allOf = async (asked: readonly FinishedDispatch[]) => new Set(asked.map((each) => each.id));

describe('the claims of a worker', () => {
  it('hold as long as they are renewed, all in one question', async () => {
    const { claims, asked } = open(allOf);
    const held = [claims.add('a', 1, performance.now()), claims.add('b', 2, performance.now())];
    for (let i = 0; i < 10; i++) {
      await pass(claimRenewMs);
      expect(held.map((claim) => claim.holds())).toEqual([true, true]);
    }
    expect(asked).toHaveLength(10);
    expect(asked[0]).toEqual(['a-1', 'b-2']);
    claims.stop();
    await pass(60_000);
    expect([asked.length, jest.getTimerCount()]).toEqual([10, 0]);
  });

  it('are counted from before the claim was asked for, on the monotonic clock', async () => {
    const { claims } = open(async () => {
      throw new Error('gone');
    });
    const askedAt = performance.now();
    await pass(1_000);
    const claim = claims.add('a', 1, askedAt);
    await pass(claimLeaseMs - 1_001);
    expect(claim.holds()).toBe(true);
    await pass(1);
    expect(claim.holds()).toBe(false);
    claims.stop();
  });

  it('end at once when the database says that they are somebody else’s', async () => {
    const { claims } = open(async () => new Set(['b']));
    const [a, b] = [claims.add('a', 1, performance.now()), claims.add('b', 1, performance.now())];
    await pass(claimRenewMs);
    expect([a.holds(), b.holds()]).toEqual([false, true]);
    claims.stop();
  });

  it('are renewed from when the question was asked, and by one question at a time', async () => {
    const answer = defer<ReadonlySet<string>>();
    const { claims, asked } = open(() => answer.promise);
    const claim = claims.add('a', 1, performance.now());
    await pass(claimRenewMs + 5_000);
    expect(asked).toHaveLength(1);
    answer.resolve(new Set(['a']));
    await pass(0);
    // Asked at 2.5 s, so it holds until 10.5 s however late the answer came.
    await pass(claimLeaseMs - 5_000 - 1);
    expect(claim.holds()).toBe(true);
    claims.stop();
    await pass(claimLeaseMs);
    expect(claim.holds()).toBe(false);
  });

  it('say when they could not be renewed, and go on trying', async () => {
    let down = true;
    const { claims, errors } = open(async (held) => {
      if (down) throw new Error('gone');
      return allOf(held);
    });
    const claim = claims.add('a', 1, performance.now());
    await pass(2 * claimRenewMs);
    expect(errors).toEqual([new Error('gone'), new Error('gone')]);
    down = false;
    await pass(claimRenewMs);
    await pass(claimLeaseMs - claimRenewMs);
    expect(claim.holds()).toBe(true);
    claims.stop();
  });

  it('are not renewed once they are given up', async () => {
    const { claims, asked } = open(allOf);
    const claim = claims.add('a', 1, performance.now());
    claims.remove(claim);
    await pass(2 * claimRenewMs);
    expect(asked).toEqual([]);
    claims.stop();
  });

  it('outlive an older claim of the same dispatch, whose handler ends later', async () => {
    const { claims, asked } = open(allOf);
    const older = claims.add('a', 1, performance.now());
    const newer = claims.add('a', 2, performance.now());
    claims.remove(older);
    await pass(claimLeaseMs + claimRenewMs);
    expect(asked[0]).toEqual(['a-2']);
    expect(newer.holds()).toBe(true);
    claims.stop();
  });
});
