import { describe, expect, it } from '@jest/globals';
import { newSecret, secretKeyBytes, sign } from '@posthorn/core';
import fc from 'fast-check';
import { explainSignature } from './explain-signature.js';
import { type VerifyOptions, verify } from './verify.js';

const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const body = '{"event_type":"order.placed","data":"é"}';
const nowS = 1_700_000_000;
const request = (change: Partial<VerifyOptions> = {}, by: readonly string[] = [secret]): VerifyOptions => ({
  secret,
  headers: { 'webhook-id': 'e1', 'webhook-timestamp': String(nowS), 'webhook-signature': sign(by.map(secretKeyBytes), 'e1', nowS, body) },
  body,
  nowS,
  ...change,
});
const codeOf = (options: VerifyOptions): string => {
  const result = verify(options);
  return result.ok ? 'ok' : result.code;
};

const attempt = <T>(make: () => T): T | null => {
  try {
    return make();
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
};

describe('verify', () => {
  it('tells id, time and secret of a right request, as text and as bytes', () => {
    expect(verify(request())).toEqual({ ok: true, id: 'e1', timestampS: nowS, secretIndex: 0 });
    expect(codeOf(request({ body: new TextEncoder().encode(body) }))).toBe('ok');
  });

  it('takes the headers of Node and of Fetch', () => {
    const { headers } = request();
    expect(codeOf(request({ headers: new Headers(headers as Record<string, string>) }))).toBe('ok');
    const lists = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toUpperCase(), [value as string]]));
    expect(codeOf(request({ headers: lists }))).toBe('ok');
  });

  it('takes either secret and either signature while a rotation is under way', () => {
    const other = newSecret(Buffer.alloc(32, 1));
    expect(verify(request({ secret: [other, secret] }))).toMatchObject({ ok: true, secretIndex: 1 });
    expect(codeOf(request({}, [other, secret]))).toBe('ok');
    expect(codeOf(request({ secret: other }))).toBe('no_match');
  });

  it.each([
    ['missing_header', { headers: {} }],
    ['bad_timestamp', { headers: { ...request().headers, 'webhook-timestamp': '1e9' } }],
    ['too_old', { nowS: nowS + 301 }],
    ['too_new', { nowS: nowS - 301 }],
    ['too_old', { nowS: nowS + 6, toleranceS: 5 }],
    ['no_match', { body: `${body}\n` }],
    ['no_match', { headers: { ...request().headers, 'webhook-id': 'e2' } }],
    ['no_match', { headers: { ...request().headers, 'webhook-signature': 'v1a,abc v2,def' } }],
  ] as const)('answers %s', (code, change) => {
    expect(codeOf(request(change as Partial<VerifyOptions>))).toBe(code);
  });

  it('throws at what is a mistake of the receiver: no secret, a secret that is none, a body that was parsed', () => {
    expect(() => verify(request({ secret: [] }))).toThrow(RangeError);
    expect(() => verify(request({ secret: 'whsec_*' }))).toThrow(RangeError);
    expect(() => verify(request({ body: JSON.parse(body) }))).toThrow('not what was parsed');
  });

  it('takes exactly the secrets that sign, and makes the same key of them', () => {
    const padding = fc.constantFrom('', '=', '==', '===');
    const digits = fc.string({ unit: fc.constantFrom('A', 'B', 'g', '+', '/', '-', ' '), maxLength: 9 });
    fc.assert(
      fc.property(digits, padding, fc.constantFrom('whsec_', 'whsec', ''), (text, pad, prefix) => {
        const given = prefix + text + pad;
        const theirs = attempt(() => sign([secretKeyBytes(given)], 'e1', nowS, body));
        const headers = { ...request().headers, 'webhook-signature': theirs ?? 'v1,' };
        expect(attempt(() => codeOf(request({ secret: given, headers })))).toBe(theirs === null ? null : 'ok');
      }),
      { numRuns: 1_000 },
    );
  });

  it('takes what the signing side made for this time, id and body, and nothing else; the explanation says the same', () => {
    const version = fc.constantFrom('v1,', 'v1a,', 'v2,', '');
    const skew = fc.integer({ min: -400, max: 400 });
    fc.assert(
      fc.property(fc.string(), fc.uuid(), skew, version, fc.boolean(), (text, id, skewS, prefix, isRight) => {
        const mac = sign([secretKeyBytes(secret)], id, nowS, isRight ? text : `${text} `).slice(3);
        const headers = { 'webhook-id': id, 'webhook-timestamp': String(nowS), 'webhook-signature': `v1a,x ${prefix}${mac}` };
        const wanted = skewS > 300 ? 'too_old' : skewS < -300 ? 'too_new' : isRight && prefix === 'v1,' ? 'ok' : 'no_match';
        expect(codeOf({ secret, headers, body: text, nowS: nowS + skewS })).toBe(wanted);
        const explained = explainSignature({ secrets: [secret], headers, body: Buffer.from(text), nowS: nowS + skewS });
        expect(explained.ok).toBe(wanted === 'ok');
      }),
    );
  });
});

describe('the published example', () => {
  const published = 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=';
  const timestampS = 1_614_265_330;
  const signed = { 'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek', 'webhook-timestamp': String(timestampS), 'webhook-signature': published };
  const code = (headers: Record<string, string | undefined> = {}, change: Partial<VerifyOptions> = {}): string =>
    codeOf({ secret, headers: { ...signed, ...headers }, body: '{"test": 2432232314}', nowS: timestampS, ...change });

  it('verifies, among others too', () => {
    expect(code()).toBe('ok');
    const several = `v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc= v2,${published.slice(3)} ${published}`;
    expect(code({ 'webhook-signature': several })).toBe('ok');
  });

  it.each(['webhook-id', 'webhook-timestamp', 'webhook-signature'])('misses %s', (name) => {
    expect([code({ [name]: undefined }), code({ [name]: '' })]).toEqual(['missing_header', 'missing_header']);
  });

  it.each(['hello', '1614265330x', '-1', '1e9', ' '])('refuses the timestamp %p', (timestamp) => {
    expect(code({ 'webhook-timestamp': timestamp })).toBe('bad_timestamp');
  });

  it('allows five minutes both ways', () => {
    expect([300, -300, 301, -301].map((skewS) => code({}, { nowS: timestampS + skewS }))).toEqual(['ok', 'ok', 'too_old', 'too_new']);
  });

  it.each([
    'v1,dawfeoifkpqwoekfpqoekf',
    published.slice(0, -3),
    'v1,',
    published.slice(3),
    published.replace('v1', 'v1a'),
    published.replace('v1,', 'v1, '),
  ])('refuses the signature %p', (wrong) => {
    expect(code({ 'webhook-signature': wrong })).toBe('no_match');
  });

  it('is refused with another body, id, time or secret', () => {
    expect(code({}, { body: '{"test": 2432232314} ' })).toBe('no_match');
    expect(code({ 'webhook-id': 'msg_other' })).toBe('no_match');
    expect(code({ 'webhook-timestamp': String(timestampS + 1) })).toBe('no_match');
    expect(code({}, { secret: 'a plain secret of somebody' })).toBe('no_match');
  });

  it.each([
    [
      'of 18 bytes, which nobody should make',
      'whsec_plJ3nmyCDGBKInavdOK15jsl',
      'msg_loFOjxBNrRLzqYUf',
      1_731_705_121,
      '{"event_type":"ping","data":{"success":true}}',
      'v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0=',
    ],
    [
      'of 1,048,576 bytes',
      secret,
      signed['webhook-id'],
      timestampS,
      'a'.repeat(1_048_576),
      'v1,txpEUxqWZJ5nteTnymUVa+7C4NHpBeXJ6CsBAW0c3/A=',
    ],
    ['of 262,144 bytes', secret, signed['webhook-id'], timestampS, 'a'.repeat(262_144), 'v1,Mw4Pe2WgApuT7NSqnSq0PQPV9gbLdggCl9B865x5Xh0='],
    ['of 262,143 bytes', secret, signed['webhook-id'], timestampS, 'a'.repeat(262_143), 'v1,NTItnqyWMoFhk2Bbe5V/BMdcFRWgcSQaTgqLHX7FC7c='],
  ])('verifies with a secret or a body %s, and not with one character more or less', (_, vectorSecret, id, atS, text, signature) => {
    const headers = { 'webhook-id': id, 'webhook-timestamp': String(atS), 'webhook-signature': signature };
    const codeWith = (sent: string) => codeOf({ secret: vectorSecret, headers, body: sent, nowS: atS });
    expect([codeWith(text), codeWith(`${text} `), codeWith(text.slice(0, -1))]).toEqual(['ok', 'no_match', 'no_match']);
  });

  it('verifies with a secret whose padding lacks, in whole or in part, and with an empty body', () => {
    for (const bytes of [24, 25, 26]) {
      const padded = `whsec_${Buffer.alloc(bytes, 7).toString('base64')}`;
      for (const given of [padded, padded.replace(/=$/, ''), padded.replace(/=+$/, '')])
        expect([bytes, codeOf(request({ secret: given }, [padded]))]).toEqual([bytes, 'ok']);
    }
    const headers = { ...signed, 'webhook-signature': sign([secretKeyBytes(secret)], signed['webhook-id'], timestampS, '') };
    expect(code(headers, { body: '' })).toBe('ok');
  });

  it('compares signatures of any length, and never throws', () => {
    const text = fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units));
    fc.assert(
      fc.property(text, fc.nat(published.length), (other, cut) => {
        for (const given of [other, published.slice(0, cut) + other, published.slice(0, cut)]) {
          const isRight = given.split(' ').includes(published);
          expect(code({ 'webhook-signature': given })).toBe(isRight ? 'ok' : given === '' ? 'missing_header' : 'no_match');
        }
      }),
    );
  });

  it.each(['whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=', 'hwsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'])('is not made by %p', (other) => {
    expect(code({}, { secret: other })).toBe('no_match');
  });

  it.each(['', 'whsec_'])('throws for the empty secret %p', (empty) => {
    expect(() => code({}, { secret: empty })).toThrow(RangeError);
  });
});
