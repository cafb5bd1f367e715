import { createRequire } from 'node:module';
import { describe, expect, it } from '@jest/globals';
import { fieldErrorsMax } from './event.js';
import { checkFilter, checkFilterMembers, compileFilter, filterLimits } from './filter.js';

// A CommonJS package whose function stands under `default`.
const { default: packageMatch } = createRequire(import.meta.url)('simple-json-match') as {
  default: (document: unknown, filter: unknown) => boolean;
};

const matches = (filter: unknown, document: unknown): boolean => compileFilter(filter)(document) === null;

/** Like JSON.parse would make it, so `__proto__` is a member. */
const parsed = (text: string): unknown => JSON.parse(text);

const nested = (levels: number): unknown => {
  let filter: unknown = 1;
  for (let level = 0; level < levels; level++) filter = { a: filter };
  return filter;
};

describe('a filter', () => {
  it.each([
    ['all members', { a: 1, b: { c: 'x' } }, { a: 1, b: { c: 'x', d: 2 } }, true],
    ['all members', { a: 1, b: { c: 'x' } }, { a: 1, b: { c: 'y' } }, false],
    ['nothing', {}, { a: 1 }, true],
    ['an object, given a scalar', { a: {} }, { a: 1 }, false],
    ['scalars loosely', { a: 1, b: '2', c: null }, { a: '1', b: 2, c: null }, true],
    ['null, given nothing', { a: null }, {}, false],
    ['one of a list', { a: 'x' }, { a: ['y', 'x'] }, true],
    ['one object of a list', { a: { b: 1, c: 2 } }, { a: [{ b: 1 }, { c: 2 }] }, false],
    ['one object of a list', { a: { b: 1, c: 2 } }, { a: [{ b: 1 }, { b: 1, c: 2 }] }, true],
    ['all of a list', { a: ['x', 'y'] }, { a: ['y', 'z', 'x'] }, true],
    ['all of a list', { a: ['x', 'y'] }, { a: ['y'] }, false],
    ['a range', { a: { $gt: 1, $lte: 3 } }, { a: 3 }, true],
    ['a range', { a: { $gt: 1, $lt: 3 } }, { a: 3 }, false],
    ['texts in order', { a: { $gte: '2025-01-01' } }, { a: '2025-02-01' }, true],
    ['a number, given a boolean', { a: { $gte: 0 } }, { a: true }, false],
    ['one of some', { a: { $in: ['x', 5] } }, { a: 5 }, true],
    ['one of some, strictly', { a: { $in: ['5'] } }, { a: 5 }, false],
    ['none of some', { a: { $nin: ['x'] } }, { a: null }, true],
    ['none of some, given a list', { a: { $nin: ['x'] } }, { a: ['y'] }, false],
    ['a beginning', { a: { $startsWith: ['x', 'y'] } }, { a: 'yes' }, true],
    ['an end', { a: { $endsWith: 's' } }, { a: 'yes' }, true],
    ['an end, given a number', { a: { $endsWith: '1' } }, { a: 1 }, false],
    ['presence', { a: { $exist: true } }, { a: null }, true],
    ['absence', { a: { $exist: false } }, {}, true],
    ['a whole list', { a: { $eq: [1, { b: 2 }] } }, { a: [1, { b: 2 }] }, true],
    ['another list', { a: { $neq: [1] } }, { a: [1] }, false],
    ['either', { $or: [{ a: 1 }, { b: 1 }] }, { b: 1 }, true],
    ['either, of no one', { $or: [] }, {}, false],
    ['both', { $and: [{ a: 1 }, { b: 1 }] }, { b: 1 }, false],
    ['not', { $not: { a: 1 } }, { a: 2 }, true],
    ['either value', { a: { $or: ['x', { $gt: 5 }] } }, { a: 6 }, true],
    ['members that are named like indexes', { a: ['x'] }, { a: { 0: 'x' } }, true],
  ] as [string, unknown, unknown, boolean][])('asks for %s', (_name, filter, document, expected) => {
    expect(checkFilter(filter)).toEqual([]);
    expect(matches(filter, document)).toBe(expected);
    expect(packageMatch(document, filter)).toBe(expected);
  });

  it.each(['$eq', '$neq', '$gt', '$gte', '$lt', '$lte', '$in', '$nin', '$startsWith', '$endsWith', '$or', '$and'])(
    'is false with %s on a missing key',
    (operator) => {
      const operand =
        operator === '$in' || operator === '$nin' ? ['x'] : operator === '$or' || operator === '$and' ? [{ $exist: false }] : 'x';
      expect(matches({ a: { [operator]: operand } }, {})).toBe(false);
      expect(matches({ a: { $exist: false, [operator]: operand } }, {})).toBe(false);
      expect(packageMatch({}, { a: { [operator]: operand } })).toBe(false);
    },
  );

  it('says which clause failed on which value', () => {
    const filter = {
      event_type: 'order.placed',
      data: { amount: { $gt: 5 }, 'a/b~c': 1, lines: { sku: 'x' }, tags: ['a', 'b'], state: { $or: ['x', 'y'] }, kind: { $not: 'k' } },
    };
    const data = { amount: 6, 'a/b~c': 1, lines: [{ sku: 'x' }], tags: ['b', 'a'], state: 'y', kind: 'l' };
    const missOf = (changes: object) =>
      compileFilter(filter)({ event_type: 'order.placed', current_context: null, data: { ...data, ...changes } });
    expect(missOf({})).toBeNull();
    expect(missOf({ amount: 5 })).toEqual({ clause: '/data/amount/$gt', expected: 5, value: 5 });
    expect(missOf({ amount: undefined })).toEqual({ clause: '/data/amount/$gt', expected: 5, value: undefined });
    expect(missOf({ 'a/b~c': 2 })).toEqual({ clause: '/data/a~1b~0c', expected: 1, value: 2 });
    expect(missOf({ lines: [{ sku: 'y' }] })).toEqual({ clause: '/data/lines', expected: { sku: 'x' }, value: [{ sku: 'y' }] });
    expect(missOf({ lines: { sku: 'y' } })).toEqual({ clause: '/data/lines/sku', expected: 'x', value: 'y' });
    expect(missOf({ lines: 7 })).toEqual({ clause: '/data/lines', expected: { sku: 'x' }, value: 7 });
    expect(missOf({ tags: ['a'] })).toEqual({ clause: '/data/tags/1', expected: 'b', value: ['a'] });
    expect(missOf({ state: 'z' })).toEqual({ clause: '/data/state/$or', expected: ['x', 'y'], value: 'z' });
    expect(missOf({ kind: 'k' })).toEqual({ clause: '/data/kind/$not', expected: 'k', value: 'k' });
  });

  it('matches nothing and says so if it should never have been written', () => {
    expect(compileFilter({ a: { $regex: 'x' } })({ a: 'x' })).toMatchObject({ clause: '/a/$regex' });
    expect(compileFilter('x')({})).toMatchObject({ clause: '' });
    expect(matches(null, { a: 1 })).toBe(true);
  });
});

describe('checkFilterMembers', () => {
  it('refuses what no event has, at the level of the event alone, through $or, $and and $not', () => {
    expect(checkFilterMembers({ event_type: 'a', current_context: { payload: 1 }, data: { payload: { $or: [{ body: 1 }] } } })).toEqual([]);
    expect(checkFilterMembers({ $or: [{ data: 1 }, { payload: 1 }], $not: { body: { data: 1 } } }).map(({ pointer }) => pointer)).toEqual([
      '/$or/1/payload',
      '/$not/body',
    ]);
    expect(checkFilterMembers(null)).toEqual([]);
  });
});

describe('checkFilter', () => {
  it.each([
    [5, ''],
    [[{ a: 1 }], ''],
    [{ a: { $regex: 'x' } }, '/a/$regex'],
    [{ $gte: 1, $nope: 1 }, '/$nope'],
    [{ a: { $or: { b: 1 } } }, '/a/$or'],
    [{ $and: 'x' }, '/$and'],
    [{ a: { $in: 'x' } }, '/a/$in'],
    [{ a: { $nin: [null] } }, '/a/$nin'],
    [{ a: { $gt: true } }, '/a/$gt'],
    [{ a: { $startsWith: [1] } }, '/a/$startsWith'],
    [{ a: { $exist: 1 } }, '/a/$exist'],
    [{ a: { $eq: { $ref: 'b' } } }, '/a/$eq'],
    [{ a: { $ref: 'b' } }, '/a/$ref'],
    [{ a: [{ $not: { $or: [1, { 'x/y': { $x: 1 } }] } }] }, '/a/0/$not/$or/1/x~1y/$x'],
    [{ a: undefined }, '/a'],
  ] as [unknown, string][])('refuses %j', (filter, pointer) => {
    const problems = checkFilter(filter);
    expect(problems.map((problem) => problem.pointer)).toEqual([pointer]);
    expect(problems[0]).toMatchObject({ code: 'invalid_field', message: expect.stringMatching(/^(filter|\/\S+) (must|is)/) });
  });

  it('takes none, and operators in what is only compared', () => {
    expect(checkFilter(null)).toEqual([]);
    expect(checkFilter({ a: { $eq: { b: { $regex: 'x' } } } })).toEqual([]);
  });

  it('names all that is wrong, up to a number', () => {
    expect(checkFilter({ a: { $x: 1 }, b: { $y: 1 } }).map((problem) => problem.pointer)).toEqual(['/a/$x', '/b/$y']);
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`$${index}`, 1]));
    expect(checkFilter(many)).toHaveLength(fieldErrorsMax);
  });

  it('keeps to the limits, whatever it is given', () => {
    expect(checkFilter(nested(filterLimits.depthMax))).toEqual([]);
    expect(checkFilter(nested(filterLimits.depthMax + 1))).toMatchObject([{ code: 'nesting_too_deep' }]);
    expect(checkFilter(nested(200_000))).toMatchObject([{ code: 'nesting_too_deep' }]);
    const wide = (length: number) => ({ a: { $in: Array.from({ length }, (_, index) => index) } });
    expect(checkFilter(wide(filterLimits.clausesMax - 2))).toEqual([]);
    expect(checkFilter(wide(filterLimits.clausesMax - 1))).toMatchObject([{ pointer: '/a/$in', code: 'invalid_field' }]);
    expect(checkFilter(wide(1_000_000))).toHaveLength(1);
    expect(checkFilter(parsed(`{"__proto__":{"$x":1},"constructor":{"$in":5}}`)).map((problem) => problem.pointer)).toEqual([
      '/__proto__/$x',
      '/constructor/$in',
    ]);
  });
});

describe('what differs from simple-json-match', () => {
  const differ = (filter: unknown, document: unknown, ours: boolean): void => {
    expect(checkFilter(filter)).toEqual([]);
    expect([matches(filter, document), packageMatch(document, filter)]).toEqual([ours, !ours]);
  };

  it('looks at own properties only', () => {
    differ({ toString: { $exist: true } }, {}, false);
    differ(parsed('{"__proto__":{}}'), {}, false);
    expect(matches(parsed('{"__proto__":{"a":1}}'), parsed('{"__proto__":{"a":1}}'))).toBe(true);
  });

  it('counts every member of an object, also beside $or and beside operators', () => {
    differ({ data: { $or: [{ a: 1 }, { a: 2 }], b: 1 } }, { data: { a: 1, b: 2 } }, false);
    differ({ a: { $gt: 1, $not: 5 } }, { a: 5 }, false);
    differ({ a: { $exist: true, b: 1 } }, { a: { b: 2 } }, false);
  });

  it('knows $not and $and under a key whatever stands there, and $not where nothing does', () => {
    differ({ a: { $not: 'x' } }, { a: 'y' }, true);
    differ({ a: { $not: 'x' } }, {}, true);
    differ({ a: { $not: { $exist: true } } }, {}, true);
    differ({ a: { $not: 'x' } }, { a: ['x', 'y'] }, true);
    differ({ a: { $and: [{ $gt: 1 }, { $lt: 5 }] } }, { a: 3 }, true);
  });

  it('takes null, false, 0 and "" as conditions like any other', () => {
    differ({ a: { $or: [null, 'x'] } }, { a: null }, true);
    differ({ a: { $or: [{ $not: 0 }] } }, { a: 1 }, true);
  });

  it('knows operators as conditions also where an object stands', () => {
    differ({ a: { $or: [{ $exist: true }] } }, { a: { b: 1 } }, true);
    differ({ $or: [{ $neq: 1 }] }, { a: 1 }, true);
  });

  it('keeps all but $exist and $not false on a missing key, also beside "$exist": false', () => {
    differ({ a: { $exist: false, $neq: 5 } }, {}, false);
  });

  it('compares structures by what they say, not by the order of their members, and never with a text', () => {
    differ({ a: { $eq: { b: 1, c: 2 } } }, { a: { c: 2, b: 1 } }, true);
    differ({ a: { $eq: '[1]' } }, { a: [1] }, false);
  });

  it('refuses unknown operators, references, and what should be a list and is none', () => {
    for (const [filter, document] of [
      [{ $x: 1 }, { $x: 1 }],
      [{ a: { $ref: 'b' } }, { a: 1, b: 1 }],
      [{ a: { $in: 'b' } }, { a: 'abc' }],
      [{ $or: 1 }, { $or: 1 }],
    ]) {
      expect(packageMatch(document, filter)).toBe(true);
      expect(checkFilter(filter)).toHaveLength(1);
    }
  });
});
