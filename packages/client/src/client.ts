// The client: typed calls by path, repeated where that is safe; publications that are accepted once however often they are sent; lists as iterators.
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import createFetchClient from 'openapi-fetch';
import type { Call, CallMethod, Paginate, Schema } from './calls.js';
import type { paths } from './generated/api.js';
import { PosthornError, unreadableAnswer } from './posthorn-error.js';
import { batchText, type EventToPublish, publicationText } from './publication.js';
import { createRetryingFetch } from './retrying-fetch.js';

const retriesDefault = 3;
const timeoutDefaultMs = 30_000;
const keyPattern = /^[A-Za-z0-9_.:-]{1,128}$/;

export type ClientOptions = {
  /** Where the API is, such as `http://127.0.0.1:3400`; a path is put before all others. */
  readonly url: string;
  /** An API key. */
  readonly key: string;
  /** In place of the global one. */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>;
  /** Repeats after the first try; 3. */
  readonly retries?: number;
  /** For one try; 30 s. */
  readonly timeoutMs?: number;
};

export type PublishOptions = {
  /** Of the caller's own, so that a later call with it publishes nothing new; else one is made for this call. */
  readonly idempotencyKey?: string;
  readonly signal?: AbortSignal;
};

/** `replayed`: the event was accepted before, and this is its id. */
export type Published = Schema<'AcceptedEvent'> & { readonly replayed: boolean };

export type Client = {
  /** As given, without a trailing slash. */
  readonly url: string;
  readonly GET: Call<'get'>;
  readonly POST: Call<'post'>;
  readonly PATCH: Call<'patch'>;
  readonly DELETE: Call<'delete'>;
  readonly paginate: Paginate;
  publish(event: EventToPublish, options?: PublishOptions): Promise<Published>;
  /** What became of each event, in their order; refused ones do not reject. */
  publishBatch(events: readonly EventToPublish[], options?: PublishOptions): Promise<Schema<'AcceptedBatch'>>;
};

type LooseInit = {
  readonly headers?: ConstructorParameters<typeof Headers>[0];
  readonly params?: { readonly query?: Readonly<Record<string, unknown>> };
  readonly body?: unknown;
};
type LooseAnswer = { readonly data?: unknown; readonly response: Response };

/** Throws a TypeError if `url` is no http(s) URL. It holds nothing that would have to be closed. */
export function createClient(options: ClientOptions): Client {
  const url = readUrl(options.url);
  const api = createFetchClient<paths>({
    baseUrl: url,
    headers: { authorization: `Bearer ${options.key}` },
    fetch: createRetryingFetch({
      fetch: options.fetch ?? ((address, init) => fetch(address, init)),
      retries: options.retries ?? retriesDefault,
      timeoutMs: options.timeoutMs ?? timeoutDefaultMs,
      wait: (ms, signal) => delay(ms, undefined, { signal }),
      random: Math.random,
      nowMs: Date.now,
    }),
  });
  const request = api.request as unknown as (method: string, path: string, init: object) => Promise<LooseAnswer>;
  const call = async (method: CallMethod, path: string, init: LooseInit = {}): Promise<LooseAnswer> => {
    try {
      const { data, response } = await request(method, path, keyed(method, path, init));
      return { data, response };
    } catch (error) {
      if ((error as { name?: unknown }).name === 'SyntaxError') throw unreadableAnswer(`${method.toUpperCase()} ${path}`, error);
      throw error;
    }
  };
  const calling = <Method extends CallMethod>(method: Method) =>
    ((path: string, init?: LooseInit) => call(method, path, init)) as Call<Method>;
  const post = (path: string, text: string, id: unknown, { idempotencyKey, signal }: PublishOptions): Promise<LooseAnswer> => {
    const headers = { 'idempotency-key': idempotencyKey ?? newKey(id), 'content-type': 'application/json' };
    return call('post', path, { body: text, bodySerializer: (body: unknown) => body, headers, ...(signal && { signal }) } as LooseInit);
  };
  return {
    url,
    GET: calling('get'),
    POST: calling('post'),
    PATCH: calling('patch'),
    DELETE: calling('delete'),
    paginate: ((path: string, init?: LooseInit) => pages((next) => call('get', path, next), init)) as Paginate,
    publish: async (event, publishOptions = {}) => {
      const { data, response } = await post('/v1/events', publicationText(event), event.id, publishOptions);
      return { ...(data as Schema<'AcceptedEvent'>), replayed: response.headers.get('idempotent-replayed') === 'true' };
    },
    publishBatch: async (events, publishOptions = {}) => {
      const answer = post('/v1/events/batch', batchText(events), undefined, publishOptions);
      return (await answer.then(({ data }) => data, allRefused)) as Schema<'AcceptedBatch'>;
    },
  };
}

/** Every publication has a key, made once for all its tries. */
function keyed(method: CallMethod, path: string, init: LooseInit): LooseInit {
  if (method !== 'post' || (path !== '/v1/events' && path !== '/v1/events/batch')) return init;
  const headers = new Headers(init.headers);
  if (!headers.has('idempotency-key')) headers.set('idempotency-key', newKey((init.body as { id?: unknown } | undefined)?.id));
  return { ...init, headers };
}

/** The id of an event is its key already, and another one beside it would contradict it. */
function newKey(id: unknown): string {
  return typeof id === 'string' && keyPattern.test(id) ? id : randomUUID();
}

/** A batch of which every event is refused is answered 422, with the same body as else. */
function allRefused(error: unknown): unknown {
  if (error instanceof PosthornError && error.status === 422 && Array.isArray((error.body as { data?: unknown } | undefined)?.data))
    return error.body;
  throw error;
}

async function* pages(get: (init: LooseInit) => Promise<LooseAnswer>, init: LooseInit = {}): AsyncGenerator<unknown, void, undefined> {
  let cursor: string | null | undefined;
  do {
    const query = { ...init.params?.query, ...(cursor && { cursor }) };
    const { data } = await get({ ...init, params: { ...init.params, query } });
    const page = data as { readonly data: readonly unknown[]; readonly next_cursor: string | null };
    yield* page.data;
    cursor = page.next_cursor;
  } while (cursor !== null);
}

function readUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) throw new TypeError(`the address of the API must be an http or https URL: ${text}`);
  return url.origin + url.pathname.replace(/\/+$/, '');
}
