import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Receiver, startReceiver } from '@posthorn/testkit';
import fc from 'fast-check';
import { type Client, createClient } from './client.js';
import { PosthornError } from './posthorn-error.js';
import { jsonText, publicationText } from './publication.js';

let api: Receiver;
let client: Client;
beforeEach(async () => {
  api = await startReceiver();
  client = createClient({ url: `${api.origin}/base/`, key: 'ph_test_1' });
});
afterEach(() => api.stop());

const json = (body: unknown, status = 200, headers = {}) => ({
  status,
  headers: { 'content-type': 'application/json', ...headers },
  body: typeof body === 'string' ? body : JSON.stringify(body),
});
const uuid = /^[0-9a-f]{8}-[0-9a-f-]{27}$/;

describe('a call', () => {
  it('goes to the path with its parameters, the key and the body', async () => {
    api.answer(json({ id: 'w1' }));
    const { data, response } = await client.PATCH('/v1/webhooks/{id}', {
      params: { path: { id: 'a/b' } },
      body: { name: 'x' },
      headers: { 'if-match': '"1"' },
    });
    expect([data.id, response.status]).toEqual(['w1', 200]);
    expect(api.received[0]).toMatchObject({
      method: 'PATCH',
      path: '/base/v1/webhooks/a%2Fb',
      headers: { authorization: 'Bearer ph_test_1', 'content-type': 'application/json', 'if-match': '"1"' },
    });
    expect(api.received[0]?.body.toString()).toBe('{"name":"x"}');
    await client.GET('/v1/webhooks', { params: { query: { 'created_at[gte]': '2025-01-31T00:00:00+01:00', limit: 2 } } });
    expect(Object.fromEntries(new URL(api.received[1]!.path, api.origin).searchParams)).toEqual({
      'created_at[gte]': '2025-01-31T00:00:00+01:00',
      limit: '2',
    });
  });

  it('resolves without data where there is none', async () => {
    api.answer({ status: 204 });
    expect((await client.DELETE('/v1/webhooks/{id}', { params: { path: { id: 'w1' } } })).data).toBeUndefined();
  });

  it('gives an answer as text, byte for byte, if it is asked to', async () => {
    api.answer(json('{"data": 1.0}'));
    expect((await client.GET('/v1/events/{id}', { params: { path: { id: 'e1' } }, parseAs: 'text' })).data).toBe('{"data": 1.0}');
  });

  it('rejects with a PosthornError, also for an answer that is no JSON', async () => {
    api.answer({ ...json({ code: 'not_found', detail: 'no such webhook', errors: [], request_id: 'r1' }, 404) });
    const missing = client.GET('/v1/webhooks/{id}', { params: { path: { id: 'w1' } } });
    await expect(missing).rejects.toMatchObject({ name: 'PosthornError', code: 'not_found', status: 404, requestId: 'r1' });
    api.answer({ headers: { 'content-type': 'text/html' }, body: '<html>' });
    await expect(client.GET('/v1/webhooks')).rejects.toMatchObject({
      code: 'unexpected_answer',
      message: 'GET /v1/webhooks: the answer is not JSON: is this a Posthorn API?',
    });
  });

  it('needs an address', () => {
    expect(() => createClient({ url: 'ftp://a', key: 'k' })).toThrow('must be an http or https URL');
    expect(client.url).toBe(`${api.origin}/base`);
  });
});

describe('publishing', () => {
  it('carries a key of its own, kept over repeats and made anew for each call', async () => {
    api.answer((_, index) =>
      index === 0 ? { reset: true } : json({ id: 'e1' }, 202, index === 1 ? { 'idempotent-replayed': 'true' } : {}),
    );
    expect(await client.publish({ event_type: 'a', data: null })).toEqual({ id: 'e1', replayed: true });
    expect(await client.publish({ event_type: 'a', data: null })).toEqual({ id: 'e1', replayed: false });
    await client.POST('/v1/events', { body: { event_type: 'a', data: 1 } });
    const keys = api.received.map(({ headers }) => headers['idempotency-key']);
    expect(keys[0]).toMatch(uuid);
    expect(keys[1]).toBe(keys[0]);
    expect(new Set(keys).size).toBe(3);
  });

  it('keeps a key that is given, and takes the id of an event for it', async () => {
    api.answer(json({ id: 'e1' }, 202));
    await client.publish({ event_type: 'a', data: 1 }, { idempotencyKey: 'mine' });
    await client.publish({ event_type: 'a', data: 1, id: 'order-1' });
    await client.publish({ event_type: 'a', data: 1, id: 'no key: é' });
    await client.POST('/v1/events', { body: { event_type: 'a', data: 1, id: 'order-2' } });
    await client.POST('/v1/events', { body: { event_type: 'a', data: 1 }, headers: { 'Idempotency-Key': 'given' } });
    const keys = api.received.map(({ headers }) => headers['idempotency-key']);
    expect(keys).toEqual(['mine', 'order-1', expect.stringMatching(uuid), 'order-2', 'given']);
    await client.POST('/v1/explain', { body: { event: { event_type: 'a', data: 1 } } });
    expect(api.received.at(-1)?.headers).not.toHaveProperty('idempotency-key');
  });

  it('sends JSON text as it is', async () => {
    api.answer(json({ id: 'e1' }, 202));
    const data = '{ "n": 12345678901234567890, "f": 1.0, "f": 2 }';
    await client.publish({ event_type: 'a', data: jsonText(data), current_context: jsonText('[ ]'), tenant: 'acme' });
    expect(api.received[0]?.body.toString()).toBe(`{"event_type":"a","data":${data},"current_context":[ ],"tenant":"acme"}`);
    expect(() => jsonText('1,"tenant":"other"')).toThrow(SyntaxError);
    expect(() => publicationText({ event_type: 'a', data: undefined })).toThrow('data is no JSON value');
  });

  it('writes what JSON.stringify writes of everything else', () => {
    fc.assert(
      fc.property(
        fc.record({ event_type: fc.string(), data: fc.jsonValue(), current_context: fc.jsonValue(), tenant: fc.string() }),
        (event) => {
          expect(publicationText(event)).toBe(JSON.stringify(event));
          expect(publicationText({ ...event, data: jsonText(JSON.stringify(event.data)) })).toBe(JSON.stringify(event));
        },
      ),
    );
  });

  it('tells of each event of a batch what became of it, also when all are refused', async () => {
    const refused = { data: [{ error: { code: 'missing_field' } }], errors: 1 };
    api.answer(json(refused, 422));
    expect(await client.publishBatch([{ event_type: 'a', data: 1 }])).toEqual(refused);
    expect(api.received[0]?.body.toString()).toBe('{"events":[{"event_type":"a","data":1}]}');
    expect(api.received[0]?.headers['idempotency-key']).toMatch(uuid);
    api.answer(json({ code: 'batch_size', detail: 'too many' }, 422));
    await expect(client.publishBatch([])).rejects.toThrow(PosthornError);
  });
});

describe('paging', () => {
  it('goes through all pages with the same query, and asks for no more than is taken', async () => {
    api.answer((_, index) => json({ data: [{ id: `w${index}a` }, { id: `w${index}b` }], next_cursor: index < 2 ? `c/${index}` : null }));
    const ids: string[] = [];
    for await (const webhook of client.paginate('/v1/webhooks', { params: { query: { tenant: 'acme', limit: 2 } } })) ids.push(webhook.id);
    expect(ids).toEqual(['w0a', 'w0b', 'w1a', 'w1b', 'w2a', 'w2b']);
    expect(api.received.map(({ path }) => path)).toEqual([
      '/base/v1/webhooks?tenant=acme&limit=2',
      '/base/v1/webhooks?tenant=acme&limit=2&cursor=c%2F0',
      '/base/v1/webhooks?tenant=acme&limit=2&cursor=c%2F1',
    ]);
    api.clear();
    for await (const _webhook of client.paginate('/v1/webhooks')) break;
    expect(api.count()).toBe(1);
  });

  it('goes on behind pages that are short or empty: a list ends where there is no cursor', async () => {
    const pages = [[], [{ id: 'a' }], [], [], [{ id: 'b' }]];
    api.answer((_, index) => json({ data: pages[index], next_cursor: index < pages.length - 1 ? `c${index}` : null }));
    const ids: string[] = [];
    for await (const delivery of client.paginate('/v1/deliveries', { params: { query: { error_kind: 'dns' } } })) ids.push(delivery.id);
    expect(ids).toEqual(['a', 'b']);
    expect(api.count()).toBe(pages.length);
  });
});

/** Never called: what the compiler has to refuse. */
export const refusedByTypes = async (): Promise<void> => {
  // @ts-expect-error there is no such path
  await client.GET('/v1/nothing');
  // @ts-expect-error url is missing
  await client.POST('/v1/webhooks', { body: { name: 'x' } });
  // @ts-expect-error the path needs an id
  await client.GET('/v1/webhooks/{id}');
  // @ts-expect-error it is no list
  for await (const _each of client.paginate('/v1/webhooks/{id}')) break;
  // @ts-expect-error that is no status
  await client.GET('/v1/webhooks', { params: { query: { status: 'gone' } } });
  // @ts-expect-error an id is no number
  const id: number = (await client.GET('/v1/webhooks')).data.data[0]!.id;
  expect(id).toBe(0);
};
