// Our filters against npm simple-json-match, over generated filters and documents. What is left out here is deliberate and shown by example in
// filter.test.ts: inherited names; members beside `$or` or operators under a key; `$and`/`$not` alone under a key that may hold no object;
// falsy conditions; operators as conditions that meet an object; `$exist: false` beside other operators; other orders of members; refused filters.
import { createRequire } from 'node:module';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { checkFilter, compileFilter } from './filter.js';

const { default: packageMatch } = createRequire(import.meta.url)('simple-json-match') as {
  default: (document: unknown, filter: unknown) => boolean;
};

const key = fc.constantFrom('0', 'a', 'b', 'c');
const scalar = fc.constantFrom<unknown>(null, true, false, 0, 1, 2, -1, 1.5, '', '1', '2', 'x', 'xy', 'y', 'true');
const solid = scalar.filter(Boolean);

/** The package compares structures as text: both sides bring their members in one order. */
const sorted = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([name, each]) => [name, sorted(each)]));
};

const members = (value: fc.Arbitrary<unknown>, minKeys = 0) =>
  fc.dictionary(key, value, { minKeys, maxKeys: 3 }).map((each): Record<string, unknown> => ({ ...each }));

const { json } = fc.letrec((tie) => ({
  json: fc.oneof({ maxDepth: 4, withCrossShrink: true }, scalar, fc.array(tie('json'), { maxLength: 3 }), members(tie('json'))),
}));
const document = members(json!).map(sorted);

const comparable = fc.constantFrom<unknown>(0, 1, 2, '1', 'x', '');
const text = fc.constantFrom('', 'x', 'y', '1');
const affix = fc.oneof(text, fc.array(text, { maxLength: 2 }));
const operations = fc.oneof(
  fc.record({ $exist: fc.boolean() }),
  fc.record({ $exist: fc.constant(true), $neq: scalar }),
  fc
    .record({
      $eq: json!.map(sorted),
      $neq: json!.map(sorted),
      $gt: comparable,
      $gte: comparable,
      $lt: comparable,
      $lte: comparable,
      $in: fc.array(comparable, { maxLength: 3 }),
      $nin: fc.array(comparable, { maxLength: 3 }),
      $startsWith: affix,
      $endsWith: affix,
    })
    .chain((all) => fc.shuffledSubarray(Object.entries(all), { minLength: 1, maxLength: 2 }))
    .map((some) => Object.fromEntries(some)),
);

const logic = (condition: fc.Arbitrary<unknown>) => ({
  $or: fc.array(condition, { maxLength: 3 }),
  $and: fc.array(condition, { maxLength: 2 }),
  $not: condition,
});

// One measure of depth for all kinds of conditions.
const bounds = { maxDepth: 5, depthIdentifier: fc.createDepthIdentifier() };
const { whole } = fc.letrec((tie) => ({
  // Met by objects alone: any mixture.
  whole: fc.oneof(
    bounds,
    members(scalar),
    fc.tuple(members(tie('value')), fc.record(logic(tie('whole')), { requiredKeys: [] })).map(([fields, more]) => ({ ...fields, ...more })),
  ),
  // Stands under a key.
  value: fc.oneof(bounds, scalar, operations, tie('condition')),
  condition: fc.oneof(
    bounds,
    solid,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.record({ $or: fc.array(tie('condition'), { maxLength: 3 }) }),
    members(tie('value')),
    fc
      .tuple(
        members(tie('value'), 1),
        fc.record({ $and: fc.array(tie('whole'), { maxLength: 2 }), $not: tie('whole') }, { requiredKeys: [] }),
      )
      .map(([fields, more]) => ({ ...fields, ...more })),
  ),
}));

const compare = (filter: unknown, given: unknown, counts: Map<boolean, number>): void => {
  expect(checkFilter(filter)).toEqual([]);
  const ours = compileFilter(filter)(given) === null;
  counts.set(ours, (counts.get(ours) ?? 0) + 1);
  expect(ours).toBe(packageMatch(given, filter));
};

describe('filters', () => {
  it('agree with simple-json-match on any document', () => {
    const counts = new Map<boolean, number>();
    fc.assert(
      fc.property(whole!, document, (filter, given) => compare(filter, given, counts)),
      { numRuns: 20_000 },
    );
    expect(Math.min(counts.get(true) ?? 0, counts.get(false) ?? 0)).toBeGreaterThan(1000);
  });

  it('agree with simple-json-match on every operator', () => {
    const counts = new Map<boolean, number>();
    const value = fc.oneof({ weight: 5, arbitrary: scalar }, { weight: 1, arbitrary: json!.map(sorted) });
    fc.assert(
      fc.property(operations, fc.record({ a: value }, { requiredKeys: [] }), (a, given) => compare({ a }, given, counts)),
      { numRuns: 10_000 },
    );
    expect(Math.min(counts.get(true) ?? 0, counts.get(false) ?? 0)).toBeGreaterThan(1000);
  });

  it('agree with simple-json-match on operators under $or and $not, where scalars and lists of them stand', () => {
    const { condition } = fc.letrec((tie) => ({
      condition: fc.oneof(
        { maxDepth: 4 },
        solid,
        operations,
        fc.record({ $or: fc.array(tie('condition'), { maxLength: 3 }) }),
        fc.record({ $not: tie('condition') }),
      ),
    }));
    const filter = members(fc.record({ $or: fc.array(condition!, { maxLength: 3 }) }), 1);
    const counts = new Map<boolean, number>();
    fc.assert(
      fc.property(filter, members(fc.oneof(scalar, fc.array(scalar, { maxLength: 3 }))), (each, given) => compare(each, given, counts)),
      { numRuns: 10_000 },
    );
    expect(Math.min(counts.get(true) ?? 0, counts.get(false) ?? 0)).toBeGreaterThan(500);
  });
});
