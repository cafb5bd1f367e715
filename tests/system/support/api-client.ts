// What a producer and an owner of webhooks do over HTTP, as the tests need it. `send` hides nothing and sends what it is given, byte for byte; what
// the TypeScript client does as well goes over `client`, without its repeats, which would hide that something was refused. Only what tests publish and
// make to begin with is sent again to an API that is too busy, as producers do.
import { type Client, createClient, type EventToPublish } from '@posthorn/client';
import { eventually } from '@posthorn/testkit';
import { Pool } from 'undici';

export type Answer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  /** The parsed body; null if there is none. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  readonly body: any;
};

export type ApiClient = {
  readonly url: string;
  readonly client: Client;
  /** `body` goes out as it is if it is text or bytes, else as JSON. A header that is null is left out. */
  send(
    method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string | null>>,
  ): Promise<Answer>;
  get(path: string): Promise<Answer>;
  /** Publishes one event and returns its id; throws unless it was accepted. */
  publish(event: unknown): Promise<string>;
  /** Publishes a batch and returns the ids in order; throws unless all were accepted. */
  publishBatch(events: readonly unknown[]): Promise<readonly string[]>;
  createWebhook(
    webhook: { readonly url: string } & Readonly<Record<string, unknown>>,
  ): Promise<{ readonly id: string; readonly secret: string }>;
  close(): Promise<void>;
};

const connectionsMax = 64;
const answerTimeoutMs = 30_000;
const overloadedRetries = 5;

export function createApiClient(url: string, key: string): ApiClient {
  const pool = new Pool(url, { connections: connectionsMax, headersTimeout: answerTimeoutMs, bodyTimeout: answerTimeoutMs });
  const send: ApiClient['send'] = async (method, path, body, headers = {}) => {
    const all = { authorization: `Bearer ${key}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers };
    const response = await pool.request({
      method,
      path,
      headers: Object.fromEntries(Object.entries(all).filter(([, value]) => value !== null)),
      body: body === undefined ? null : typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body),
    });
    const text = await response.body.text();
    const isJson = /json/.test(String(response.headers['content-type']));
    return {
      status: response.statusCode,
      headers: response.headers as Record<string, string>,
      text,
      body: isJson ? JSON.parse(text) : null,
    };
  };
  const expectStatus = (answer: Answer, status: number): Answer => {
    if (answer.status !== status) throw new Error(`the answer is ${answer.status}, not ${status}: ${answer.text}`);
    return answer;
  };
  const client = createClient({ url, key, retries: 0, timeoutMs: answerTimeoutMs });
  const persistent = createClient({ url, key, retries: overloadedRetries, timeoutMs: answerTimeoutMs });
  return {
    url,
    client,
    send,
    get: (path) => send('GET', path),
    // Without a key, as most producers publish; batches have the client's keys.
    publish: async (event) => {
      const answer = await eventually(async () => {
        const tried = await send('POST', '/v1/events', event);
        return tried.body?.code !== 'overloaded' && tried;
      });
      return expectStatus(answer, 202).body.id;
    },
    publishBatch: async (events) => {
      const { data, errors } = await persistent.publishBatch(events as readonly EventToPublish[]);
      if (errors !== 0) throw new Error(`${errors} events of the batch were refused`);
      return data.map((each) => ('id' in each ? each.id : ''));
    },
    createWebhook: async (webhook) => (await persistent.POST('/v1/webhooks', { body: webhook })).data,
    close: () => pool.destroy(),
  };
}

/** Runs `work` for 0 … count-1, at most `atOnce` at a time; results in order. */
export async function inParallel<T>(count: number, atOnce: number, work: (index: number) => Promise<T>): Promise<readonly T[]> {
  const results = new Array<T>(count);
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let index = next++; index < count; index = next++) results[index] = await work(index);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, count) }, lane));
  return results;
}
