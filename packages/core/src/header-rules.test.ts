import { validateHeaderName, validateHeaderValue } from 'node:http';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { headerNameRefusal, isDeniedHeader, isHeaderValue } from './header-rules.js';

const denied = [
  ...['host', 'connection', 'content-length', 'content-type', 'transfer-encoding', 'te', 'trailer', 'upgrade', 'expect', 'keep-alive'],
  ...['proxy-authorization', 'proxy-connection', 'forwarded', 'x-forwarded-for', 'x-forwarded-host', 'via'],
  ...['webhook-id', 'webhook-timestamp', 'webhook-signature', 'webhook-anything', 'signature', 'signature-input', 'content-digest'],
  ...['ce-id', 'ce-source', 'user-agent', 'cookie', 'accept-encoding', 'date', 'posthorn-event-type', 'posthorn-anything'],
];

describe('headerNameRefusal', () => {
  it.each(denied)('refuses %s in any case', (name) => {
    for (const text of [name, name.toUpperCase(), name.replace(/^./, (first) => first.toUpperCase())]) {
      expect(isDeniedHeader(text)).toBe(true);
      expect(headerNameRefusal(text)).toBe('names a header that may not be set');
    }
  });

  it.each([
    'x-api-key',
    'X-Custom',
    'authorization',
    'accept',
    'hosts',
    'cera-id',
    'dates',
    'x-signature',
    "a!#$%&'*+.^_|~-9",
    'x'.repeat(64),
  ])('takes %s', (name) => {
    expect(headerNameRefusal(name)).toBeNull();
  });

  it.each(['', 'x'.repeat(65), 'a b', 'a:b', 'a\r\nb', 'a\n', '\na', 'a\u0000', 'é', '日本', 'a/b', 'a"b', 'a(b', 'a`b', ':path'])(
    'refuses %p, which is no name',
    (name) => {
      expect(headerNameRefusal(name)).toMatch(/^must be 1 to 64/);
    },
  );
});

describe('isHeaderValue', () => {
  it.each(['a', '!', '~', 'a b', 'a\tb', '{event_type}', 'a"b\\'])('takes %p', (value) => {
    expect(isHeaderValue(value)).toBe(true);
  });

  it.each(['', ' ', 'a ', ' a', '\ta', 'a\t', 'a\rb', 'a\nb', 'a\n', 'a\u0000b', 'a\u007fb', 'é', '日本', '\ud800'])(
    'refuses %p',
    (value) => {
      expect(isHeaderValue(value)).toBe(false);
    },
  );

  it('takes only what Node would send, and what came through unchanged', () => {
    const unit = fc.oneof(
      { weight: 20, arbitrary: fc.constantFrom(...'aZ9 \t-_~!') },
      { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
    );
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 8 }), fc.string({ unit, maxLength: 8 }), (name, value) => {
        if (headerNameRefusal(name) === null) expect(() => validateHeaderName(name)).not.toThrow();
        if (!isHeaderValue(value)) return;
        expect(() => validateHeaderValue('x', value)).not.toThrow();
        expect(new Headers([['x', value]]).get('x')).toBe(value);
      }),
      { numRuns: 2000 },
    );
  });

  it('takes a million spaces in a breath', () => {
    expect(isHeaderValue(`a${' '.repeat(1_000_000)}`)).toBe(false);
  });
});
