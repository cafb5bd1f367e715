// The client that people of dialect 001 have, its requests sent to a test's API and held to the OpenAPI document; and the form of the errors there.

import { CommerceLayer, type CommerceLayerBundle } from '@commercelayer/sdk/bundle';
import { expect } from '@jest/globals';
import { type ProblemCode, problems } from '@posthorn/core';
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
      const answer = await call(method, path, {
        key,
        headers: init.headers as Record<string, string>,
        ...(body !== undefined && { body }),
      });
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

/** One error of dialect 001 in a status of ours. @param source where: pointer or parameter; null: nowhere */
export const commerceError = (code: ProblemCode, source: object | null, what: unknown = expect.any(String)) => ({
  title: problems[code].title,
  detail: expect.stringMatching(/.{5}/),
  code: problems[code].status === 422 ? 'VALIDATION_ERROR' : code.toUpperCase(),
  status: String(problems[code].status),
  ...(source !== null && { source }),
  meta: { error: what },
});
