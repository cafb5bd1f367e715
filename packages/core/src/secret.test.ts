import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isSecret, newSecret, secretKeyBytes } from './secret.js';

const whsec = (bytes: number): string => `whsec_${Buffer.alloc(bytes, 7).toString('base64')}`;

describe('isSecret', () => {
  it.each([
    'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
    whsec(24),
    whsec(25),
    whsec(26),
    whsec(25).replace(/=+$/, ''),
    whsec(25).replace(/=$/, ''),
    whsec(26).replace(/=$/, ''),
    whsec(64),
    'x'.repeat(16),
    '~'.repeat(128),
    '0f8fad5b-d9cb-469f-a165-70867728950e',
  ])('takes %p', (text) => {
    expect(isSecret(text)).toBe(true);
  });

  it.each([
    '',
    'w',
    'whsec_',
    'whsec_%',
    'whsec_wronglength',
    'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw!!',
    'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS',
    'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw=',
    'whsec_-_KQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
    whsec(23),
    whsec(65),
    whsec(75),
    whsec(25).replace('w==', 'x=='),
    'x'.repeat(15),
    'x'.repeat(129),
    `${'x'.repeat(16)} y`,
    `${'x'.repeat(16)}é`,
    `${'x'.repeat(16)}\n`,
    'whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=',
    'whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==',
    'whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6K',
    'hwsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  ])('refuses %p', (text) => {
    expect(isSecret(text)).toBe(false);
  });
});

describe('secretKeyBytes', () => {
  it('decodes what we make', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
        const secret = newSecret(bytes);
        expect(isSecret(secret)).toBe(true);
        expect(secretKeyBytes(secret)).toEqual(Buffer.from(bytes));
        expect(secretKeyBytes(secret.replace('=', ''))).toEqual(Buffer.from(bytes));
      }),
    );
  });

  it('takes a plain secret as its UTF-8 bytes, and a short whsec_ for verifying', () => {
    expect(secretKeyBytes('d41d8cd98f00b204e9800998ecf8427e')).toEqual(Buffer.from('d41d8cd98f00b204e9800998ecf8427e'));
    expect(secretKeyBytes('whsec_plJ3nmyCDGBKInavdOK15jsl')).toHaveLength(18);
  });

  it.each(['', 'whsec_', 'whsec_%', 'whsec_A'])('throws for %p', (secret) => {
    expect(() => secretKeyBytes(secret)).toThrow(RangeError);
  });

  it('makes secrets of exactly 32 bytes', () => {
    expect(() => newSecret(new Uint8Array(31))).toThrow(RangeError);
  });
});
