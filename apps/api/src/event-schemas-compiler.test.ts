import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { compileEventSchema, type JudgeData, tryEventSchema } from './event-schemas-compiler.js';
import { within } from './event-schemas-deadline.js';
import { limits } from './limits.js';

type JsonObject = Readonly<Record<string, unknown>>;

const judgeOf = (schema: JsonObject): JudgeData => {
  const compiled = compileEventSchema(schema);
  if (!compiled.ok) throw new Error(compiled.message);
  return compiled.judge;
};
const judge = (schema: JsonObject, data: unknown) => judgeOf(schema)(data, JSON.stringify(data).length);
const complaints = (schema: JsonObject, data: unknown) => {
  const verdict = judge(schema, data);
  return verdict.kind === 'differs' ? verdict.complaints : verdict.kind;
};
const many = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, index) => make(index));
/** How long `work` took, in ms. */
const spent = (work: () => unknown): number => {
  const beganMs = performance.now();
  work();
  return performance.now() - beganMs;
};

describe('a deadline', () => {
  it('gives what the work returns, throws what it throws, and ends what does not end', () => {
    expect(within(1_000, () => [1])).toEqual({ value: [1] });
    expect(() =>
      within(1_000, () => {
        throw new Error('mine');
      }),
    ).toThrow('mine');
    expect(
      within(10, () => {
        for (;;);
      }),
    ).toBeNull();
    expect(within(1_000, () => 2)).toEqual({ value: 2 });
  });
});

describe('data that does not fit', () => {
  it('is told all that is wrong, at its place', () => {
    const schema = {
      type: 'object',
      required: ['id', 'a/b'],
      properties: { id: { type: 'integer' }, list: { items: { enum: ['x'] } } },
      additionalProperties: false,
    };
    expect(complaints(schema, { id: 'x', list: ['x', 'y'], 'm~n': 1 })).toEqual(
      expect.arrayContaining([
        { pointer: '/a~1b', message: "must have required property 'a/b'" },
        { pointer: '/m~0n', message: 'must NOT have additional properties' },
        { pointer: '/id', message: 'must be integer' },
        { pointer: '/list/1', message: 'must be equal to one of the allowed values' },
      ]),
    );
  });

  it('is told no more than an answer can hold', () => {
    const long = 'x'.repeat(5_000);
    const schema = { type: ['object', 'array'], items: { pattern: 'y'.repeat(1_000) }, properties: { [long]: { type: 'integer' } } };
    const listed = complaints(schema, many(1_000, String));
    expect(listed).toHaveLength(limits.schemaErrorsMax);
    expect(listed[0]).toEqual({ pointer: '/0', message: expect.stringMatching(/^must match pattern "y+…$/) });
    // A place whose name is too long is said by what holds it.
    expect(complaints(schema, { [long]: 'x' })).toEqual([{ pointer: '', message: 'must be integer' }]);
  });

  it('is told the first thing that is wrong where asking for more would not end', () => {
    expect(complaints({ type: 'object', $ref: '#/$defs/a', $defs: { a: { type: 'string', allOf: [{ $ref: '#/$defs/a' }] } } }, {})).toEqual(
      [{ pointer: '', message: 'must be string' }],
    );
  });

  it('is told within a bound, however much is wrong', () => {
    const judgeAll = judgeOf({ items: { allOf: many(1_000, () => ({ type: 'string' })) } });
    const data = many(100_000, () => 1);
    const bytesBefore = process.memoryUsage().heapUsed;
    expect(judgeAll(data, 200_000)).toMatchObject({ kind: 'differs', complaints: [{ pointer: '/0' }] });
    expect(process.memoryUsage().heapUsed - bytesBefore).toBeLessThan(256 * 1024 * 1024);
  });
});

describe('a hostile schema', () => {
  const bomb = (levels: number): JsonObject => {
    const both = (index: number) => ({ allOf: [{ $ref: `#/$defs/d${index}` }, { $ref: `#/$defs/d${index}` }] });
    return {
      $defs: { ...Object.fromEntries(many(levels, (i) => [`d${i}`, both(i + 1)])), [`d${levels}`]: { minimum: 0 } },
      $ref: '#/$defs/d0',
    };
  };
  const slow: readonly (readonly [string, JsonObject, unknown])[] = [
    ['backtracks', { properties: { a: { pattern: '^(a+)+$' } } }, { a: `${'a'.repeat(60)}b` }],
    ['backtracks over names', { patternProperties: { '^(a+)+$': {} } }, { [`${'a'.repeat(60)}b`]: 1 }],
    ['compares each with each', { uniqueItems: true }, many(40_000, (i) => ({ i }))],
    ['branches without bounds', bomb(60), 1],
    ['is large, for large data', { items: { allOf: many(4_000, (i) => ({ maximum: i + 2 })) } }, many(128_000, () => 1)],
  ];
  it.each(slow)('that %s is ended', (_, schema, data) => {
    const judgeData = judgeOf(schema);
    const chars = JSON.stringify(data).length;
    let verdict: unknown;
    expect(spent(() => (verdict = judgeData(data, chars)))).toBeLessThan(limits.schemaCheckMs * 100);
    expect(verdict).toEqual({ kind: 'unchecked', why: `takes longer than ${limits.schemaCheckMs} ms` });
  });

  it.each([
    ['refers to itself', { $defs: { a: { $ref: '#/$defs/b' }, b: { $ref: '#/$defs/a' } }, $ref: '#/$defs/a' }],
    ['branches without bounds', bomb(60)],
  ])('that %s is not taken', (_, schema) => {
    expect(tryEventSchema(schema)).toMatchObject({ ok: false });
  });

  it('that is wide only is taken, and says all that is wrong', () => {
    const schema = { properties: Object.fromEntries(many(500, (i) => [`p${i}`, { type: 'string' }])) };
    const tried = tryEventSchema(schema);
    expect(tried).toMatchObject({ ok: true });
    if (tried.ok)
      expect(tried.judge({ p7: 1, p8: 'x', p9: 2 }, 30)).toMatchObject({ complaints: [{ pointer: '/p7' }, { pointer: '/p9' }] });
  });

  it('that refers to a large part again and again is not copied', () => {
    const part = { properties: Object.fromEntries(many(100, (i) => [`p${i}`, { type: 'string' }])) };
    const schema = { allOf: many(400, () => ({ $ref: '#/$defs/a' })), $defs: { a: part } };
    expect(compileEventSchema(schema)).toMatchObject({ ok: true });
  });

  it('leaves nothing behind that others see', () => {
    expect(tryEventSchema({ $id: 'https://example.com/a', $defs: { x: { $anchor: 'x' } } }).ok).toBe(true);
    for (const $ref of ['https://example.com/a', 'https://example.com/a#x']) expect(tryEventSchema({ $ref }).ok).toBe(false);
  });
});

describe('what is costly', () => {
  it('changes how data is judged, and not the verdict', () => {
    const value = fc.oneof(fc.integer(), fc.string(), fc.array(fc.integer(), { maxLength: 3 }), fc.dictionary(fc.string(), fc.integer()));
    fc.assert(
      fc.property(fc.constantFrom('integer', 'string', 'array', 'object'), value, (type, data) => {
        const { kind } = judge({ type }, data);
        expect(judge({ type, properties: { pattern: { pattern: '' } } }, data).kind).toBe(kind);
        expect(judgeOf({ type })(data, Number.MAX_SAFE_INTEGER).kind).toBe(kind);
      }),
      { numRuns: 60 },
    );
  });
});
