// What every list has: a limit, a cursor bound to the query, and {data, next_cursor}.
import { problem } from '@posthorn/core';
import { type Database, findTenant, type KeyOwner, type Reach, type Walked } from '@posthorn/db';
import type { FastifyRequest } from 'fastify';
import { reachOf } from '../access.js';
import { limits } from '../limits.js';

export type Query = Readonly<Record<string, string | undefined>>;

/** What is known instead: the operators of a parameter that has some, or all parameters. */
const unknownParameter = (name: string, allowed: readonly string[]): string => {
  const [, field = name, operator] = /^([^[]*)\[(.*)\]$/.exec(name) ?? [];
  const operators = allowed.flatMap((each) => (each.startsWith(`${field}[`) ? [each.slice(field.length + 1, -1)] : []));
  if (operators.length > 0)
    return `${field} ${operator === undefined ? 'needs an operator' : `has no operator ${operator}`}; known are ${operators.map((each) => `${field}[${each}]`).join(', ')}`;
  if (operator !== undefined && allowed.includes(field)) return `${field} takes no operator, only ${field}=…`;
  return `the parameter ${name} is not known here${allowed.length === 0 ? '' : `; known are ${allowed.join(', ')}`}`;
};

/** The query's parameters, which are those that the route's schema names; throws on an unknown or repeated one. */
export const readQuery = (request: FastifyRequest): Query => {
  const schema = request.routeOptions.schema?.querystring as { readonly properties?: object } | undefined;
  const allowed = Object.keys(schema?.properties ?? {});
  const query = request.query as Record<string, unknown>;
  for (const [name, value] of Object.entries(query)) {
    if (!allowed.includes(name)) throw problem('invalid_request', unknownParameter(name.slice(0, 64), allowed));
    if (typeof value !== 'string') throw problem('invalid_request', `the parameter ${name} is given twice`);
  }
  return query as Query;
};

/** `limit`: 50, at most 200. */
export const readLimit = (query: Query): number => {
  if (query.limit === undefined) return limits.listDefault;
  const limit = Number(query.limit);
  if (!/^\d{1,4}$/.test(query.limit) || limit < 1 || limit > limits.listMax)
    throw problem('invalid_request', `limit must be a number from 1 to ${limits.listMax}`);
  return limit;
};

/** A page, of which one row more was read than it shows: whether there is a next one. @param cursorOf the cursor behind a row */
export const pageOf = <Row, Item>(
  rows: readonly Row[],
  limit: number,
  show: (row: Row) => Item,
  cursorOf: (last: Row) => string,
): { readonly data: readonly Item[]; readonly next_cursor: string | null } => {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return { data: page.map(show), next_cursor: rows.length > limit && last !== undefined ? cursorOf(last) : null };
};

/** A page of a list that looks no further than so far: if it is short, the next one begins where it stopped. @param cursorAt the cursor behind a position */
export const walkedPageOf = <Row, Item, Position>(
  { rows, lookedTo }: Walked<Row, Position>,
  limit: number,
  show: (row: Row) => Item,
  positionOf: (last: Row) => Position,
  cursorAt: (position: Position) => string,
): { readonly data: readonly Item[]; readonly next_cursor: string | null } => {
  const page = pageOf(rows, limit, show, (last) => cursorAt(positionOf(last)));
  return page.next_cursor === null && lookedTo !== null ? { ...page, next_cursor: cursorAt(lookedTo) } : page;
};

export const emptyPage = { data: [], next_cursor: null } as const;

/**
 * What a list covers that may be narrowed to a tenant by its key: the key's reach, within it the tenant's; null: nothing of it is in reach,
 * which is no error.
 */
export const tenantOfList = async (db: Database, owner: KeyOwner, tenant: string | null): Promise<Reach | null> => {
  const reach = reachOf(owner);
  if (tenant === null) return reach;
  const tenantId = await findTenant(db, owner.environmentId, tenant);
  if (tenantId === null || (reach.tenantId !== null && reach.tenantId !== tenantId)) return null;
  return { ...reach, tenantId };
};
