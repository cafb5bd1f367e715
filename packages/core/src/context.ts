// A webhook's `context`: fields that an event's `current_context` must have, strictly typed. Empty fields (`""`, `null`, `[]`) ask for nothing;
// a list on either side means any of.
import { isJsonObject, pointerTo } from './field-errors.js';
import { jsonExcess, ownValue, sameJson } from './json-values.js';
import type { FieldError } from './problems.js';

/** Fields of a context and characters of their names; levels of nesting (the context itself is 1); members and elements at all levels. */
export const contextLimits = { membersMax: 64, nameCharsMax: 128, depthMax: 32, valuesMax: 1000 } as const;

/** The first field that failed, what the webhook wants there, and the event's value (`undefined`: missing). */
export type ContextMiss = { readonly field: string; readonly expected: unknown; readonly value: unknown };

/** Looks at an event's `current_context`, any JSON value: null if it matches. */
export type ContextTest = (currentContext: unknown) => ContextMiss | null;

/** What is wrong with a webhook's context as a customer writes it. Pointers are relative to the context. */
export function checkContext(context: unknown): readonly FieldError[] {
  if (!isJsonObject(context)) return [refused('', 'must be an object')];
  const names = Object.keys(context);
  if (names.length > contextLimits.membersMax) return [refused('', `has more than ${contextLimits.membersMax} members`)];
  const excess = jsonExcess(context, contextLimits);
  if (excess?.limit === 'depthMax')
    return [{ ...refused(excess.pointer, `is nested more than ${contextLimits.depthMax} levels deep`), code: 'nesting_too_deep' }];
  if (excess !== null)
    return [refused(excess.pointer, `goes beyond the ${contextLimits.valuesMax} members and elements that a context may have`)];
  return names
    .filter((name) => name.length > contextLimits.nameCharsMax)
    .map((name) => refused(pointerTo('', name), `has a name of more than ${contextLimits.nameCharsMax} characters`));
}

/** Makes the test of a webhook's context; null if it asks for nothing. */
export function compileContext(context: Readonly<Record<string, unknown>>): ContextTest | null {
  const wanted = wantedFields(context).map(({ field, expected }) => ({ field, expected, isWanted: anyOf(expected) }));
  if (wanted.length === 0) return null;
  return (currentContext) => {
    const given = isJsonObject(currentContext) ? currentContext : {};
    for (const { field, expected, isWanted } of wanted) {
      const value = ownValue(given, field);
      if (!(Array.isArray(value) ? value.some(isWanted) : isWanted(value))) return { field, expected, value };
    }
    return null;
  };
}

/** The fields of a context that want one of some scalars: what an event may be looked up by. */
export function contextKeys(
  context: Readonly<Record<string, unknown>>,
): readonly { readonly field: string; readonly values: readonly unknown[] }[] {
  return wantedFields(context)
    .map(({ field, expected }) => ({ field, values: wantedValues(expected) }))
    .filter(({ values }) => !values.some(isNested));
}

function wantedFields(context: Readonly<Record<string, unknown>>): readonly { readonly field: string; readonly expected: unknown }[] {
  return Object.keys(context)
    .map((field) => ({ field, expected: ownValue(context, field) }))
    .filter(({ expected }) => !isEmpty(expected));
}

function wantedValues(expected: unknown): readonly unknown[] {
  return Array.isArray(expected) ? expected : [expected];
}

function isNested(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

function isEmpty(expected: unknown): boolean {
  return expected === '' || expected === null || (Array.isArray(expected) && expected.length === 0);
}

function anyOf(expected: unknown): (value: unknown) => boolean {
  const all = wantedValues(expected);
  const nested = all.filter(isNested);
  const [only, ...others] = all;
  if (others.length === 0 && nested.length === 0) return (value) => value === only;
  const scalars = new Set(all.filter((value) => !isNested(value)));
  return (value) => scalars.has(value) || nested.some((each) => sameJson(each, value));
}

function refused(pointer: string, message: string): FieldError {
  return { pointer, code: 'invalid_field', message: `${pointer === '' ? 'context' : pointer} ${message}` };
}
