import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { hashApiKey, newApiKey, readApiKey } from './api-key.js';

const mode = fc.constantFrom('live' as const, 'test' as const);
const idBytes = fc.uint8Array({ minLength: 8, maxLength: 16 });
const secretBytes = fc.uint8Array({ minLength: 20, maxLength: 32 });

describe('newApiKey', () => {
  it('makes keys that are read back', () => {
    fc.assert(
      fc.property(mode, idBytes, secretBytes, (keyMode, randomId, randomSecret) => {
        const { key, publicId } = newApiKey(keyMode, randomId, randomSecret);
        expect(key).toMatch(new RegExp(`^ph_${keyMode}_${publicId}_[0-9A-Za-z]+$`));
        expect(readApiKey(key)).toEqual({ form: 'made', mode: keyMode, publicId });
      }),
    );
  });

  it('ends with the CRC-32 of what stands before it, in base62', () => {
    const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
    const { key } = newApiKey('live', new Uint8Array(8).fill(9), new Uint8Array(20).fill(200));
    const checksum = [...key.slice(-6)].reduce((sum, digit) => sum * 62 + digits.indexOf(digit), 0);
    expect(checksum).toBe(crc32(key.slice(0, -6)));
  });

  it('is no longer a made key after any one character changed', () => {
    const { key } = newApiKey('test', new Uint8Array(8).fill(1), new Uint8Array(24).fill(2));
    for (let at = 0; at < key.length; at++) {
      const changed = key.slice(0, at) + (key[at] === 'a' ? 'b' : 'a') + key.slice(at + 1);
      expect(readApiKey(changed)?.form).not.toBe('made');
    }
  });

  it('is as long as every other of so many bytes, and refuses fewer', () => {
    const low = newApiKey('test', new Uint8Array(8), new Uint8Array(20));
    const high = newApiKey('test', new Uint8Array(8).fill(255), new Uint8Array(20).fill(255));
    expect(low.key).toHaveLength(high.key.length);
    expect(() => newApiKey('test', new Uint8Array(7), new Uint8Array(20))).toThrow(RangeError);
    expect(() => newApiKey('test', new Uint8Array(8), new Uint8Array(19))).toThrow(RangeError);
  });
});

describe('readApiKey', () => {
  it('takes a bootstrap key of 24 to 120 characters', () => {
    expect(readApiKey(`ph_live_${'a_'.repeat(12)}`)).toEqual({ form: 'bootstrap', mode: 'live' });
    expect(readApiKey(`ph_test_${'Z9'.repeat(60)}`)).toEqual({ form: 'bootstrap', mode: 'test' });
  });

  it.each([
    '',
    'ph_live_',
    `ph_live_${'a'.repeat(23)}`,
    `ph_live_${'a'.repeat(121)}`,
    `ph_prod_${'a'.repeat(24)}`,
    `ph_live_${'a'.repeat(24)}\n`,
  ])('refuses %p', (text) => {
    expect(readApiKey(text)).toBeNull();
  });
});

describe('hashApiKey', () => {
  it('is SHA-256 of the whole key', () => {
    expect(hashApiKey('ph_live_x')).toEqual(createHash('sha256').update('ph_live_x').digest());
  });
});
