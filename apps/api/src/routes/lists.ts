// What every list has: a limit, a cursor bound to the query, and {data, next_cursor}.
import { problem } from '@posthorn/core';
import type { FastifyRequest } from 'fastify';
import { limits } from '../limits.js';

export type Query = Readonly<Record<string, string | undefined>>;

/** The query's parameters, which are those that the route's schema names; throws on an unknown or repeated one. */
export const readQuery = (request: FastifyRequest): Query => {
  const schema = request.routeOptions.schema?.querystring as { readonly properties?: object } | undefined;
  const allowed = Object.keys(schema?.properties ?? {});
  const query = request.query as Record<string, unknown>;
  for (const [name, value] of Object.entries(query)) {
    if (!allowed.includes(name))
      throw problem(
        'invalid_request',
        `the parameter ${name.slice(0, 64)} is not known here${allowed.length === 0 ? '' : `; known are ${allowed.join(', ')}`}`,
      );
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
