import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { checkJson, jsonTextExcess, scanArray, scanObject } from './json-scanner.js';

const space = fc.string({ unit: fc.constantFrom(' ', '\t', '\n', '\r'), maxLength: 3 });
const text = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: fc.constantFrom('"', '\\', '{', '}', '[', ']', ',', ':', ' ') }));
const value = fc.jsonValue({ maxDepth: 4 }).map((json) => JSON.stringify(json, null, 1));
const member = fc.tuple(
  text,
  fc.oneof(
    value,
    text.map((inner) => JSON.stringify(inner)),
  ),
  fc.array(space, { minLength: 4, maxLength: 4 }),
);

describe('scanObject', () => {
  it('cuts every member out as the original characters', () => {
    fc.assert(
      fc.property(fc.array(member, { maxLength: 6 }), space, space, (parts, before, after) => {
        const inner = parts.map(
          ([key, slice, spaces]) => `${spaces[0]}${JSON.stringify(key)}${spaces[1]}:${spaces[2]}${slice}${spaces[3]}`,
        );
        const json = `${before}{${inner.join(',')}}${after}`;
        const scan = scanObject(json, 0, json.length, 64);
        if (!scan.ok) throw new Error(`${scan.error} at ${scan.offset} of ${json}`);
        expect(scan.members.map(({ key, start, end }) => [key, json.slice(start, end)])).toEqual(parts.map(([key, slice]) => [key, slice]));
        expect(checkJson(json, 64)).toBe('ok');
      }),
      { numRuns: 500 },
    );
  });

  it('neither throws nor loops on garbage, and takes no more objects than JSON.parse and its depth allow', () => {
    const token = fc.constantFrom('{', '}', '[', ']', '"', '\\', ',', ':', ' ', 'a', '1', '"k":', '{"k":1', '\\u');
    fc.assert(
      fc.property(
        fc.array(token, { maxLength: 30 }).map((tokens) => tokens.join('')),
        (json) => {
          const scan = scanObject(json, 0, json.length, 3);
          let parsed: unknown;
          try {
            parsed = JSON.parse(json);
          } catch {
            return;
          }
          const isObject = typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed);
          expect(scan.ok).toBe(isObject && depthOf(parsed) <= 3);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('reports duplicates and decodes keys', () => {
    const json = '{"a":1,"a":2,"\\u0061\\n":3}';
    const scan = scanObject(json, 0, json.length, 64);
    expect(scan.ok && scan.members.map(({ key }) => key)).toEqual(['a', 'a', 'a\n']);
  });

  it.each([
    ['', 0],
    ['[1]', 0],
    ['{', 1],
    ['{"a"}', 4],
    ['{"a":}', 5],
    ['{"a":1,}', 7],
    ['{"a":1 "b":2}', 7],
    ['{"a":1} x', 8],
    ['{"a":"x\\"}', 5],
    ['{"\\x":1}', 1],
    ['{"a":[1,2', 5],
  ])('refuses %p at %p', (json, offset) => {
    expect(scanObject(json, 0, json.length, 64)).toEqual({ ok: false, error: 'syntax', offset });
  });

  it('counts its own braces as the first level', () => {
    const json = '{"a":[[1]],"b":"[[[[["}';
    expect(scanObject(json, 0, json.length, 3).ok).toBe(true);
    expect(scanObject(json, 0, json.length, 2)).toEqual({ ok: false, error: 'depth', offset: 5 });
    expect(scanObject('{}', 0, 2, 0)).toEqual({ ok: false, error: 'depth', offset: 0 });
  });

  it('refuses two million brackets by their depth', () => {
    const json = `{"a":${'['.repeat(2_000_000)}`;
    expect(scanObject(json, 0, json.length, 64)).toEqual({ ok: false, error: 'depth', offset: 5 });
    expect(checkJson('['.repeat(2_000_000), 64)).toBe('depth');
  });

  it('stays within its range', () => {
    const json = '{"a":{"b":"c"},"d":1}';
    const scan = scanObject(json, 5, 14, 64);
    expect(scan.ok && scan.members).toEqual([{ key: 'b', start: 10, end: 13 }]);
    expect(scanObject(json, 5, 12, 64).ok).toBe(false);
  });
});

describe('scanArray', () => {
  it('cuts every element out as the original characters', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(space, value, space)), (parts) => {
        const json = `[${parts.map((part) => part.join('')).join(',')}]`;
        const scan = scanArray(json, 0, json.length, 64);
        expect(scan.ok && scan.elements.map(({ start, end }) => json.slice(start, end))).toEqual(parts.map((part) => part[1]));
      }),
    );
  });

  it.each(['', '{}', '[', '[1', '[1,]', '[,1]', '[1 2]', '[1]]'])('refuses %p', (json) => {
    expect(scanArray(json, 0, json.length, 64)).toMatchObject({ ok: false, error: 'syntax' });
  });
});

describe('jsonTextExcess', () => {
  const unbounded = { depthMax: Number.POSITIVE_INFINITY, valuesMax: Number.POSITIVE_INFINITY };
  const membersOf = (json: unknown): number =>
    typeof json !== 'object' || json === null
      ? 0
      : Math.max(Array.isArray(json) ? 0 : Object.keys(json).length, ...Object.values(json).map(membersOf));
  /** Members, elements and containers. */
  const valuesOf = (json: unknown): number =>
    typeof json !== 'object' || json === null ? 0 : 1 + Object.values(json).reduce((sum: number, each) => sum + 1 + valuesOf(each), 0);

  it('lets through what is within the limits, and finds what is not', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), (json) => {
        const text = JSON.stringify(json, null, 1);
        const [depth, members] = [depthOf(json), membersOf(json)];
        expect(jsonTextExcess(text, { ...unbounded, depthMax: depth })).toBeNull();
        if (depth > 0) expect(jsonTextExcess(text, { ...unbounded, depthMax: depth - 1 })).toBe('depth');
        // An empty object counts as one member.
        expect(jsonTextExcess(text, { ...unbounded, membersMax: members })).toBeNull();
        if (members > 1) expect(jsonTextExcess(text, { ...unbounded, membersMax: members - 1 })).toBe('members');
        expect(jsonTextExcess(text, { ...unbounded, valuesMax: valuesOf(json) })).toBeNull();
      }),
    );
  });

  it('counts values of all levels', () => {
    expect(jsonTextExcess('[1,2,3]', { ...unbounded, valuesMax: 3 })).toBeNull();
    expect(jsonTextExcess('[1,2,3,4]', { ...unbounded, valuesMax: 3 })).toBe('values');
    expect(jsonTextExcess('[[1,2],{"a":3,"b":[4]}]', { ...unbounded, valuesMax: 6 })).toBe('values');
  });

  it('does not look into strings', () => {
    const text = JSON.stringify({ a: '[[[[,,,,{{{{', b: '"[\\\\"[,' });
    expect(jsonTextExcess(text, { depthMax: 1, valuesMax: 2, membersMax: 2 })).toBeNull();
  });

  it('ends whatever it is given', () => {
    fc.assert(
      fc.property(text, (garbage) => {
        jsonTextExcess(garbage, { depthMax: 3, valuesMax: 10, membersMax: 2 });
      }),
    );
    expect(jsonTextExcess('['.repeat(2_000_000), { depthMax: 64, valuesMax: 10_000 })).toBe('depth');
  });
});

function depthOf(json: unknown): number {
  if (typeof json !== 'object' || json === null) return 0;
  return 1 + Math.max(0, ...Object.values(json).map(depthOf));
}
