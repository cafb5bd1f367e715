import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Answer, freePort, type Receiver, startReceiver } from '@posthorn/testkit';
import { PosthornError } from './posthorn-error.js';
import { createRetryingFetch, type RetryingFetchOptions } from './retrying-fetch.js';

let api: Receiver;
beforeEach(async () => {
  api = await startReceiver();
});
afterEach(() => api.stop());

const nowMs = Date.UTC(2025, 0, 31, 12);
const problem = (status: number, code: string, headers = {}): Answer => ({
  status,
  headers: { 'content-type': 'application/problem+json', ...headers },
  body: JSON.stringify({ type: `urn:posthorn:problem:${code}`, title: 'T', status, detail: 'why', code, errors: [], request_id: 'r1' }),
});
const script = (...answers: readonly Answer[]): void => api.answer((_, index) => answers[index] ?? {});

/** Sends with waits that take no time; answers with them and with how it ended. */
const send = async (method: string, path: string, init: RequestInit = {}, options: Partial<RetryingFetchOptions> = {}) => {
  const waitsMs: number[] = [];
  const retrying = createRetryingFetch({
    fetch: (url, each) => fetch(url, each),
    retries: 3,
    timeoutMs: 5_000,
    wait: async (ms) => void waitsMs.push(ms),
    random: () => 1,
    nowMs: () => nowMs,
    ...options,
  });
  const url = path.startsWith('http') ? path : api.url(path);
  const ended = await retrying(new Request(url, { method, ...init })).catch((error: unknown) => error);
  return { waitsMs, ended, status: ended instanceof Response ? ended.status : (ended as PosthornError).code };
};
const keyed = { body: '{"event_type":"a"}', headers: { 'idempotency-key': 'k1' } };

describe('what may be sent again', () => {
  const requests: readonly (readonly [string, string, RequestInit, boolean])[] = [
    ['GET', '/v1/webhooks', {}, true],
    ['PUT', '/v1/a', { body: '1' }, true],
    ['DELETE', '/v1/webhooks/1', {}, true],
    ['POST', '/v1/events', keyed, true],
    ['POST', '/base/v1/events/batch', keyed, true],
    ['POST', '/v1/events', { body: '{}' }, false],
    ['POST', '/v1/webhooks', keyed, false],
    ['POST', '/v1/events/1', keyed, false],
    ['PATCH', '/v1/webhooks/1', { body: '{}' }, false],
  ];
  it.each(requests)('%s %s %j: %p', async (method, path, init, isRepeatable) => {
    const unclear: readonly Answer[] = [{ status: 502 }, { status: 503 }, { status: 504 }, { reset: true }];
    for (const answer of unclear) {
      api.clear();
      script(answer);
      expect((await send(method, path, init)).status).toBe(isRepeatable ? 200 : 'reset' in answer ? 'unreachable' : 'unexpected_answer');
      expect(api.count()).toBe(isRepeatable ? 2 : 1);
    }
    // These say that nothing was done.
    for (const answer of [problem(503, 'overloaded'), problem(503, 'database_unavailable'), problem(429, 'rate_limited')]) {
      api.clear();
      script(answer);
      expect((await send(method, path, init)).status).toBe(200);
      expect(api.count()).toBe(2);
    }
    for (const status of [400, 401, 404, 409, 422, 500]) {
      api.clear();
      script({ status });
      expect((await send(method, path, init)).status).toBe('unexpected_answer');
      expect(api.count()).toBe(1);
    }
  });

  it('goes out again with the same bytes and headers', async () => {
    script({ status: 503 }, { reset: true }, { raw: 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"cut' });
    expect((await send('POST', '/v1/events', { ...keyed, body: '{"n":1.0}' })).status).toBe(200);
    expect(api.received.map(({ body, headers }) => [body.toString(), headers['idempotency-key']])).toEqual(
      Array.from({ length: 4 }, () => ['{"n":1.0}', 'k1']),
    );
  });
});

describe('the waits', () => {
  it('double, are half chance, and end with the last repeat', async () => {
    script({ status: 503 }, { status: 503 }, { status: 503 }, { status: 503 });
    expect(await send('GET', '/')).toMatchObject({ waitsMs: [200, 400, 800], status: 'unexpected_answer' });
    api.clear();
    expect((await send('GET', '/', {}, { random: () => 0 })).waitsMs).toEqual([100, 200, 400]);
    api.clear();
    api.answer({ status: 503 });
    expect((await send('GET', '/', {}, { retries: 9 })).waitsMs.slice(-3)).toEqual([10_000, 10_000, 10_000]);
    expect((await send('GET', '/', {}, { retries: 0 })).waitsMs).toEqual([]);
  });

  it('obey Retry-After as seconds and as a date, up to a minute', async () => {
    const after = (value: string): Answer => ({ status: 429, headers: { 'retry-after': value } });
    script(after('7'), after(new Date(nowMs + 9_000).toUTCString()), after(new Date(nowMs - 9_000).toUTCString()));
    expect(await send('GET', '/')).toMatchObject({ waitsMs: [7_200, 9_400, 800], status: 200 });
    api.clear();
    script(after('61'));
    expect(await send('GET', '/')).toMatchObject({ waitsMs: [], status: 'unexpected_answer' });
    api.clear();
    script(after('soon'));
    expect(await send('GET', '/')).toMatchObject({ waitsMs: [200], status: 200 });
  });
});

describe('what it rejects with', () => {
  it('is the problem, whole', async () => {
    api.answer({
      ...problem(422, 'invalid_field'),
      body: JSON.stringify({
        code: 'invalid_field',
        detail: 'bad',
        errors: [{ pointer: '/url', code: 'invalid_field', message: 'bad' }],
        request_id: 'r1',
      }),
    });
    const { ended } = await send('POST', '/v1/webhooks?a=1', { body: '{}' });
    expect(ended).toBeInstanceOf(PosthornError);
    expect(ended).toMatchObject({
      message: 'POST /v1/webhooks: 422 invalid_field: bad (/url) [request r1]',
      code: 'invalid_field',
      status: 422,
      detail: 'bad',
      errors: [{ pointer: '/url', code: 'invalid_field', message: 'bad' }],
      requestId: 'r1',
    });
  });

  it('says where nothing listens, and that an answer took too long', async () => {
    const url = `http://127.0.0.1:${await freePort()}/v1/webhooks`;
    expect(await send('GET', url)).toMatchObject({ status: 'unreachable', waitsMs: [200, 400, 800] });
    expect((await send('POST', url)).ended).toMatchObject({ message: `POST ${url}: nothing listens there (ECONNREFUSED)`, status: null });
    api.answer({ hang: true });
    const { ended } = await send('POST', '/', { body: '1' }, { timeoutMs: 50 });
    expect(ended).toMatchObject({ code: 'unreachable', detail: 'no answer came in time' });
  });

  it('is the reason of the caller who gave up, in a try and in a wait', async () => {
    api.answer({ hang: true });
    const inTry = new AbortController();
    const trying = send('GET', '/', { signal: inTry.signal });
    await api.waitFor(1);
    inTry.abort(new Error('enough'));
    expect((await trying).ended).toEqual(new Error('enough'));
    api.answer({ status: 503 });
    const inWait = new AbortController();
    const wait: RetryingFetchOptions['wait'] = async (_ms, signal) => {
      inWait.abort(new Error('enough'));
      signal.throwIfAborted();
    };
    expect((await send('GET', '/', { signal: inWait.signal }, { wait })).ended).toEqual(new Error('enough'));
  });

  it('is the redirect, which is not followed', async () => {
    const elsewhere = await startReceiver();
    try {
      api.answer({ status: 302, headers: { location: elsewhere.url() } });
      expect((await send('GET', '/')).ended).toMatchObject({ code: 'unexpected_answer', status: 302 });
      expect(elsewhere.count()).toBe(0);
    } finally {
      await elsewhere.stop();
    }
  });
});
