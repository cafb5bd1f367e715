// The predicates of dialect 001's filters (`topic_eq`, `name_or_reference_cont`), read into tests that say nothing of the dialect. As in the language
// that its clients know, a comparison with an attribute that is null is not met, `_not_eq` and `_not_in` neither.
import { isUuid, parseRfc3339 } from '@posthorn/core';
import type { Attribute, AttributeKind } from './query-attributes.js';

export const predicateLimits = { valuesMax: 100, filterCharsMax: 8_192, wildcardsMax: 10, attributesMax: 5 } as const;

/** Texts are texts, times Unix milliseconds. */
export type QueryValue = string | number;

/** A text in pieces, with any run of characters between them: `['', 'a', '']` is whatever contains an `a`. Case does not count. */
export type TextPattern = readonly string[];

export type QueryTest =
  /** At least one value. */
  | { readonly is: 'among'; readonly values: readonly QueryValue[]; readonly not: boolean; readonly orNull: boolean }
  | { readonly is: 'like'; readonly patterns: readonly TextPattern[]; readonly not: boolean }
  | { readonly is: 'compared'; readonly sign: '>' | '>=' | '<' | '<='; readonly value: QueryValue }
  | { readonly is: 'null'; readonly not: boolean }
  | { readonly is: 'blank'; readonly not: boolean };

/** Met if the test is met by any of the fields. */
export type QueryCondition<Field extends string = string> = { readonly fields: readonly Field[]; readonly test: QueryTest };

/** What was read, or what is wrong as the end of a sentence that begins with the parameter. */
type Read<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly message: string };
const right = <T>(value: T): Read<T> => ({ ok: true, value });
const wrong = (message: string): Read<never> => ({ ok: false, message });

type Predicate = { readonly kinds: readonly AttributeKind[]; readonly read: (kind: AttributeKind, text: string) => Read<QueryTest> };

const timeOf = (text: string): number | null => parseRfc3339(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : text);

const readValue = (kind: AttributeKind, text: string): Read<QueryValue> => {
  switch (kind) {
    case 'text':
    case 'key':
      return right(text);
    case 'uuid':
      // What is no id finds nothing, like an id that nobody has.
      return right(text.toLowerCase());
    case 'state':
      return text === 'open' || text === 'closed' ? right(text) : wrong('must be open or closed');
    case 'number':
      return /^-?\d{1,9}$/.test(text) ? right(Number(text)) : wrong('must be a whole number of at most 9 digits');
    case 'time': {
      const timeMs = timeOf(text);
      return timeMs === null ? wrong('must be a date or an RFC 3339 time') : right(timeMs);
    }
  }
};

const readList = <T>(text: string, readOne: (item: string) => Read<T>): Read<readonly T[]> => {
  const items = text.split(',').map((item) => item.trim());
  if (items.length > predicateLimits.valuesMax) return wrong(`takes at most ${predicateLimits.valuesMax} values`);
  if (items.includes('')) return wrong('must be values between commas, none of them empty');
  const values: T[] = [];
  for (const item of items) {
    const read = readOne(item);
    if (!read.ok) return read;
    values.push(read.value);
  }
  return right(values);
};

const mapped = <T, U>(read: Read<T>, map: (value: T) => U): Read<U> => (read.ok ? right(map(read.value)) : read);

const all: readonly AttributeKind[] = ['text', 'time', 'number', 'uuid', 'key', 'state'];
const nullable: readonly AttributeKind[] = ['text', 'time', 'number', 'state'];
const ordered: readonly AttributeKind[] = ['text', 'time', 'number', 'uuid'];

const equal = (not: boolean): Predicate => ({
  kinds: all,
  read: (kind, text) => mapped(readValue(kind, text), (value) => ({ is: 'among', values: [value], not, orNull: false })),
});
const among = (not: boolean, orNull = false): Predicate => ({
  kinds: all,
  read: (kind, text) =>
    mapped(
      readList(text, (item) => readValue(kind, item)),
      (values) => ({ is: 'among', values, not, orNull }),
    ),
});
const compared = (sign: '>' | '>=' | '<' | '<='): Predicate => ({
  kinds: ordered,
  read: (kind, text) => {
    if (kind === 'uuid' && !isUuid(text.toLowerCase())) return wrong('must be an id');
    return mapped(readValue(kind, text), (value) => ({ is: 'compared', sign, value }));
  },
});

/** `%` stands for any run of characters; without one the whole text is meant. */
const readPattern = (text: string): Read<TextPattern> => {
  const pieces = text.split('%');
  return pieces.length - 1 > predicateLimits.wildcardsMax ? wrong(`takes at most ${predicateLimits.wildcardsMax} %`) : right(pieces);
};
const like = (not: boolean, patternOf: (text: string) => Read<TextPattern>): Predicate => ({
  kinds: ['text'],
  read: (_, text) => mapped(patternOf(text), (pattern) => ({ is: 'like', patterns: [pattern], not })),
});
const likeAny = (patternOf: (text: string) => Read<TextPattern>): Predicate => ({
  kinds: ['text'],
  read: (_, text) => mapped(readList(text, patternOf), (patterns) => ({ is: 'like', patterns, not: false })),
});
const containing = (text: string): Read<TextPattern> => right(['', text, '']);
const startingWith = (text: string): Read<TextPattern> => right([text, '']);
const endingWith = (text: string): Read<TextPattern> => right(['', text]);

const flag = (text: string): Read<boolean> => {
  if (['true', '1', 't'].includes(text)) return right(true);
  return ['false', '0', 'f'].includes(text) ? right(false) : wrong('must be true or false');
};
const known = (is: 'null' | 'blank', not: boolean): Predicate => ({
  kinds: nullable,
  read: (_, text) => mapped(flag(text), (wanted) => ({ is, not: wanted === not })),
});

const predicates: Readonly<Record<string, Predicate>> = {
  eq: equal(false),
  not_eq: equal(true),
  in: among(false),
  not_in: among(true),
  not_in_or_null: among(true, true),
  gt: compared('>'),
  gteq: compared('>='),
  lt: compared('<'),
  lteq: compared('<='),
  matches: like(false, readPattern),
  does_not_match: like(true, readPattern),
  matches_any: likeAny(readPattern),
  cont: like(false, containing),
  not_cont: like(true, containing),
  cont_any: likeAny(containing),
  start: like(false, startingWith),
  not_start: like(true, startingWith),
  start_any: likeAny(startingWith),
  end: like(false, endingWith),
  not_end: like(true, endingWith),
  end_any: likeAny(endingWith),
  null: known('null', false),
  not_null: known('null', true),
  blank: known('blank', false),
  present: known('blank', true),
};

/** The names of all of them, without the `_` before. */
export const predicateNames: readonly string[] = Object.keys(predicates);

/** Which attributes a filter names, and by which predicate; null: it is none. */
const partsOf = (name: string, attributes: Readonly<Record<string, Attribute>>) => {
  for (const predicate of predicateNames) {
    if (!name.endsWith(`_${predicate}`)) continue;
    const names = name.slice(0, -predicate.length - 1).split('_or_');
    if (names.every((each) => Object.hasOwn(attributes, each))) return { predicate, attributes: names.map((each) => attributes[each]!) };
  }
  return null;
};

const whyUnknown = (name: string, attributes: Readonly<Record<string, Attribute>>): string => {
  const attribute = Object.keys(attributes).find((each) => name === each || name.startsWith(`${each}_`));
  if (attribute !== undefined) return `has no known predicate; known are ${predicateNames.map((each) => `_${each}`).join(', ')}`;
  const names = Object.keys(attributes);
  return names.length === 0 ? 'is not known: this list has no filters' : `begins with no attribute; known are ${names.join(', ')}`;
};

/**
 * One filter.
 * @param name what stands in `filter[q][…]`
 * @param text its value, decoded
 */
export const readPredicate = (name: string, text: string, attributes: Readonly<Record<string, Attribute>>): Read<QueryCondition> => {
  const parts = partsOf(name, attributes);
  if (parts === null) return wrong(whyUnknown(name, attributes));
  const { kinds, read } = predicates[parts.predicate]!;
  const [{ kind }, ...others] = parts.attributes as [Attribute, ...Attribute[]];
  if (others.some((other) => other.kind !== kind)) return wrong('names attributes of different kinds');
  if (others.length >= predicateLimits.attributesMax) return wrong(`names more than ${predicateLimits.attributesMax} attributes`);
  if (!kinds.includes(kind)) return wrong(`asks for _${parts.predicate}, which an attribute of this kind does not have`);
  if (text === '') return wrong('needs a value');
  // What no stored text has; Postgres takes neither.
  if (/[\0\p{Cs}]/u.test(text)) return wrong('must be a text');
  if (text.length > predicateLimits.filterCharsMax) return wrong(`must be at most ${predicateLimits.filterCharsMax} characters`);
  return mapped(read(kind, text), (test) => ({ fields: parts.attributes.map(({ field }) => field), test }));
};
