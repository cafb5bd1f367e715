// The client that people of dialect 001 have, its requests sent to a test's API and held to the OpenAPI document.
import { CommerceLayer, type CommerceLayerBundle } from '@commercelayer/sdk/bundle';
import type { ApiWorld, Call } from './api-world.js';

/** What it takes an organization and a domain for. */
const theirOrigin = 'https://posthorn.example';
const empty: readonly number[] = [204, 304];

type Method = Parameters<ApiWorld['call']>[0];

/**
 * @param key of the API
 * @param onRequest told of every request: `GET /api/webhooks?page[number]=1`, decoded
 */
export const createCommerceClient = (
  { call }: Pick<ApiWorld, 'call'>,
  key: string,
  onRequest?: (request: string) => void,
): CommerceLayerBundle =>
  CommerceLayer({
    organization: 'posthorn',
    domain: 'example',
    accessToken: key,
    fetch: async (input, init = {}) => {
      const url = String(input);
      if (!url.startsWith(`${theirOrigin}/`)) throw new Error(`the client asks for ${url}`);
      const [method, path] = [init.method as Method, url.slice(theirOrigin.length)];
      onRequest?.(`${method} ${decodeURIComponent(path)}`);
      const body = init.body ?? undefined;
      const headers = Object.fromEntries(new Headers(init.headers));
      const answer = await call(method, path, { key, headers, ...(body !== undefined && { body }) });
      return new Response(empty.includes(answer.status) ? null : answer.text, { status: answer.status, headers: answer.headers });
    },
  });

export const commerceMediaType = 'application/vnd.api+json';

/** A call whose body, if it has one, is a document with these attributes. */
export const withAttributes = (attributes: Readonly<Record<string, unknown>>, call: Omit<Call, 'body'> = {}): Call => ({
  ...call,
  headers: { 'content-type': commerceMediaType, ...call.headers },
  body: { data: { type: 'webhooks', attributes } },
});
