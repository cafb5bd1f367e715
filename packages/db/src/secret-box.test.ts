import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createSecretBox, encryptionKeyId, type SecretPlace } from './secret-box.js';

const key = Buffer.alloc(32, 7);
const box = createSecretBox(key);
const place: SecretPlace = { rowId: 'row', webhookId: 'webhook', purpose: 'signing' };

describe('a secret box', () => {
  it('opens what it sealed, whatever it was', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (plain) => expect(box.open(box.seal(plain, place), place)).toBe(plain)));
  });

  it('never seals the same way twice, and shows nothing of the secret', () => {
    const [one, two] = [box.seal('whsec_secret', place), box.seal('whsec_secret', place)];
    expect(one.iv.equals(two.iv)).toBe(false);
    expect(one.ciphertext.equals(two.ciphertext)).toBe(false);
    expect(one.ciphertext.includes('whsec')).toBe(false);
  });

  it.each<[string, SecretPlace]>([
    ['row', { ...place, rowId: 'other' }],
    ['webhook', { ...place, webhookId: 'other' }],
    ['purpose', { ...place, purpose: 'headers' }],
  ])('does not open what was moved to another %s', (_, other) => {
    const sealed = box.seal('secret', place);
    expect(() => box.open(sealed, other)).toThrow();
  });

  it('does not open with another key, and names the keys where they are known', () => {
    const sealed = box.seal('secret', place);
    const other = createSecretBox(Buffer.alloc(32, 8));
    expect(() => other.open(sealed, place)).toThrow(`sealed with key ${box.keyId}, not with ${other.keyId}`);
    expect(() => other.open({ ...sealed, keyId: other.keyId }, place)).toThrow(/authenticate/);
  });

  it('does not open what was changed in any byte, or cut anywhere', () => {
    for (const plain of ['', 'secret']) {
      const sealed = box.seal(plain, place);
      for (let i = 0; i < sealed.ciphertext.length; i++) {
        const ciphertext = Buffer.from(sealed.ciphertext);
        ciphertext[i]! ^= 1;
        expect(() => box.open({ ...sealed, ciphertext }, place)).toThrow();
        expect(() => box.open({ ...sealed, ciphertext: sealed.ciphertext.subarray(0, i) }, place)).toThrow();
      }
      for (let i = 0; i < sealed.iv.length; i++) {
        const iv = Buffer.from(sealed.iv);
        iv[i]! ^= 1;
        expect(() => box.open({ ...sealed, iv }, place)).toThrow();
      }
    }
  });

  it('names a key without showing it', () => {
    expect(encryptionKeyId(key)).toMatch(/^[0-9a-f]{8}$/);
    expect(encryptionKeyId(key)).not.toBe(encryptionKeyId(Buffer.alloc(32, 8)));
  });
});
