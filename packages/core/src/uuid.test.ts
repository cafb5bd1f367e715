import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isUuid, objectIdOf, uuidv7, uuidv7TimeMs } from './uuid.js';

const timeMs = fc.integer({ min: 0, max: 2 ** 48 - 1 });
const random = fc.uint8Array({ minLength: 10, maxLength: 16 });

describe('uuidv7', () => {
  it('agrees with the example of RFC 9562, appendix A.6', () => {
    const id = uuidv7(0x017f22e279b0, Uint8Array.from([0x0c, 0xc3, 0x18, 0xc4, 0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f]));
    expect(id).toBe('017f22e2-79b0-7cc3-98c4-dc0c0c07398f');
  });

  it('gives its time back, is canonical, and has version 7 and the right variant', () => {
    fc.assert(
      fc.property(timeMs, random, (atMs, bytes) => {
        const id = uuidv7(atMs, bytes);
        expect(uuidv7TimeMs(id)).toBe(atMs);
        expect(isUuid(id)).toBe(true);
        expect(id).toMatch(/^.{14}7.{4}[89ab]/);
      }),
    );
  });

  it('has an object id: its seconds, then bytes of its randomness', () => {
    expect(objectIdOf('017f22e2-79b0-7cc3-98c4-dc0c0c07398f')).toBe(`${Math.floor(0x017f22e279b0 / 1000).toString(16)}98c4dc0c0c07398f`);
    fc.assert(
      fc.property(timeMs, random, (atMs, bytes) => {
        expect(objectIdOf(uuidv7(atMs, bytes))).toMatch(/^[0-9a-f]{24}$/);
      }),
    );
  });

  it('keeps the order of time as the order of text', () => {
    fc.assert(
      fc.property(timeMs, timeMs, random, random, (a, b, first, second) => {
        fc.pre(a < b);
        expect(uuidv7(a, first) < uuidv7(b, second)).toBe(true);
      }),
    );
  });

  it('keeps 74 bits of the randomness', () => {
    expect(uuidv7(0, new Uint8Array(10).fill(0xff))).toBe('00000000-0000-7fff-bfff-ffffffffffff');
    expect(uuidv7(0, new Uint8Array(10))).toBe('00000000-0000-7000-8000-000000000000');
  });

  it.each([-1, 0.5, Number.NaN, 2 ** 48])('refuses the time %p', (atMs) => {
    expect(() => uuidv7(atMs, new Uint8Array(10))).toThrow(RangeError);
  });

  it('refuses too little randomness', () => {
    expect(() => uuidv7(0, new Uint8Array(9))).toThrow(RangeError);
  });
});

describe('isUuid', () => {
  it.each(['', '017F22E2-79B0-7CC3-98C4-DC0C0C07398F', '017f22e279b07cc398c4dc0c0c07398f', '017f22e2-79b0-7cc3-98c4-dc0c0c07398f\n'])(
    'refuses %p',
    (text) => {
      expect(isUuid(text)).toBe(false);
    },
  );
});
