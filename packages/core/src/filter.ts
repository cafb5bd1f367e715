// The condition of a webhook over `{event_type, current_context, data}`: a JSON value that mirrors the document, with operators in it, as users
// of npm simple-json-match know them. What that package silently ignores counts here or is refused on write (the tests name it all).
//
// - A scalar equals a scalar as `==` says; an object matches an object whose own members match all of its members.
// - Where the document has a list, one element that matches is enough; operators but `$or $and $not` look at the list itself.
//   A list in the filter asks each of its conditions of some element.
// - On a missing key all but `$exist` and `$not` is false, `$neq` and `$nin` too.
import { fieldErrorsMax } from './event.js';
import { isJsonObject, pointerTo } from './field-errors.js';
import { jsonExcess, ownValue, sameJson } from './json-values.js';
import type { FieldError } from './problems.js';

/** Levels of a filter (its outermost object is 1), and its members and list elements at all levels. */
export const filterLimits = { depthMax: 32, clausesMax: 1000 } as const;

/** What is wrong with a filter, and where in it. */
export type FilterProblem = FieldError;

/** The first clause that failed (a pointer into the filter), what stands there, and the document's value (`undefined`: missing). */
export type FilterMiss = { readonly clause: string; readonly expected: unknown; readonly value: unknown };

/** Looks at a document: null if it matches. */
export type FilterTest = (document: unknown) => FilterMiss | null;

type Operator = {
  /** What the operand must be, as the end of `… must be`; null if it is that. */
  readonly refusal: (operand: unknown) => string | null;
  /** Never called with a missing value, but for `$exist`. */
  readonly holdsFor: (operand: unknown) => (value: unknown) => boolean;
};

const operators: ReadonlyMap<string, Operator> = new Map([
  ['$eq', { refusal: refuseReference, holdsFor: (operand) => (value) => isEqual(value, operand) }],
  ['$neq', { refusal: refuseReference, holdsFor: (operand) => (value) => !isEqual(value, operand) }],
  ['$gt', comparison((value, operand) => value > operand)],
  ['$gte', comparison((value, operand) => value >= operand)],
  ['$lt', comparison((value, operand) => value < operand)],
  ['$lte', comparison((value, operand) => value <= operand)],
  ['$in', membership(true)],
  ['$nin', membership(false)],
  ['$startsWith', affix((value, part) => value.startsWith(part))],
  ['$endsWith', affix((value, part) => value.endsWith(part))],
  [
    '$exist',
    {
      refusal: (operand) => (typeof operand === 'boolean' ? null : 'true or false'),
      holdsFor: (operand) => (value) => (value !== undefined) === operand,
    },
  ],
] satisfies [string, Operator][]);

/** What is wrong with a filter as a customer writes it, at most `fieldErrorsMax` problems; none for `null`, which is no filter. Linear. */
export function checkFilter(filter: unknown): readonly FilterProblem[] {
  if (filter === null) return [];
  if (!isJsonObject(filter)) return [refused('', 'must be an object')];
  const excess = jsonExcess(filter, { depthMax: filterLimits.depthMax, valuesMax: filterLimits.clausesMax });
  if (excess?.limit === 'depthMax')
    return [{ ...refused(excess.pointer, `is nested more than ${filterLimits.depthMax} levels deep`), code: 'nesting_too_deep' }];
  if (excess !== null)
    return [refused(excess.pointer, `goes beyond the ${filterLimits.clausesMax} members and elements that a filter may have`)];
  const problems: FilterProblem[] = [];
  checkCondition(filter, '', problems);
  return problems.slice(0, fieldErrorsMax);
}

/** What a filter looks at. */
const documentMembers: readonly string[] = ['event_type', 'current_context', 'data'];

/** What a filter asks of an event that no event has: it could never match, or never fail. For a filter that `checkFilter` finds nothing wrong with. */
export function checkFilterMembers(filter: unknown, pointer = ''): readonly FilterProblem[] {
  if (Array.isArray(filter)) return filter.flatMap((each, index) => checkFilterMembers(each, pointerTo(pointer, `${index}`)));
  if (!isJsonObject(filter)) return [];
  return Object.keys(filter).flatMap((name) => {
    if (name === '$or' || name === '$and' || name === '$not') return checkFilterMembers(filter[name], pointerTo(pointer, name));
    if (name.startsWith('$') || documentMembers.includes(name)) return [];
    return [refused(pointerTo(pointer, name), `is no member of what a filter looks at; there are ${documentMembers.join(', ')}`)];
  });
}

/** Makes the test of a filter. One that should not have been written matches nothing: it must not keep a tenant's other webhooks from working. */
export function compileFilter(filter: unknown): FilterTest {
  if (filter === null) return () => null;
  const [problem] = checkFilter(filter);
  if (problem !== undefined) return (value) => ({ clause: problem.pointer, expected: filter, value });
  return conditionTest(filter, '');
}

function refused(pointer: string, message: string): FilterProblem {
  return { pointer, code: 'invalid_field', message: `${pointer === '' ? 'filter' : pointer} ${message}` };
}

/** Adds what is wrong to `problems`. The depth is known to be bounded. */
function checkCondition(condition: unknown, pointer: string, problems: FilterProblem[]): void {
  if (Array.isArray(condition)) {
    condition.forEach((each, index) => {
      checkCondition(each, pointerTo(pointer, `${index}`), problems);
    });
  } else if (isJsonObject(condition)) {
    for (const name of Object.keys(condition)) checkMember(name, condition[name], pointerTo(pointer, name), problems);
  } else if (!isScalar(condition)) problems.push(refused(pointer, 'is not JSON'));
}

function checkMember(name: string, operand: unknown, pointer: string, problems: FilterProblem[]): void {
  const operator = operators.get(name);
  if (operator !== undefined) {
    const refusal = operator.refusal(operand);
    if (refusal !== null) problems.push(refused(pointer, `must be ${refusal}`));
  } else if ((name === '$or' || name === '$and') && !Array.isArray(operand))
    problems.push(refused(pointer, 'must be a list of conditions'));
  else if (!name.startsWith('$') || name === '$or' || name === '$and' || name === '$not') checkCondition(operand, pointer, problems);
  else problems.push(refused(pointer, `is no operator; there are ${[...operators.keys()].join(' ')} $or $and $not`));
}

function conditionTest(condition: unknown, pointer: string): FilterTest {
  if (Array.isArray(condition)) return listTest(condition, pointer);
  if (isJsonObject(condition)) return objectTest(condition, pointer);
  const holds = (value: unknown): boolean => (Array.isArray(value) ? value.some(holds) : isScalar(value) && isEqual(value, condition));
  return testOf(pointer, condition, holds);
}

function listTest(conditions: readonly unknown[], pointer: string): FilterTest {
  const tests = conditions.map((each, index) => conditionTest(each, pointerTo(pointer, `${index}`)));
  const ofElements = tests.map((test, index) =>
    testOf(pointerTo(pointer, `${index}`), conditions[index], (value) =>
      (value as readonly unknown[]).some((element) => test(element) === null),
    ),
  );
  // Of an object a list asks the members named 0, 1, …, as the package does.
  const ofMembers = tests.map((test, index) => memberTest(`${index}`, test));
  return (value) => {
    if (Array.isArray(value)) return firstMiss(ofElements, value);
    return isJsonObject(value) ? firstMiss(ofMembers, value) : { clause: pointer, expected: conditions, value };
  };
}

function objectTest(condition: Readonly<Record<string, unknown>>, pointer: string): FilterTest {
  const ofValue: FilterTest[] = [];
  const ofElement: FilterTest[] = [];
  const names = Object.keys(condition);
  const needsObject = names.length === 0 || names.some((name) => !name.startsWith('$'));
  for (const name of names) {
    const operand = ownValue(condition, name);
    const at = pointerTo(pointer, name);
    const operator = operators.get(name);
    if (operator !== undefined) ofValue.push(operatorTest(name, operator, operand, at));
    else ofElement.push(logicTest(name, operand, at) ?? memberTest(name, conditionTest(operand, at)));
  }
  const elementTest: FilterTest = (value) => {
    if (Array.isArray(value))
      return value.some((element) => elementTest(element) === null) ? null : { clause: pointer, expected: condition, value };
    return needsObject && !isJsonObject(value) ? { clause: pointer, expected: condition, value } : firstMiss(ofElement, value);
  };
  if (ofValue.length === 0) return elementTest;
  if (ofElement.length === 0) return (value) => firstMiss(ofValue, value);
  return (value) => firstMiss(ofValue, value) ?? elementTest(value);
}

/** The test of `$or`, `$and` or `$not`; null for any other name. */
function logicTest(name: string, operand: unknown, pointer: string): FilterTest | null {
  if (name === '$not') {
    const test = conditionTest(operand, pointer);
    return testOf(pointer, operand, (value) => test(value) !== null);
  }
  if (name !== '$or' && name !== '$and') return null;
  const tests = (operand as readonly unknown[]).map((each, index) => conditionTest(each, pointerTo(pointer, `${index}`)));
  if (name === '$or') return testOf(pointer, operand, (value) => value !== undefined && tests.some((test) => test(value) === null));
  return (value) => (value === undefined ? { clause: pointer, expected: operand, value } : firstMiss(tests, value));
}

function operatorTest(name: string, operator: Operator, operand: unknown, pointer: string): FilterTest {
  const holds = operator.holdsFor(operand);
  return testOf(pointer, operand, name === '$exist' ? holds : (value) => value !== undefined && holds(value));
}

function memberTest(name: string, test: FilterTest): FilterTest {
  // Looking a name up is much cheaper than asking whose it is, so that is asked only of names that every object inherits.
  if (name in Object.prototype) return (value) => test(ownValue(value as object, name));
  return (value) => test((value as Readonly<Record<string, unknown>>)[name]);
}

function testOf(clause: string, expected: unknown, holds: (value: unknown) => boolean): FilterTest {
  return (value) => (holds(value) ? null : { clause, expected, value });
}

function firstMiss(tests: readonly FilterTest[], value: unknown): FilterMiss | null {
  for (const test of tests) {
    const miss = test(value);
    if (miss !== null) return miss;
  }
  return null;
}

function comparison(holds: (value: number, operand: number) => boolean): Operator {
  const isComparable = (value: unknown): boolean => typeof value === 'string' || typeof value === 'number';
  return {
    refusal: (operand) => (isComparable(operand) ? null : 'a string or a number'),
    // Two strings compare as strings, as JavaScript has it; a string and a number as numbers.
    holdsFor: (operand) => (value) => isComparable(value) && holds(value as number, operand as number),
  };
}

function membership(isWanted: boolean): Operator {
  const isElement = (value: unknown): boolean => typeof value === 'string' || typeof value === 'number';
  return {
    refusal: (operand) => (Array.isArray(operand) && operand.every(isElement) ? null : 'a list of strings and numbers'),
    holdsFor: (operand) => {
      const elements = new Set(operand as readonly unknown[]);
      return (value) => isScalar(value) && elements.has(value) === isWanted;
    },
  };
}

function affix(holds: (value: string, part: string) => boolean): Operator {
  const partsOf = (operand: unknown): readonly unknown[] => (Array.isArray(operand) ? operand : [operand]);
  return {
    refusal: (operand) => (partsOf(operand).every((part) => typeof part === 'string') ? null : 'a string or a list of strings'),
    holdsFor: (operand) => {
      const parts = partsOf(operand) as readonly string[];
      return (value) => typeof value === 'string' && parts.some((part) => holds(value, part));
    },
  };
}

/** In the package `{"$ref": path}` stands for another value of the document; to take it literally would be a trap. */
function refuseReference(operand: unknown): string | null {
  return isJsonObject(operand) && Object.hasOwn(operand, '$ref') ? 'a value: there are no references' : null;
}

function isScalar(value: unknown): boolean {
  return value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

function isEqual(value: unknown, expected: unknown): boolean {
  // biome-ignore lint/suspicious/noDoubleEquals: the language compares scalars loosely, 1 and "1" say.
  return isScalar(value) && isScalar(expected) ? value == expected : sameJson(value, expected);
}
