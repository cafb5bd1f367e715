import { describe, expect, it } from '@jest/globals';
import { duration, relativeTime, shortTime } from './relative-time.js';

describe('a time', () => {
  it.each([
    [0, 'now'],
    [-1, '1 second ago'],
    [-59, '59 seconds ago'],
    [-90, '1 minute ago'],
    [7_200, 'in 2 hours'],
    [-86_400, 'yesterday'],
    [-40 * 86_400, 'last month'],
  ])('of %d s from now reads %j', (seconds, words) => {
    expect(relativeTime(1_000_000 + seconds * 1_000, 1_000_000)).toBe(words);
  });
});

describe('a duration', () => {
  it.each([
    [0.4, '0 s'],
    [59, '59 s'],
    [840, '14 min'],
    [3_600, '1 h'],
    [4_800, '1 h 20 min'],
    [3_600 + 3_599, '2 h'],
    [100_000, '1 d 3 h'],
  ])('of %d s reads %j', (seconds, words) => {
    expect(duration(seconds)).toBe(words);
  });
});

describe('an exact time', () => {
  it('leaves out what it shares with now', () => {
    const now = new Date(2026, 10, 22, 21, 5, 9).getTime();
    const [sameDay, sameYear, other] = [new Date(2026, 10, 22, 1, 2, 3), new Date(2026, 0, 2, 1, 2, 3), new Date(2025, 0, 2, 1, 2, 3)].map(
      (at) => shortTime(at.getTime(), now),
    );
    expect([sameDay, sameYear, other]).toEqual([
      expect.stringMatching(/^\d?1:02:03/),
      expect.stringMatching(/Jan 2, 0?1:02:03/),
      expect.stringMatching(/Jan 2, 2025, 0?1:02:03/),
    ]);
  });
});
