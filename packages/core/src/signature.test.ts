import { createSecretKey } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { newSecret, secretKeyBytes } from './secret.js';
import { type SignedHeaders, sign, verifySignature } from './signature.js';

const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const id = 'msg_p5jXN8AQM9LWM0D4loKWxJek';
const timestampS = 1614265330;
const body = '{"test": 2432232314}';
const signature = 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=';
const headers = { 'webhook-id': id, 'webhook-timestamp': String(timestampS), 'webhook-signature': signature };

function verify(changes: { headers?: SignedHeaders; body?: string; nowS?: number }) {
  return verifySignature({
    secret,
    body: changes.body ?? body,
    nowS: changes.nowS ?? timestampS,
    headers: { ...headers, ...changes.headers },
  });
}

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
          expect(verifySignature({ secret: someSecret, headers: signed, body: payload, nowS })).toEqual({ ok: true });
        },
      ),
    );
  });
});

describe('verifySignature', () => {
  it('takes the published example, header names in any case, bodies as bytes, and an empty body', () => {
    expect(verify({})).toEqual({ ok: true });
    const upper = { 'Webhook-Id': id, 'Webhook-Timestamp': String(timestampS), 'Webhook-Signature': [signature] };
    expect(verifySignature({ secret, headers: upper, body: Buffer.from(body), nowS: timestampS })).toEqual({ ok: true });
    const empty = sign([secretKeyBytes(secret)], id, timestampS, '');
    expect(verify({ body: '', headers: { 'webhook-signature': empty } })).toEqual({ ok: true });
  });

  it('finds the right one among several', () => {
    const several = `v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc= v2,${signature.slice(3)} ${signature}`;
    expect(verify({ headers: { 'webhook-signature': several } })).toEqual({ ok: true });
  });

  it.each(['webhook-id', 'webhook-timestamp', 'webhook-signature'])('misses %s', (name) => {
    expect(verify({ headers: { [name]: undefined } })).toEqual({ ok: false, why: 'missing_header' });
    expect(verify({ headers: { [name]: '' } })).toEqual({ ok: false, why: 'missing_header' });
  });

  it.each(['hello', '1614265330x', '-1', '1e9', ' '])('refuses the timestamp %p', (timestamp) => {
    expect(verify({ headers: { 'webhook-timestamp': timestamp } })).toEqual({ ok: false, why: 'bad_timestamp' });
  });

  it('allows five minutes both ways', () => {
    expect(verify({ nowS: timestampS + 300 })).toEqual({ ok: true });
    expect(verify({ nowS: timestampS - 300 })).toEqual({ ok: true });
    expect(verify({ nowS: timestampS + 301 })).toEqual({ ok: false, why: 'too_old' });
    expect(verify({ nowS: timestampS - 301 })).toEqual({ ok: false, why: 'too_new' });
  });

  it.each([
    'v1,dawfeoifkpqwoekfpqoekf',
    signature.slice(0, -3),
    'v1,',
    signature.slice(3),
    signature.replace('v1', 'v1a'),
    signature.replace('v1,', 'v1, '),
  ])('refuses the signature %p', (wrong) => {
    expect(verify({ headers: { 'webhook-signature': wrong } })).toEqual({ ok: false, why: 'no_match' });
  });

  it('refuses another body, id, time or secret', () => {
    const refused = { ok: false, why: 'no_match' };
    expect(verify({ body: `${body} ` })).toEqual(refused);
    expect(verify({ headers: { 'webhook-id': 'msg_other' } })).toEqual(refused);
    expect(verify({ headers: { 'webhook-timestamp': String(timestampS + 1) } })).toEqual(refused);
    expect(verifySignature({ secret: 'a plain secret of somebody', headers, body, nowS: timestampS })).toEqual(refused);
  });

  it.each(['', 'whsec_'])('throws for the empty secret %p', (empty) => {
    expect(() => verifySignature({ secret: empty, headers, body, nowS: timestampS })).toThrow(RangeError);
  });
});
