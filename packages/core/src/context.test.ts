import { describe, expect, it } from '@jest/globals';
import { checkContext, compileContext, contextKeys, contextLimits } from './context.js';

const missOf = (context: Record<string, unknown>, currentContext: unknown) => compileContext(context)?.(currentContext) ?? null;

describe("a webhook's context", () => {
  it.each([
    [{ taskGroup: '6261' }, { taskGroup: '6261', survey: 'x' }, true],
    [{ taskGroup: '6261' }, { taskGroup: 6261 }, false],
    [{ a: 0 }, { a: false }, false],
    [{ a: '1', b: '2' }, { a: '1' }, false],
    [{ a: ['x', 'y'] }, { a: 'y' }, true],
    [{ a: ['x', 'y'] }, { a: 'z' }, false],
    [{ a: 'x' }, { a: ['w', 'x'] }, true],
    [{ a: 'x' }, { a: [] }, false],
    [{ a: ['x', 1] }, { a: ['1', 'x'] }, true],
    [{ a: ['x', 1] }, { a: ['1', 'y'] }, false],
    [{ a: ['x', null] }, { a: null }, true],
    [{ a: ['x', null] }, {}, false],
    [{ a: [''] }, { a: '' }, true],
    [{ a: { b: 1, c: [2] } }, { a: { c: [2], b: 1 } }, true],
    [{ a: { b: 1 } }, { a: { b: 1, c: 2 } }, false],
    [{ a: ['x', { b: 1 }] }, { a: [{ b: 1 }] }, true],
    [{ a: {} }, { a: [] }, false],
    [{ a: {} }, {}, false],
    [{ length: 0 }, [], false],
    [{ a: 'x' }, null, false],
    [{ a: 'x' }, 'x', false],
  ] as [Record<string, unknown>, unknown, boolean][])('%j, given %j: %p', (context, currentContext, expected) => {
    expect(missOf(context, currentContext) === null).toBe(expected);
  });

  it('asks for nothing where its fields are empty', () => {
    expect(compileContext({})).toBeNull();
    expect(compileContext({ survey: '', group: null, taskGroup: [] })).toBeNull();
    expect(missOf({ survey: '', group: 'g' }, { group: 'g' })).toBeNull();
  });

  it('looks at own properties only', () => {
    const own = JSON.parse('{"__proto__":{"a":1},"constructor":"c"}') as Record<string, unknown>;
    expect(missOf(own, JSON.parse('{"__proto__":{"a":1},"constructor":"c"}'))).toBeNull();
    expect(missOf(own, {})).toMatchObject({ field: '__proto__', value: undefined });
    expect(missOf({ a: JSON.parse('{"__proto__":{}}') }, { a: { b: 1 } })).not.toBeNull();
  });

  it('says which field failed on which value', () => {
    expect(missOf({ a: '1', b: ['x', 'y'] }, { a: '1', b: 'z' })).toEqual({ field: 'b', expected: ['x', 'y'], value: 'z' });
    expect(missOf({ a: '1' }, [])).toEqual({ field: 'a', expected: '1', value: undefined });
  });

  it('can be looked up by the fields that want scalars', () => {
    expect(contextKeys({ a: 'x', b: '', c: [1, 2], d: { e: 1 }, f: [[1]], g: [] })).toEqual([
      { field: 'a', values: ['x'] },
      { field: 'c', values: [1, 2] },
    ]);
  });
});

describe('checkContext', () => {
  const members = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`f${index}`, 1]));
  const nested = (levels: number): unknown => {
    let value: unknown = 1;
    for (let level = 0; level < levels; level++) value = { a: value };
    return value;
  };

  it('takes what keeps to the limits', () => {
    for (const context of [
      {},
      members(contextLimits.membersMax),
      nested(contextLimits.depthMax),
      { ['x'.repeat(contextLimits.nameCharsMax)]: 1 },
    ])
      expect(checkContext(context)).toEqual([]);
  });

  it.each([
    [null, ''],
    [[], ''],
    ['x', ''],
    [members(contextLimits.membersMax + 1), ''],
    [{ a: Array(contextLimits.valuesMax).fill(1) }, '/a'],
    [{ a: 1, ['x'.repeat(contextLimits.nameCharsMax + 1)]: 1 }, `/${'x'.repeat(contextLimits.nameCharsMax)}`],
  ] as [unknown, string][])('refuses %#', (context, pointer) => {
    expect(checkContext(context)).toMatchObject([{ pointer, code: 'invalid_field' }]);
  });

  it('refuses any depth without following it', () => {
    expect(checkContext(nested(contextLimits.depthMax + 1))).toMatchObject([{ code: 'nesting_too_deep' }]);
    expect(checkContext(nested(200_000))).toMatchObject([{ code: 'nesting_too_deep' }]);
  });
});
