import { createHmac } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { secretKeyBytes, sign } from '@posthorn/core';
import fc from 'fast-check';
import { explainSignature } from './explain-signature.js';

const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const otherSecret = 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD';
const nowS = 1_700_000_000;
const id = '018f4d9c-7f00-7000-8000-000000000001';
const body =
  '{"event_time":"2025-01-31T11:00:00.000Z","event_type":"order.placed","current_context":{"zone":"a/b"},"data":{"n":12345678901234567890,"f":1.0,"é":"<ü>","b":[1,{"c":null}],"a":true,"a":false,"empty":[{},[]]}}';

type Request = { secrets: string[]; headers: Record<string, string | undefined>; body: Uint8Array; nowS: number; toleranceS?: number };
const signed = (text = body, by: readonly string[] = [secret], atS = nowS): Request => ({
  secrets: [secret],
  headers: {
    'webhook-id': id,
    'webhook-timestamp': String(atS),
    'webhook-signature': sign(by.map(secretKeyBytes), id, atS, text),
  },
  body: Buffer.from(text),
  nowS,
});
const withHeader = (name: string, change: (value: string) => string | undefined, from = signed()): Request => ({
  ...from,
  headers: { ...from.headers, [name]: change(from.headers[name] ?? '') },
});
const renamed = (names: (name: string) => string): Request => {
  const from = signed();
  return { ...from, headers: Object.fromEntries(Object.entries(from.headers).map(([name, value]) => [names(name), value])) };
};
const faultsOf = (request: Request): string[] => {
  const result = explainSignature(request);
  return result.ok ? [] : result.faults.map(({ part, message }) => `${part}: ${message}`);
};
const withBody = (text: string | Buffer): Request => ({ ...signed(), body: Buffer.from(text) });
const bare = (text: string): string => text.replace('v1,', '');

describe('a request that verifies', () => {
  it('says by which secret and which signature', () => {
    expect(explainSignature(signed())).toEqual({ ok: true, secretIndex: 0, signatureIndex: 0, signatures: 1 });
    const rotated = signed(body, [otherSecret, secret]);
    expect(explainSignature(rotated)).toEqual({ ok: true, secretIndex: 0, signatureIndex: 1, signatures: 2 });
    expect(explainSignature({ ...rotated, secrets: ['whsec_AAAA', secret, otherSecret] })).toMatchObject({ ok: true, secretIndex: 1 });
  });

  it('has its headers in any case', () => {
    expect(faultsOf(renamed((name) => name.toUpperCase()))).toEqual([]);
  });
});

describe('one thing that is wrong', () => {
  const cases: readonly (readonly [string, Request, RegExp])[] = [
    ['another secret', { ...signed(), secrets: [otherSecret] }, /^webhook-signature: another secret, .*the secret does not make it/],
    ['two other secrets', { ...signed(), secrets: [otherSecret, 'whsec_AAAA'] }, /none of the 2 secrets makes it/],
    ['another body', withBody('{}'), /^webhook-signature: another secret, id, timestamp or body/],
    ['another id', withHeader('webhook-id', () => 'e2'), /^webhook-signature: another/],
    ['the id of the delivery', withHeader('webhook-id', (value) => `${value}.w1`), /^webhook-id: it is posthorn-delivery-id/],
    ['no secret', { ...signed(), secrets: [] }, /^secret: none is given/],
    ['a secret that is no base64', { ...signed(), secrets: ['whsec_***'] }, /^secret: after whsec_ it must be base64/],
    ['a secret without its prefix', { ...signed(), secrets: [secret.slice(6)] }, /^secret: with whsec_ before it the signature is right/],
    ['a secret in quotes', { ...signed(), secrets: [`"${secret}"`] }, /^secret: white space or quotes/],
    ['a secret with a line break', { ...signed(), secrets: [`${secret}\n`] }, /^secret: white space or quotes/],
    ['a prefix too many', { ...signed(body, ['plaintextsecret1234']), secrets: ['whsec_plaintextsecret1234'] }, /^secret: whsec_ does not/],
    ['an old request', { ...signed(), nowS: nowS + 301 }, /^webhook-timestamp: 301 s in the past.*; the signature itself is right$/],
    [
      'a slow clock',
      { ...signed(), nowS: nowS - 301 },
      /^webhook-timestamp: 301 s in the future, and 300 s are allowed \(a clock that is slow/,
    ],
    ['a closer tolerance', { ...signed(), nowS: nowS + 11, toleranceS: 10 }, /^webhook-timestamp: 11 s in the past, and 10 s are allowed/],
    ['milliseconds', withHeader('webhook-timestamp', (value) => `${value}123`), /^webhook-timestamp: it was changed to milliseconds/],
    ['a date', withHeader('webhook-timestamp', () => '2025-01-01'), /^webhook-timestamp: it must be Unix seconds/],
    ['no id', withHeader('webhook-id', () => undefined), /^webhook-id: it is missing/],
    ['an empty signature', withHeader('webhook-signature', () => ''), /^webhook-signature: it is missing/],
    ['a signature without its version', withHeader('webhook-signature', bare), /^webhook-signature: v1, is missing before it$/],
    [
      'a signature with v1=',
      withHeader('webhook-signature', (value) => value.replace(',', '=')),
      /^webhook-signature: it begins with v1 and "="/,
    ],
    [
      'a signature that was cut',
      withHeader('webhook-signature', (value) => value.slice(0, 30)),
      /it was cut: 27 of 44 characters are there$/,
    ],
    ['a hex signature', withHeader('webhook-signature', (value) => `v1,${Buffer.from(bare(value), 'base64').toString('hex')}`), /as hex/],
    [
      'another version',
      withHeader('webhook-signature', (value) => value.replace('v1', 'v1a')),
      /^webhook-signature: it has version v1a alone/,
    ],
    ['a word', withHeader('webhook-signature', () => 'yes'), /^webhook-signature: no part of it begins with "v1,"/],
    [
      'the signature of the body alone',
      withHeader('webhook-signature', () => createHmac('sha256', secret).update(body).digest('hex')),
      /^webhook-signature: it signs the body alone/,
    ],
    ['a line break at the end', withBody(`${body}\n`), /^body: it ends in a line break that was not signed/],
    ['a Windows line break', withBody(`${body}\r\n`), /^body: it ends in a line break/],
    ['a byte order mark', withBody(`\ufeff${body}`), /^body: it begins with a byte order mark/],
    ['base64', withBody(Buffer.from(body).toString('base64')), /^body: it is base64 of the signed bytes/],
    ['a JSON string', withBody(JSON.stringify(body)), /^body: it was written as a JSON string/],
    ['Latin-1', withBody(Buffer.from(body).toString('latin1')), /^body: it was read as Latin-1/],
  ];
  it.each(cases)('is found: %s', (_name, request, message) => {
    const faults = faultsOf(request);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(message);
  });

  it('is found: headers under other names', () => {
    expect(faultsOf(renamed((name) => name.replace('webhook', 'svix')))).toEqual(
      ['id', 'timestamp', 'signature'].map((name) => `webhook-${name}: it is called svix-${name}: Posthorn sends webhook-${name}`),
    );
    expect(faultsOf(renamed((name) => `HTTP_${name.toUpperCase().replace('-', '_')}`))[0]).toMatch(
      /^webhook-id: it is called http_webhook_id/,
    );
  });
});

describe('a body that was parsed and written again', () => {
  const simple = JSON.parse(body.replace('12345678901234567890', '7').replace('1.0', '1.5').replace('"a":true,', '')) as object;
  const compact = JSON.stringify(simple);
  const python = compact.replaceAll(',"', ', "').replaceAll('":', '": ').replaceAll(',{', ', {').replaceAll(',[', ', [');
  const unicode = (text: string): string => text.replace(/[^\0-~]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
  const cases: readonly (readonly [string, string, string])[] = [
    ['compact, indented', compact, JSON.stringify(simple, null, 2)],
    ['compact, with tabs', compact, JSON.stringify(simple, null, '\t')],
    ['compact, by Python', compact, unicode(python)],
    ['compact, by PHP', compact, unicode(compact).replaceAll('/', '\\/')],
    [
      'compact, with sorted members',
      `{"event_time":"t","event_type":"a","current_context":null,"data":{"a":1,"b":2}}`,
      '{"current_context":null,"data":{"a":1,"b":2},"event_time":"t","event_type":"a"}',
    ],
    ['with spaces, compact', python, compact],
    ['indented by 4, compact', JSON.stringify(simple, null, 4), compact],
    ['with escaped slashes, compact', unicode(compact).replaceAll('/', '\\/'), compact],
    ['with Go’s escapes, compact', compact.replaceAll('<', '\\u003c').replaceAll('>', '\\u003e'), compact],
    ['compact around data with spaces', '{"event_type":"a","data":{"a": 1, "b": [1, 2]}}', '{"event_type":"a","data":{"a":1,"b":[1,2]}}'],
    [
      'compact around indented data',
      `{"event_type":"a","data":${JSON.stringify({ a: [1, {}], b: {} }, null, 2)}}`,
      '{"event_type":"a","data":{"a":[1,{}],"b":{}}}',
    ],
  ];
  it.each(cases)('is recognised: signed %s', (_name, original, rewritten) => {
    const faults = faultsOf({ ...signed(original), body: Buffer.from(rewritten) });
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(/^body: it was parsed and written again: the same JSON .* was signed; verify the raw bytes/);
  });

  it('is recognised with numbers and doubled members as they were', () => {
    expect(faultsOf({ ...signed(), body: Buffer.from(body.replaceAll(',"', ', "')) })[0]).toMatch(/the same JSON compact was signed/);
  });

  it('is recognised together with a secret without its prefix', () => {
    const faults = faultsOf({ ...signed(compact), secrets: [secret.slice(6)], body: Buffer.from(JSON.stringify(simple, null, 2)) });
    expect(faults.map((fault) => fault.split(':')[0])).toEqual(['body', 'secret']);
  });

  it('is recognised whatever JSON it is', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), fc.constantFrom(2, 4, '\t'), (value, indent) => {
        const text = JSON.stringify(value);
        const pretty = JSON.stringify(value, null, indent);
        const faults = faultsOf({ ...signed(text), body: Buffer.from(pretty) });
        expect(faults.filter((fault) => !fault.startsWith('body: '))).toEqual([]);
        expect(faults).toHaveLength(pretty === text ? 0 : 1);
        expect(faultsOf({ ...signed(pretty), body: Buffer.from(text) })).toHaveLength(pretty === text ? 0 : 1);
      }),
    );
  });
});

describe('several things that are wrong', () => {
  it('are all named, the time first', () => {
    const faults = faultsOf({ ...withHeader('webhook-id', () => 'e2'), nowS: nowS + 1_000 });
    expect(faults[0]).toMatch(/^webhook-timestamp: 1000 s in the past, and 300 s are allowed \(an old request, or a clock that is fast\)$/);
    expect(faults[1]).toMatch(/^webhook-signature: another/);
    expect(faultsOf({ ...signed(), headers: {}, secrets: [''] })).toEqual([
      'webhook-id: it is missing',
      'webhook-timestamp: it is missing',
      'webhook-signature: it is missing',
      'secret: after whsec_ it must be base64, and it must not be empty',
    ]);
  });
});

it('says that nothing verifies which was not signed so', () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.string(), fc.string(), fc.string(), (bytes, signature, timestamp, given) => {
      const headers = { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature };
      expect(explainSignature({ secrets: [given], headers, body: bytes, nowS }).ok).toBe(false);
    }),
  );
});
