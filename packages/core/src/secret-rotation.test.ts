import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isSecret, secretKeyBytes, secretPrefix } from './secret.js';
import { rotatedSecret, rotationRandomBytes } from './secret-rotation.js';

const random = fc.uint8Array({ minLength: rotationRandomBytes, maxLength: rotationRandomBytes });
const whsec = fc.uint8Array({ minLength: 24, maxLength: 64 }).map((bytes) => secretPrefix + Buffer.from(bytes).toString('base64'));
const hex = fc.stringMatching(/^(?:[0-9a-f]{32}|[0-9A-F]{32})$/);
const plain = fc
  .string({ unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)), minLength: 16, maxLength: 128 })
  .filter((text) => !text.startsWith(secretPrefix));

const formOf = (secret: string): string => {
  if (secret.startsWith(secretPrefix)) return `whsec ${secretKeyBytes(secret).length}`;
  const caseOf = secret === secret.toUpperCase() ? 'capitals' : 'small';
  if (/^[0-9a-f]{32}$/i.test(secret)) return `hex ${/[a-f]/i.test(secret) ? caseOf : 'digits'}`;
  if (/^[0-9a-f-]{36}$/i.test(secret) && secret.split('-').length === 5) return `uuid ${/[a-f]/i.test(secret) ? caseOf : 'digits'}`;
  return `characters ${secret.length}`;
};

describe('a rotated secret', () => {
  it('has the form of the one before, can be given as one, and follows from the random bytes alone', () => {
    fc.assert(
      fc.property(fc.oneof(whsec, hex, fc.uuid(), plain), random, (current, bytes) => {
        const next = rotatedSecret(current, bytes);
        expect(isSecret(next)).toBe(true);
        expect(next).not.toBe(current);
        if (!formOf(current).endsWith('digits') && !formOf(next).endsWith('digits')) expect(formOf(next)).toBe(formOf(current));
        expect(rotatedSecret(current, bytes)).toBe(next);
      }),
    );
  });

  it('of a plain one is letters and digits, each as likely as the next', () => {
    const counts = new Map<string, number>();
    for (let round = 0; round < 400; round++) {
      const bytes = crypto.getRandomValues(new Uint8Array(rotationRandomBytes));
      for (const letter of rotatedSecret('~'.repeat(128), bytes)) counts.set(letter, (counts.get(letter) ?? 0) + 1);
    }
    expect([...counts.keys()].sort().join('')).toMatch(/^[0-9A-Za-z]{62}$/);
    // 51,200 characters: 826 each, and five standard deviations of that.
    for (const count of counts.values()) expect(Math.abs(count - 51_200 / 62)).toBeLessThan(150);
  });

  it('of a UUID is a random one of version 4', () => {
    fc.assert(
      fc.property(fc.uuid(), random, (current, bytes) => {
        expect(rotatedSecret(current, bytes)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i);
      }),
    );
  });

  it('of one that is too short to be given is as long as it must be', () => {
    const bytes = new Uint8Array(rotationRandomBytes).fill(7);
    expect(secretKeyBytes(rotatedSecret('whsec_plJ3nmyCDGBKInavdOK15jsl', bytes))).toHaveLength(24);
    expect(rotatedSecret('short', bytes)).toHaveLength(16);
    expect(() => rotatedSecret('short', bytes.subarray(1))).toThrow(RangeError);
  });
});
