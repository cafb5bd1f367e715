import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isStorableText, whyUnstorable } from './storable.js';

const nested = (levels: number): unknown => JSON.parse(`${'['.repeat(levels)}${']'.repeat(levels)}`);

describe('what can be stored', () => {
  it('is every text that UTF-8 can carry, without zero bytes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(isStorableText(text)).toBe(!text.includes('\0'));
      }),
    );
    for (const text of ['\0', 'a\ud800', '\udc00a', '\udc00\ud800']) expect(isStorableText(text)).toBe(false);
    for (const text of ['', '\u{1F4EF}', '\\u0000', '\uffff', '\u0001']) expect(isStorableText(text)).toBe(true);
  });

  it('is every JSON value of such texts, in keys too, down to a depth', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        // A value that stringify escapes as a zero byte or a lone surrogate is the one that Postgres refuses.
        const escapes = JSON.stringify(value).replaceAll('\\\\', '');
        expect(whyUnstorable(value, 1_000)).toBe(/\\u0000|\\ud[89a-f]/i.test(escapes) ? 'text' : null);
      }),
    );
    expect([{ a: ['\0'] }, { '\0': 1 }, ['\ud800']].map((value) => whyUnstorable(value, 64))).toEqual(['text', 'text', 'text']);
    expect([JSON.parse('{"a":[1e400]}'), -1.5e308].map((value) => whyUnstorable(value, 64))).toEqual(['number', null]);
    expect([nested(64), nested(65), nested(20_000), 1].map((value) => whyUnstorable(value, 64))).toEqual([null, 'depth', 'depth', null]);
  });
});
