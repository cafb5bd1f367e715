import { describe, expect, it } from '@jest/globals';
import { secretKeyBytes, sign } from '@posthorn/core';
import { reportVerification } from './verification-report.js';

const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const nowS = 1_700_000_000;
const body = '{"event_type":"order.placed"}';
const request = {
  secret,
  id: 'e1',
  timestamp: String(nowS),
  signature: sign([secretKeyBytes(secret)], 'e1', nowS, body),
  body: Buffer.from(body),
};
const whyNot = (change: Partial<typeof request>, atS = nowS): string => {
  const report = reportVerification({ ...request, ...change }, atS);
  return report.ok ? 'it verifies' : report.why;
};

describe('the report on a signed request', () => {
  it('says that a right one verifies', () => {
    expect(reportVerification(request, nowS)).toEqual({ ok: true });
  });

  it('names the part that is wrong', () => {
    expect(whyNot({ body: Buffer.from('{}') })).toMatch(/^signature: another secret, id, timestamp or body/);
    expect(whyNot({ id: 'e2' })).toMatch(/^signature: another/);
    expect(whyNot({ signature: request.signature.slice(3) })).toMatch(/^signature: no part of it begins with "v1,"/);
    expect(whyNot({ secret: 'whsec_***' })).toMatch(/^secret: /);
    expect(whyNot({ timestamp: '2025-01-01' })).toMatch(/^timestamp: it must be Unix seconds/);
    expect(whyNot({ id: '' })).toBe('id is empty');
  });

  it('says of an old request whether its signature was right', () => {
    expect(whyNot({}, nowS + 301)).toBe('timestamp: 301 s in the past, and 300 s are allowed; the signature itself is right');
    expect(whyNot({ id: 'e2' }, nowS + 301)).toMatch(/besides, signature: another/);
    expect(whyNot({ timestamp: String(nowS * 1000) })).toMatch(/it looks like milliseconds/);
  });

  it('finds a line break that was added and a prefix that was left out', () => {
    expect(whyNot({ body: Buffer.from(`${body}\n`) })).toMatch(/^body: it ends in a line break that was not signed/);
    expect(whyNot({ body: Buffer.from(`${body}\r\n`) })).toMatch(/^body: it ends in a line break/);
    expect(whyNot({ secret: secret.slice('whsec_'.length) })).toMatch(/^secret: with whsec_ before it/);
  });
});
