import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isSameSecret } from './same-secret.js';

const text = fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units));

describe('isSameSecret', () => {
  it('says of any two texts and any two byte strings what === says, and never throws', () => {
    fc.assert(
      fc.property(text, text, (one, other) => {
        expect(isSameSecret(one, other)).toBe(one === other);
        expect(isSameSecret(one, one.slice())).toBe(true);
      }),
    );
    const bytes = fc.uint8Array();
    fc.assert(
      fc.property(bytes, bytes, (one, other) => {
        expect(isSameSecret(one, other)).toBe(Buffer.from(one).equals(other));
        expect(isSameSecret(one, Uint8Array.from(one))).toBe(true);
      }),
    );
  });

  it('sees one character more, one less, and one bit changed', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1 }), fc.nat(), fc.nat(7), (bytes, at, bit) => {
        const changed = Uint8Array.from(bytes);
        changed[at % bytes.length]! ^= 1 << bit;
        expect(isSameSecret(bytes, changed)).toBe(false);
        expect(isSameSecret(bytes, bytes.subarray(1))).toBe(false);
        expect(isSameSecret(bytes, Uint8Array.from([...bytes, 0]))).toBe(false);
      }),
    );
    for (const [one, other] of [
      ['', '\u0000'],
      ['\ud800', '\ud801'],
      ['\ud800', '\ufffd'],
      ['a', 'A'],
    ] as const)
      expect(isSameSecret(one, other)).toBe(false);
    expect(isSameSecret<string | Uint8Array>('', new Uint8Array())).toBe(false);
  });
});
