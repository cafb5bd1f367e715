// What a list may be asked for, as a table: each filter knows the parameters that it is written in and what they mean. A route's schema and its
// reading are made of the same table. Several filters are all to be met.
import { isUuid, parseRfc3339, problem } from '@posthorn/core';
import { Type } from 'typebox';
import { isStorableText } from './storable.js';

export type ListQuery = Readonly<Record<string, string | undefined>>;

/** One filter of a list, whatever its name is there. */
export type Filter<T> = {
  /** The parameters that it is written in. */
  readonly parameters: (name: string) => Readonly<Record<string, Type.TSchema>>;
  /** What they say, null if none of them is given; throws `invalid_request`. */
  readonly read: (name: string, query: ListQuery) => T | null;
};

export type FilterTable = Readonly<Record<string, Filter<unknown>>>;
export type FilterValues<Table extends FilterTable> = {
  readonly [Name in keyof Table]: Table[Name] extends Filter<infer T> ? T | null : never;
};

/** From `fromMs` on and before `toMs` (Unix milliseconds); null: no bound. */
export type Period = { readonly fromMs: number | null; readonly toMs: number | null };
/** By which column, and in which direction. */
export type Sort<Column extends string> = { readonly by: Column; readonly descending: boolean };

const refuse = (message: string): never => {
  throw problem('invalid_request', message);
};

/** A filter of one parameter. */
const single = <T>(schema: Type.TSchema, readText: (name: string, text: string) => T): Filter<T> => ({
  parameters: (name) => ({ [name]: Type.Optional(schema) }),
  read: (name, query) => {
    const text = query[name];
    return text === undefined ? null : readText(name, text);
  },
});

/** One of a few words. */
export const oneOf = <T extends string>(words: readonly T[], description?: string): Filter<T> =>
  single(
    Type.Unsafe<T>({ type: 'string', enum: words, ...(description !== undefined && { description }) }),
    (name, text) => words.find((word) => word === text) ?? refuse(`${name} must be one of ${words.join(', ')}`),
  );

/** `true` or `false`. */
export const flag: Filter<boolean> = single(Type.Boolean(), (name, text) =>
  text === 'true' ? true : text === 'false' ? false : refuse(`${name} must be true or false`),
);

/** An id of ours. */
export const id: Filter<string> = single(Type.String({ format: 'uuid' }), (name, text) =>
  isUuid(text) ? text : refuse(`${name} must be an id`),
);

/** Any text, compared as it is. @param charsMax longer ones are refused */
export const exactly = (charsMax: number, description?: string): Filter<string> =>
  single(Type.String({ maxLength: charsMax, ...(description !== undefined && { description }) }), (name, text) =>
    text.length <= charsMax && isStorableText(text) ? text : refuse(`${name} must be a text of at most ${charsMax} characters`),
  );

/** A text of a form. @param form what it must be, in words that follow "must be" */
export const matching = (isRight: (text: string) => boolean, form: string): Filter<string> =>
  single(Type.String({ description: `Must be ${form}.` }), (name, text) => (isRight(text) ? text : refuse(`${name} must be ${form}`)));

/** A code of a table: the word is what people write, the number what is stored. */
export const codeOf = <T extends string>(codes: Readonly<Record<T, number>>): Filter<number> => {
  const words = oneOf(Object.keys(codes) as T[]);
  return {
    parameters: words.parameters,
    read: (name, query) => {
      const word = words.read(name, query);
      return word === null ? null : codes[word];
    },
  };
};

const operators = ['gt', 'gte', 'lt', 'lte'] as const;

/** Times in `name[gt]`, `name[gte]`, `name[lt]`, `name[lte]`, to the millisecond, as times are shown. */
export const period: Filter<Period> = {
  parameters: (name) =>
    Object.fromEntries(
      operators.map((operator) => [`${name}[${operator}]`, Type.Optional(Type.String({ format: 'date-time', description: 'RFC 3339.' }))]),
    ),
  read: (name, query) => {
    const at = (operator: (typeof operators)[number], addMs: number): number | null => {
      const text = query[`${name}[${operator}]`];
      if (text === undefined) return null;
      return (parseRfc3339(text) ?? refuse(`${name}[${operator}] must be an RFC 3339 time`)) + addMs;
    };
    // Stored times are finer than shown ones: after a millisecond is from the next one on.
    const from = [at('gte', 0), at('gt', 1)].filter((bound) => bound !== null);
    const to = [at('lt', 0), at('lte', 1)].filter((bound) => bound !== null);
    if (from.length + to.length === 0) return null;
    return { fromMs: from.length === 0 ? null : Math.max(...from), toMs: to.length === 0 ? null : Math.min(...to) };
  },
};

/** A column, with `-` before it for the other direction. @param fallback if none is given */
export const sortBy = <Column extends string>(columns: readonly Column[], fallback: Sort<Column>): Filter<Sort<Column>> => {
  const words = columns.flatMap((column) => [column, `-${column}`]);
  const schema = Type.String({ enum: words, default: `${fallback.descending ? '-' : ''}${fallback.by}`, description: '`-`: descending.' });
  return {
    parameters: (name) => ({ [name]: Type.Optional(schema) }),
    read: (name, query) => {
      const text = query[name];
      if (text === undefined) return fallback;
      const by = columns.find((column) => column === text.replace(/^-/, ''));
      return by === undefined ? refuse(`${name} must be one of ${words.join(', ')}`) : { by, descending: text.startsWith('-') };
    },
  };
};

/** The properties of a route's querystring. */
export const filterParameters = (table: FilterTable): Record<string, Type.TSchema> =>
  Object.assign({}, ...Object.entries(table).map(([name, filter]) => filter.parameters(name)));

/** What the query says, filter by filter; throws `invalid_request`. */
export const readFilters = <Table extends FilterTable>(table: Table, query: ListQuery): FilterValues<Table> =>
  Object.fromEntries(Object.entries(table).map(([name, filter]) => [name, filter.read(name, query)])) as FilterValues<Table>;
