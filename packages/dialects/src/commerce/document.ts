// Documents of JSON:API: one resource or a page of them, what is included with them, and cut down to the fields that were asked for.
import { isJsonObject } from '@posthorn/core';
import type { CommerceResource } from './query-attributes.js';

export type ResourceId = { readonly type: string; readonly id: string };
export type Resource = ResourceId & {
  readonly links?: Readonly<Record<string, unknown>>;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly relationships?: Readonly<Record<string, unknown>>;
  readonly meta?: Readonly<Record<string, unknown>>;
};

export type SparseFields = Readonly<Partial<Record<CommerceResource, readonly string[]>>>;

/** JSON text that goes into a document as it stands: what a producer sent is never parsed and written again. */
export class JsonText {
  constructor(readonly text: string) {}
}

/** The text of a document: as JSON.stringify would write it, each JsonText in its place. Nesting is the caller's to bound. */
export const writeDocument = (value: unknown): string => {
  if (value instanceof JsonText) return value.text;
  if (Array.isArray(value)) return `[${value.map(writeDocument).join(',')}]`;
  if (!isJsonObject(value)) return JSON.stringify(value) ?? 'null';
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${writeDocument(member)}`).join(',')}}`;
};

/** The resource and which others a relationship of it has: how a reader of the document finds them among what is included. */
export const withLinkage = <R extends Resource>(
  resource: R,
  relationship: string,
  linked: ResourceId | readonly ResourceId[] | null,
): R => {
  const idOf = ({ type, id }: ResourceId): ResourceId => ({ type, id });
  const data = Array.isArray(linked) ? (linked as readonly ResourceId[]).map(idOf) : linked === null ? null : idOf(linked as ResourceId);
  const before = resource.relationships?.[relationship];
  return { ...resource, relationships: { ...resource.relationships, [relationship]: { ...(isJsonObject(before) ? before : {}), data } } };
};

const picked = (members: Readonly<Record<string, unknown>>, names: readonly string[]) =>
  Object.fromEntries(Object.entries(members).filter(([name]) => names.includes(name)));

/** The resource with no more attributes and relationships than were asked for of its type. */
export const sparse = (resource: Resource, fields: SparseFields): Resource => {
  const names = Object.hasOwn(fields, resource.type) ? fields[resource.type as CommerceResource] : undefined;
  if (names === undefined) return resource;
  return {
    ...resource,
    attributes: picked(resource.attributes, names),
    ...(resource.relationships !== undefined && { relationships: picked(resource.relationships, names) }),
  };
};

/** Each once, in order; without those that are the document's own data. */
const withoutDoubles = (included: readonly Resource[], data: readonly Resource[]): readonly Resource[] => {
  const keyOf = ({ type, id }: ResourceId): string => `${type} ${id}`;
  const seen = new Set(data.map(keyOf));
  return included.filter((resource) => {
    const key = keyOf(resource);
    return !seen.has(key) && seen.add(key) !== undefined;
  });
};

const includedOf = (included: readonly Resource[] | null, data: readonly Resource[], fields: SparseFields) =>
  included === null ? {} : { included: withoutDoubles(included, data).map((each) => sparse(each, fields)) };

/** The document of one resource. `included`: null if nothing was asked for. */
export const resourceDocument = (data: Resource, included: readonly Resource[] | null, fields: SparseFields) => ({
  data: sparse(data, fields),
  ...includedOf(included, [data], fields),
});

export type ListPlace = {
  /** Of the API: `https://hooks.example`. */
  readonly origin: string;
  readonly path: string;
  /** The query as it came: links to other pages repeat all of it. */
  readonly parameters: Readonly<Record<string, string>>;
};

export type ListPage = {
  /** From 1. */
  readonly number: number;
  readonly size: number;
  /** How many resources there are on all pages. */
  readonly count: number;
};

const pageLinks = ({ origin, path, parameters }: ListPlace, number: number, pageCount: number, size: number) => {
  const linkTo = (page: number): string => {
    const query = new URLSearchParams({ ...parameters, 'page[number]': String(page), 'page[size]': String(size) });
    return `${origin}${path}?${query}`;
  };
  const last = Math.max(1, pageCount);
  return {
    first: linkTo(1),
    ...(number > 1 && { prev: linkTo(Math.min(number - 1, last)) }),
    ...(number < last && { next: linkTo(number + 1) }),
    last: linkTo(last),
  };
};

/** The document of a page of resources. `included`: null if nothing was asked for. */
export const listDocument = (
  data: readonly Resource[],
  included: readonly Resource[] | null,
  fields: SparseFields,
  { number, size, count }: ListPage,
  place: ListPlace,
) => {
  const pageCount = Math.ceil(count / size);
  return {
    data: data.map((each) => sparse(each, fields)),
    ...includedOf(included, data, fields),
    meta: { record_count: count, page_count: pageCount },
    links: pageLinks(place, number, pageCount, size),
  };
};
