// Calls to the API, typed by its OpenAPI document. The session is a cookie that no script can read; what a script must know is the token that shows a
// request to be ours. A call that finds the session over waits until one has signed in again and is then made once more, so nothing typed is lost.
import createFetchClient from 'openapi-fetch';
import type { components, paths } from '../generated/api.js';
import { ApiProblem, isGoneStatus } from './problem.js';
import { reachable, untilSignedIn } from './signals.js';

export type Schema<Name extends keyof components['schemas']> = components['schemas'][Name];

let csrf = '';
/** The token of the session that has begun. */
export const keepToken = (token: string): void => {
  csrf = token;
};

const withToken = (request: Request): Request => {
  if (request.method !== 'GET') request.headers.set('x-posthorn-csrf', csrf);
  return request;
};

/** One request; notes whether the API could be reached, and throws ApiProblem if it could not. */
export const reach = async (request: Request): Promise<Response> => {
  const response = await fetch(request).catch((error: unknown) => {
    if (request.signal.aborted) throw error;
    reachable.set(false);
    throw new ApiProblem(0, null);
  });
  reachable.set(!isGoneStatus(response.status));
  return response;
};

const call = async (request: Request): Promise<Response> => {
  const again = request.clone();
  const token = csrf;
  const response = await reach(withToken(request));
  if (response.status !== 401) return response;
  // One may have signed in again while it was on its way.
  if (csrf === token && !(await untilSignedIn())) return response;
  return reach(withToken(again));
};

/** `api.GET('/v1/webhooks')` and so on; wrap it in `take`. */
export const api = createFetchClient<paths>({ baseUrl: location.origin, fetch: call });

/** For a body that is JSON text already: it is sent as it is. */
export const asText = (text: string) => ({ body: {} as never, bodySerializer: () => text });

/** The data of an answer; throws ApiProblem. */
export const take = async <Data>(
  calling: Promise<{ readonly data?: Data; readonly error?: unknown; readonly response: Response }>,
): Promise<Data> => {
  const { data, error, response } = await calling;
  if (!response.ok) throw new ApiProblem(response.status, error);
  return data as Data;
};
