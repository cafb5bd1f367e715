import { describe, expect, it } from '@jest/globals';
import { expiries, expiryAt } from './expiry.js';

const nowMs = Date.parse('2026-01-01T00:00:00.000Z');

describe('the end of a new key', () => {
  it.each([
    ['never', null],
    ['1d', '2026-01-02T00:00:00.000Z'],
    ['365d', '2027-01-01T00:00:00.000Z'],
    ['at', '2026-06-01T12:00:00.000Z'],
  ])('that expires %p is %p', (expiry, expected) => {
    expect(expiryAt(expiry, '2026-06-01T12:00:00.000Z', nowMs)).toBe(expected);
  });

  it('is known for every choice that is offered', () => {
    const never = expiries.filter(({ value }) => expiryAt(value, 'a time', nowMs) === null);
    expect(never.map(({ value }) => value)).toEqual(['never']);
  });
});
