import { describe, expect, it } from '@jest/globals';
import { retryAfterMs } from './retry-after.js';

const nowMs = Date.parse('1994-11-06T08:48:37Z');

describe('retryAfterMs', () => {
  it.each([
    ['120', 120_000],
    [' 0 ', 0],
    ['Sun, 06 Nov 1994 08:49:37 GMT', 60_000],
    ['Sunday, 06-Nov-94 08:49:37 GMT', 60_000],
    ['Sun Nov  6 08:49:37 1994', 60_000],
    ['Sun, 06 Nov 1994 08:00:00 GMT', 0],
    ['9'.repeat(400), Number.POSITIVE_INFINITY],
  ])('reads %.40p as %p ms', (value, expected) => {
    expect(retryAfterMs(value, nowMs)).toBe(expected);
  });

  it.each([
    ['Sunday, 06-Nov-44 00:00:00 GMT', '2044-11-06T00:00:00Z'],
    ['Monday, 06-Nov-45 00:00:00 GMT', null],
    ['Saturday, 01-Jan-00 00:00:00 GMT', '2000-01-01T00:00:00Z'],
    ['Friday, 01-Jan-93 00:00:00 GMT', null],
  ])('takes the two digits of %p as a year of at most 50 years ahead', (value, expected) => {
    expect(retryAfterMs(value, nowMs)).toBe(expected === null ? 0 : Date.parse(expected) - nowMs);
  });

  it.each([
    '',
    'soon',
    '-1',
    '1.5',
    '1e3',
    '0x10',
    'Sun, 06 Nov 1994 24:49:37 GMT',
    'Sun, 06 Nov 1994 08:49:37 CET',
    '1994-11-06T08:49:37Z',
  ])('does not understand %p', (value) => {
    expect(retryAfterMs(value, nowMs)).toBeNull();
  });
});
