import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { fakeTime } from '../tests/fixtures.js';
import { createPatience } from './patience.js';

beforeEach(() => {
  jest.useFakeTimers(fakeTime);
});
afterEach(() => {
  jest.useRealTimers();
});

describe('patience', () => {
  it('is lost once, not before its time and at most a tick later, in order', () => {
    const patience = createPatience(500);
    const lost: string[] = [];
    patience.watch(() => lost.push('a'));
    jest.advanceTimersByTime(110);
    patience.watch(() => lost.push('b'));
    jest.advanceTimersByTime(389);
    expect(lost).toEqual([]);
    jest.advanceTimersByTime(26);
    expect(lost).toEqual(['a']);
    jest.advanceTimersByTime(110);
    expect(lost).toEqual(['a', 'b']);
    jest.advanceTimersByTime(5_000);
    expect(lost).toEqual(['a', 'b']);
  });

  it('has no timer while there is nothing to watch, and one again after', () => {
    const patience = createPatience(500);
    let lost = 0;
    const lose = () => {
      lost += 1;
      if (lost === 1) patience.watch(lose);
    };
    patience.watch(lose);
    jest.advanceTimersByTime(1_100);
    expect([lost, jest.getTimerCount()]).toEqual([2, 0]);
    patience.watch(lose);
    jest.advanceTimersByTime(600);
    expect([lost, jest.getTimerCount()]).toEqual([3, 0]);
    patience.watch(lose);
    patience.stop();
    expect(jest.getTimerCount()).toBe(0);
  });
});
