import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createKeyRing, encryptionKeyId } from './key-ring.js';
import { createSecretBox, type SealedSecret, type SecretPlace } from './secret-box.js';

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
    const otherId = encryptionKeyId(Buffer.alloc(32, 8));
    expect(() => other.open(sealed, place)).toThrow(`sealed with key ${encryptionKeyId(key)}, not with ${otherId}`);
    expect(() => other.open({ ...sealed, keyId: otherId }, place)).toThrow(/authenticate/);
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

  it('does not open what was swapped for another in whole or in part, nor what is not of its length', () => {
    const keys = fc.constantFrom(key, Buffer.alloc(32, 8));
    const places = fc.record({
      rowId: fc.constantFrom('row', 'other'),
      webhookId: fc.constantFrom('webhook', 'other', 'row'),
      purpose: fc.constantFrom<SecretPlace['purpose']>('signing', 'authentication', 'headers'),
    });
    const one = fc.record({ sealedWith: keys, sealedFor: places, plain: fc.string({ maxLength: 8 }) });
    const ring = createSecretBox(createKeyRing(key, Buffer.alloc(32, 8)));
    const parts = ['keyId', 'iv', 'ciphertext'] as const;
    fc.assert(
      fc.property(one, one, fc.subarray([...parts], { minLength: 1 }), (first, second, swapped) => {
        const [a, b] = [first, second].map(({ sealedWith, sealedFor, plain }) => createSecretBox(sealedWith).seal(plain, sealedFor));
        const mixed = Object.fromEntries(parts.map((part) => [part, (swapped.includes(part) ? b : a)![part]])) as SealedSecret;
        const isOf = (sealed: SealedSecret): boolean => parts.every((part) => mixed[part] === sealed[part]);
        const isHome = JSON.stringify(second.sealedFor) === JSON.stringify(first.sealedFor);
        const plain = isOf(a!) ? first.plain : isOf(b!) && isHome ? second.plain : null;
        if (plain === null) expect(() => ring.open(mixed, first.sealedFor)).toThrow();
        else expect(ring.open(mixed, first.sealedFor)).toBe(plain);
      }),
      { numRuns: 2_000 },
    );
    fc.assert(
      fc.property(one, fc.nat(), fc.integer({ min: 1, max: 40 }), ({ sealedWith, sealedFor, plain }, at, bytes) => {
        const sealed = createSecretBox(sealedWith).seal(plain, sealedFor);
        const { iv, ciphertext } = sealed;
        const flipped = Buffer.from(ciphertext);
        flipped[at % flipped.length]! ^= 1 << (at % 8);
        for (const changed of [
          { ...sealed, ciphertext: flipped },
          { ...sealed, ciphertext: ciphertext.subarray(0, -bytes) },
          { ...sealed, ciphertext: ciphertext.subarray(bytes) },
          { ...sealed, ciphertext: Buffer.concat([ciphertext, Buffer.alloc(bytes)]) },
          { ...sealed, iv: iv.subarray(0, -Math.min(bytes, 12)) },
          { ...sealed, iv: Buffer.concat([iv, Buffer.alloc(bytes)]) },
        ])
          expect(() => ring.open(changed, sealedFor)).toThrow();
      }),
    );
  });

  it('seals a million times under a million IVs', () => {
    const seen = new Set<string>();
    for (let n = 0; n < 1_000_000; n++) seen.add(box.seal('', place).iv.toString('latin1'));
    expect(seen.size).toBe(1_000_000);
  }, 120_000);

  it('seals with the key of its ring that is named, and opens what any of them sealed', () => {
    const [first, second] = [key, Buffer.alloc(32, 8)];
    const ring = createKeyRing(first, second);
    const both = createSecretBox(ring);
    const old = both.seal('old', place);
    expect([old.keyId, box.open(old, place)]).toEqual([encryptionKeyId(first), 'old']);
    expect([ring.sealWith('deadbeef'), both.seal('', place).keyId]).toEqual([false, encryptionKeyId(first)]);
    expect(ring.sealWith(encryptionKeyId(second))).toBe(true);
    const fresh = both.seal('fresh', place);
    expect([both.open(old, place), both.open(fresh, place), createSecretBox(second).open(fresh, place)]).toEqual(['old', 'fresh', 'fresh']);
    expect(() => box.open(fresh, place)).toThrow();
    expect(ring.derive('a').present()).toEqual(createKeyRing(second).derive('a').present());
    expect(ring.derive('a').present()).not.toEqual(ring.derive('b').present());
    expect(() => createKeyRing(first, second, Buffer.from(first))).toThrow('the same');
  });

  it('names a key without showing it', () => {
    expect(encryptionKeyId(key)).toMatch(/^[0-9a-f]{8}$/);
    expect(encryptionKeyId(key)).not.toBe(encryptionKeyId(Buffer.alloc(32, 8)));
  });
});
