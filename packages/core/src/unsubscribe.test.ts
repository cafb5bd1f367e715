import { randomBytes } from 'node:crypto';
import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readUnsubscribeToken, unsubscribeToken } from './unsubscribe.js';

const [key, other] = [randomBytes(32), randomBytes(32)];
const webhookId = '0190a000-0000-7000-8000-000000000001';

it('names its webhook to who has the key, before and after the key was changed', () => {
  const token = unsubscribeToken(key, webhookId);
  expect(token).toMatch(/^[\w.-]{69}$/);
  expect(readUnsubscribeToken([key], token)).toBe(webhookId);
  expect(readUnsubscribeToken([other, key], token)).toBe(webhookId);
  expect(readUnsubscribeToken([other], token)).toBeNull();
});

it('cannot be written for another webhook, nor be changed', () => {
  const token = unsubscribeToken(key, webhookId);
  expect(readUnsubscribeToken([key], token.replace('000000000001', '000000000002'))).toBeNull();
  fc.assert(
    fc.property(fc.nat(token.length - 1), fc.string({ minLength: 1, maxLength: 1 }), (at, char) => {
      const changed = token.slice(0, at) + char + token.slice(at + 1);
      expect(readUnsubscribeToken([key], changed)).toBe(changed === token ? webhookId : null);
    }),
  );
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => expect(readUnsubscribeToken([key], text)).toBeNull()));
});
