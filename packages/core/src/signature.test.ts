import { createSecretKey } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { newSecret, secretKeyBytes } from './secret.js';
import { sign } from './signature.js';

const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const id = 'msg_p5jXN8AQM9LWM0D4loKWxJek';
const timestampS = 1614265330;
const body = '{"test": 2432232314}';
const signature = 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=';

describe('sign', () => {
  it.each([
    [secret, id, timestampS, body, signature],
    [
      'whsec_plJ3nmyCDGBKInavdOK15jsl',
      'msg_loFOjxBNrRLzqYUf',
      1731705121,
      '{"event_type":"ping","data":{"success":true}}',
      'v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0=',
    ],
    [secret, id, timestampS, 'a'.repeat(1_048_576), 'v1,txpEUxqWZJ5nteTnymUVa+7C4NHpBeXJ6CsBAW0c3/A='],
    [secret, id, timestampS, 'a'.repeat(262_144), 'v1,Mw4Pe2WgApuT7NSqnSq0PQPV9gbLdggCl9B865x5Xh0='],
    [secret, id, timestampS, 'a'.repeat(262_143), 'v1,NTItnqyWMoFhk2Bbe5V/BMdcFRWgcSQaTgqLHX7FC7c='],
  ])('gives the published signatures (%.12s, %s)', (vectorSecret, vectorId, vectorTimestampS, vectorBody, expected) => {
    const key = secretKeyBytes(vectorSecret);
    expect(sign([key], vectorId, vectorTimestampS, vectorBody)).toBe(expected);
    expect(sign([createSecretKey(key)], vectorId, vectorTimestampS, vectorBody)).toBe(expected);
  });

  it('gives one signature per key, joined by spaces', () => {
    const other = Buffer.alloc(32, 1);
    expect(sign([secretKeyBytes(secret), other], id, timestampS, body)).toBe(`${signature} ${sign([other], id, timestampS, body)}`);
  });

  it('agrees with the reference library, both ways', () => {
    const nowS = Math.floor(Date.now() / 1000);
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        fc.uuid(),
        fc.string({ unit: 'grapheme' }),
        (random, messageId, payload) => {
          const someSecret = newSecret(random);
          const theirs = new Webhook(someSecret);
          const ours = sign([secretKeyBytes(someSecret)], messageId, nowS, payload);
          expect(ours).toBe(theirs.sign(messageId, new Date(nowS * 1000), payload));
          const signed = { 'webhook-id': messageId, 'webhook-timestamp': String(nowS), 'webhook-signature': ours };
          expect(() => theirs.verify(payload, signed, { jsonParse: false })).not.toThrow();
        },
      ),
    );
  });
});
