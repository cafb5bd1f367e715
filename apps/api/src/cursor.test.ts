import { describe, expect, it } from '@jest/globals';
import { ProblemError } from '@posthorn/core';
import { createKeyRing } from '@posthorn/db';
import fc from 'fast-check';
import { createCursors } from './cursor.js';

const [ours, other] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
const cursors = createCursors(createKeyRing(ours).derive('cursors'));
const position = fc.array(fc.oneof(fc.string({ unit: 'binary' }), fc.integer()), { maxLength: 4 });
const query = fc.array(fc.jsonValue(), { maxLength: 4 });
const refused = (read: () => unknown): string | null => {
  try {
    read();
    return null;
  } catch (error) {
    return error instanceof ProblemError ? error.code : String(error);
  }
};

describe('a cursor', () => {
  it('gives its position back to the query that made it', () => {
    fc.assert(
      fc.property(query, position, (of, at) => {
        const cursor = cursors.write(of, at);
        expect(cursor).toMatch(/^[A-Za-z0-9_-]+$/);
        // Lone surrogates have no UTF-8; positions are ids and numbers.
        expect(cursors.read(of, cursor)).toEqual(JSON.parse(Buffer.from(JSON.stringify(at)).toString()));
      }),
    );
  });

  it('is refused by any other query, and by another installation', () => {
    fc.assert(
      fc.property(query, query, position, (of, other, at) => {
        fc.pre(JSON.stringify(of) !== JSON.stringify(other));
        expect(refused(() => cursors.read(other, cursors.write(of, at)))).toBe('invalid_cursor');
      }),
    );
    expect(refused(() => createCursors(createKeyRing(other).derive('cursors')).read([1], cursors.write([1], ['a'])))).toBe(
      'invalid_cursor',
    );
  });

  it('is refused when any character of it was edited, cut off or added', () => {
    const cursor = cursors.write(['webhooks'], ['0190a000-0000-7000-8000-000000000001', 7]);
    fc.assert(
      fc.property(fc.nat(cursor.length - 1), fc.constantFrom('A', 'b', '9', '-', '_', '=', ' ', 'é', ''), (index, character) => {
        const edited = cursor.slice(0, index) + character + cursor.slice(index + 1);
        fc.pre(edited !== cursor);
        expect(refused(() => cursors.read(['webhooks'], edited))).toBe('invalid_cursor');
        expect(refused(() => cursors.read(['webhooks'], cursor.slice(0, index)))).toBe('invalid_cursor');
      }),
    );
    for (const text of ['', '=', `${cursor}=`, `${cursor} `, `${cursor}A`, 'null', '%00'])
      expect(refused(() => cursors.read(['webhooks'], text))).toBe('invalid_cursor');
  });

  it('is read by whoever has its key, while the key is changed and after', () => {
    const ring = createKeyRing(ours, other);
    const both = createCursors(ring.derive('cursors'));
    const cursor = cursors.write([1], ['a']);
    expect([both.read([1], cursor), cursors.read([1], both.write([1], ['b']))]).toEqual([['a'], ['b']]);
    expect(ring.sealWith(createKeyRing(other).sealingId())).toBe(true);
    const next = both.write([1], ['c']);
    expect([both.read([1], cursor), both.read([1], next)]).toEqual([['a'], ['c']]);
    expect(createCursors(createKeyRing(other).derive('cursors')).read([1], next)).toEqual(['c']);
    expect(refused(() => cursors.read([1], next))).toBe('invalid_cursor');
  });

  it('is no position where there is none', () => {
    expect(cursors.read(['webhooks'], undefined)).toBeNull();
  });
});
