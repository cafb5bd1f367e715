import { describe, expect, it } from '@jest/globals';
import { newSecret, secretKeyBytes, sign, verifySignature } from '@posthorn/core';
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

  it('says what the signing side says, of every request, and what the explanation says', () => {
    const part = fc.constantFrom('v1,', 'v1a,', 'v2,', '');
    fc.assert(
      fc.property(
        fc.uint8Array(),
        fc.string(),
        fc.integer({ min: -400, max: 400 }),
        part,
        fc.boolean(),
        (bytes, id, skewS, version, isRight) => {
          const mac = sign([secretKeyBytes(secret)], id, nowS, isRight ? Buffer.from(bytes).toString() : '').slice(3);
          const headers = { 'webhook-id': id, 'webhook-timestamp': String(nowS), 'webhook-signature': `v1a,x ${version}${mac}` };
          const text = Buffer.from(bytes).toString();
          const theirs = verifySignature({ secret, headers, body: text, nowS: nowS + skewS });
          const ours = verify({ secret, headers, body: text, nowS: nowS + skewS });
          expect(ours.ok ? null : ours.code).toBe(theirs.ok ? null : theirs.why);
          expect(explainSignature({ secrets: [secret], headers, body: Buffer.from(text), nowS: nowS + skewS }).ok).toBe(ours.ok);
        },
      ),
    );
  });
});
