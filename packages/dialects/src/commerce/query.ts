// The query strings of dialect 001 — filters, sort, pages, includes, sparse fields — read into a description that says nothing of the dialect. What is
// not understood is an error and never ignored: a filter that was overlooked would show what was not asked for.
import { echoedFieldCharsMax, fieldErrorsMax } from '@posthorn/core';
import { type CommerceResource, type FieldOf, fieldNames, includable, queryAttributes } from './query-attributes.js';
import { type QueryCondition, readPredicate } from './query-predicates.js';

export const queryLimits = {
  pageSizeDefault: 10,
  pageSizeMax: 25,
  pageNumberMax: 1_000_000,
  /** The list of event callbacks ends there; what is older is reached by filters. */
  callbacksMax: 10_000,
  sortKeysMax: 5,
  filtersMax: 30,
} as const;

export type SortKey<Field extends string = string> = { readonly by: Field; readonly descending: boolean };

export type CommerceQuery<Field extends string = string> = {
  /** All are to be met. */
  readonly conditions: readonly QueryCondition<Field>[];
  /** Empty: the list's own order, newest first. */
  readonly sort: readonly SortKey<Field>[];
  /** From 1. */
  readonly page: { readonly number: number; readonly size: number };
  readonly include: readonly string[];
  /** To which fields resources of a type are cut down; none: they are shown whole. */
  readonly fields: Readonly<Partial<Record<CommerceResource, readonly string[]>>>;
};

/** What is wrong with a query. */
export type QueryError = { readonly parameter: string; readonly code: 'unknown_parameter' | 'invalid_parameter'; readonly message: string };

export type QueryReading<Field extends string> =
  | { readonly ok: true; readonly query: CommerceQuery<Field> }
  | { readonly ok: false; readonly errors: readonly QueryError[] };

/** The parameters of a query string, decoded; one that is given twice is a list. */
export type QueryParameters = Readonly<Record<string, unknown>>;

type Draft = {
  conditions: QueryCondition[];
  sort: SortKey[];
  number: number;
  size: number;
  include: readonly string[];
  fields: Partial<Record<CommerceResource, readonly string[]>>;
};
/** Takes a parameter into the draft; returns what is wrong with it, or null. */
type Take = (draft: Draft, text: string) => string | null;

const listOf = (text: string): readonly string[] => (text === '' ? [] : [...new Set(text.split(',').map((each) => each.trim()))]);
const quoted = (name: string): string => JSON.stringify(name.slice(0, echoedFieldCharsMax));
const wholeNumber = (text: string, max: number): number | null => {
  const number = /^\d{1,7}$/.test(text) ? Number(text) : 0;
  return number >= 1 && number <= max ? number : null;
};

const takeInclude =
  (resource: CommerceResource): Take =>
  (draft, text) => {
    const [names, known] = [listOf(text), includable[resource]];
    const unknown = names.find((name) => !known.includes(name));
    draft.include = names;
    if (unknown === undefined) return null;
    return `names ${quoted(unknown)}, which is not included here; ${known.length === 0 ? 'nothing is' : `known are ${known.join(', ')}`}`;
  };

const takeFields =
  (type: CommerceResource): Take =>
  (draft, text) => {
    const [names, known] = [listOf(text), fieldNames[type]];
    const unknown = names.find((name) => !known.includes(name));
    draft.fields[type] = names;
    return unknown === undefined ? null : `names ${quoted(unknown)}, which is no field; known are ${known.join(', ')}`;
  };

const takeSort =
  (resource: CommerceResource): Take =>
  (draft, text) => {
    const [names, attributes] = [listOf(text), queryAttributes[resource]];
    if (names.length > queryLimits.sortKeysMax) return `takes at most ${queryLimits.sortKeysMax} attributes`;
    for (const name of names) {
      const attribute = name.replace(/^-/, '');
      if (!Object.hasOwn(attributes, attribute))
        return `names ${quoted(name)}, by which nothing is sorted here; known are ${Object.keys(attributes).join(', ') || 'none'}`;
      draft.sort.push({ by: attributes[attribute]!.field, descending: name.startsWith('-') });
    }
    return null;
  };

const takeNumber: Take = (draft, text) => {
  const number = wholeNumber(text, queryLimits.pageNumberMax);
  draft.number = number ?? 1;
  return number === null ? `must be a number from 1 to ${queryLimits.pageNumberMax}` : null;
};
const takeSize: Take = (draft, text) => {
  const size = wholeNumber(text, queryLimits.pageSizeMax);
  draft.size = size ?? queryLimits.pageSizeDefault;
  return size === null ? `must be a number from 1 to ${queryLimits.pageSizeMax}` : null;
};

const takeFilter =
  (resource: CommerceResource, name: string): Take =>
  (draft, text) => {
    if (draft.conditions.length >= queryLimits.filtersMax) return `is one filter too many; at most ${queryLimits.filtersMax} are taken`;
    const read = readPredicate(name, text, queryAttributes[resource]);
    if (!read.ok) return read.message;
    draft.conditions.push(read.value);
    return null;
  };

/** How a parameter is taken; null: there is none of this name. */
const takerOf = (parameter: string, resource: CommerceResource, isList: boolean): Take | null => {
  if (parameter === 'include') return takeInclude(resource);
  const type = /^fields\[([^\]]*)\]$/.exec(parameter)?.[1];
  if (type !== undefined && Object.hasOwn(fieldNames, type)) return takeFields(type as CommerceResource);
  if (!isList) return null;
  if (parameter === 'sort') return takeSort(resource);
  if (parameter === 'page[number]') return takeNumber;
  if (parameter === 'page[size]') return takeSize;
  const filter = /^filter\[q\]\[([^\]]*)\]$/.exec(parameter)?.[1];
  return filter === undefined ? null : takeFilter(resource, filter);
};

const knownParameters = (isList: boolean): string =>
  `known are include and fields[…]${isList ? ', sort, page[number], page[size] and filter[q][…]' : ''}`;

const readQuery = (resource: CommerceResource, isList: boolean, parameters: QueryParameters): QueryReading<string> => {
  const draft: Draft = { conditions: [], sort: [], number: 1, size: queryLimits.pageSizeDefault, include: [], fields: {} };
  const errors: QueryError[] = [];
  const say = (parameter: string, code: QueryError['code'], message: string) => {
    const shown = parameter.slice(0, echoedFieldCharsMax);
    errors.push({ parameter: shown, code, message: `${shown} ${message}` });
  };
  for (const [parameter, text] of Object.entries(parameters)) {
    if (errors.length >= fieldErrorsMax) break;
    const take = takerOf(parameter, resource, isList);
    if (take === null) say(parameter, 'unknown_parameter', `is not known here; ${knownParameters(isList)}`);
    else if (typeof text !== 'string') say(parameter, 'invalid_parameter', 'is given twice');
    else {
      const message = take(draft, text);
      if (message !== null) say(parameter, 'invalid_parameter', message);
    }
  }
  const { conditions, sort, number, size, include, fields } = draft;
  if (resource === 'event_callbacks' && (number - 1) * size >= queryLimits.callbacksMax)
    say(
      'page[number]',
      'invalid_parameter',
      `lies behind the first ${queryLimits.callbacksMax}, where this list ends; narrow it by filters`,
    );
  return errors.length > 0 ? { ok: false, errors } : { ok: true, query: { conditions, sort, page: { number, size }, include, fields } };
};

/** The query of a list of these resources. Never throws. */
export const readListQuery = <Resource extends CommerceResource>(
  resource: Resource,
  parameters: QueryParameters,
): QueryReading<FieldOf<Resource>> => readQuery(resource, true, parameters) as QueryReading<FieldOf<Resource>>;

/** The query of one resource: what is included, and its fields. Never throws. */
export const readResourceQuery = <Resource extends CommerceResource>(
  resource: Resource,
  parameters: QueryParameters,
): QueryReading<FieldOf<Resource>> => readQuery(resource, false, parameters) as QueryReading<FieldOf<Resource>>;
