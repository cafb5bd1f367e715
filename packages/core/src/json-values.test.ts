import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { jsonExcess, ownValue, sameJson } from './json-values.js';

describe('sameJson', () => {
  it('agrees with Node on what JSON gives', () => {
    const small = fc
      .jsonValue({ maxDepth: 2, noUnicodeString: true } as fc.JsonSharedConstraints)
      .map((value) => JSON.parse(JSON.stringify(value)));
    const value = fc.oneof(
      small,
      fc.constantFrom([], {}, [1], { 0: 1 }, { a: 1, b: 2 }, { b: 2, a: 1 }, null, 0, '', '0', JSON.parse('{"__proto__":1}')),
    );
    fc.assert(
      fc.property(value, value, (left, right) => {
        expect(sameJson(left, right)).toBe(isDeepStrictEqual(left, right));
        expect(sameJson(left, structuredClone(left))).toBe(true);
      }),
      { numRuns: 5000 },
    );
  });

  it('tells an own __proto__ from an inherited one', () => {
    expect(sameJson(JSON.parse('{"__proto__":{}}'), { a: 1 })).toBe(false);
    expect(ownValue({}, 'toString')).toBeUndefined();
  });
});

describe('jsonExcess', () => {
  it('counts levels, members and elements', () => {
    const value = { a: [1, 2], b: { 'c/d': [[]] } };
    expect(jsonExcess(value, { depthMax: 4, valuesMax: 6 })).toBeNull();
    expect(jsonExcess(value, { depthMax: 3, valuesMax: 6 })).toEqual({ pointer: '/b/c~1d/0', limit: 'depthMax' });
    expect(jsonExcess(value, { depthMax: 4, valuesMax: 5 })).toEqual({ pointer: '/b/c~1d', limit: 'valuesMax' });
    expect(jsonExcess('x', { depthMax: 0, valuesMax: 0 })).toBeNull();
  });
});
