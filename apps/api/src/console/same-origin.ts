// What a request must show before its cookie counts: that it comes of our own pages, and not of another site in the same browser.
import { isSameSecret, problem } from '@posthorn/core';
import type { FastifyRequest } from 'fastify';
import type { Session } from './sessions.js';

export const csrfHeader = 'x-posthorn-csrf';

/** Throws `forbidden` for a request that another site makes; browsers say so in a header that no page can set. */
export const refuseOtherSites = ({ headers }: FastifyRequest): void => {
  if (headers['sec-fetch-site'] === 'cross-site') throw problem('forbidden', 'a session is not for requests of other sites');
};

/** Throws `forbidden` unless the request may use the session: to change something it must send the session's CSRF token. */
export const requireSameOrigin = (request: FastifyRequest, { csrf }: Session): void => {
  refuseOtherSites(request);
  if (request.method === 'GET' || request.method === 'HEAD') return;
  const given = request.headers[csrfHeader];
  if (typeof given !== 'string' || !isSameSecret(given, csrf))
    throw problem('forbidden', `with a session, send the token that GET /console/session tells as ${csrfHeader}`);
};
