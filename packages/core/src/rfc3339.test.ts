import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { formatRfc3339, parseRfc3339 } from './rfc3339.js';

describe('parseRfc3339', () => {
  it('reads back what is written', () => {
    const timeMs = fc.integer({ min: Date.parse('0001-01-01T00:00:00Z'), max: Date.parse('9999-12-31T23:59:59.999Z') });
    fc.assert(fc.property(timeMs, (atMs) => expect(parseRfc3339(formatRfc3339(atMs))).toBe(atMs)));
  });

  it.each([
    ['1985-04-12T23:20:50.52Z', '1985-04-12T23:20:50.520Z'],
    ['1996-12-19T16:39:57-08:00', '1996-12-20T00:39:57.000Z'],
    ['1990-12-31T23:59:60Z', '1991-01-01T00:00:00.000Z'],
    ['1937-01-01T12:00:27.87+00:20', '1937-01-01T11:40:27.870Z'],
    ['2024-02-29t00:00:00.123456z', '2024-02-29T00:00:00.123Z'],
  ])('reads %p as %p', (text, expected) => {
    expect(formatRfc3339(parseRfc3339(text)!)).toBe(expected);
  });

  it.each([
    '',
    '2025-01-31',
    '2025-01-31T12:00:00',
    '2025-02-29T12:00:00Z',
    '2025-13-01T12:00:00Z',
    '2025-00-01T12:00:00Z',
    '2025-01-00T12:00:00Z',
    '2025-01-31T24:00:00Z',
    '2025-01-31T12:60:00Z',
    '2025-01-31T12:00:61Z',
    '2025-01-31T12:00:00.Z',
    '2025-01-31T12:00:00+24:00',
    '0000-01-01T00:00:00Z',
    '0001-01-01T00:00:00+01:00',
    '+02025-01-31T12:00:00Z',
    '2025-01-31T12:00:00Z\n',
  ])('refuses %p', (text) => {
    expect(parseRfc3339(text)).toBeNull();
  });
});
