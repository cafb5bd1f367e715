// The TypeScript client against the running product: typed objects and errors, pages, publications that survive a lost answer and an API that goes
// away and comes back, and the receiver's side of the signature.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Client, createClient, jsonText, PosthornError, verify } from '@posthorn/client';
import { eventually, freePort, startReceiver } from '@posthorn/testkit';
import { Webhook as StandardWebhook } from 'standardwebhooks';
import { inParallel } from './support/api-client.js';
import { type Product, startPosthorn, startProduct } from './support/product.js';
import { untilSettled } from './support/truth.js';

let product: Product;
let client: Client;
/** Paths in the order in which they were asked for. */
const asked: string[] = [];
const key = (): string => product.env.POSTHORN_BOOTSTRAP_KEY ?? '';

beforeAll(async () => {
  product = await startProduct({ env: { PORT: String(await freePort()) } });
  const countingFetch = (url: string, init: RequestInit): Promise<Response> => {
    asked.push(url.replace(product.api.url, ''));
    return fetch(url, init);
  };
  client = createClient({ url: product.api.url, key: key(), fetch: countingFetch });
}, 90_000);
afterAll(() => product?.stop());

const all = async <Item>(items: AsyncIterable<Item>): Promise<Item[]> => {
  const list: Item[] = [];
  for await (const item of items) list.push(item);
  return list;
};
const eventIds = async (eventType: string): Promise<string[]> =>
  (await all(client.paginate('/v1/events', { params: { query: { event_type: eventType } } }))).map(({ id }) => id);

describe('a webhook and its events', () => {
  it('are made, published and verified with nothing but the client', async () => {
    const receiver = await startReceiver();
    const { data: webhook } = await client.POST('/v1/webhooks', {
      body: { url: receiver.url('/orders'), event_types: ['order.*'], context: { taskGroup: '1' } },
    });
    const data = '{ "n": 12345678901234567890, "f": 1.0 }';
    const { id, replayed } = await client.publish({
      event_type: 'order.placed',
      current_context: { taskGroup: '1' },
      data: jsonText(data),
    });
    const [arrived] = await receiver.waitFor(1);
    const request = { headers: arrived!.headers, body: arrived!.body };
    expect(replayed).toBe(false);
    expect(verify({ ...request, secret: webhook.secret })).toMatchObject({ ok: true, id });
    expect(verify({ ...request, secret: webhook.secret, body: `${arrived!.body} ` })).toMatchObject({ ok: false, code: 'no_match' });
    expect(arrived!.body.toString()).toContain(`"data":${data}}`);

    const { data: rotated } = await client.POST('/v1/webhooks/{id}/rotate-secret', { params: { path: { id: webhook.id } } });
    await client.publish({ event_type: 'order.placed', current_context: { taskGroup: '1' }, data: null });
    const [, signedTwice] = await receiver.waitFor(2);
    for (const secret of [webhook.secret, rotated.secret ?? '']) {
      expect(verify({ secret, headers: signedTwice!.headers, body: signedTwice!.body }).ok).toBe(true);
      expect(() => new StandardWebhook(secret).verify(signedTwice!.body, signedTwice!.headers)).not.toThrow();
    }
    await receiver.stop();
  });

  it('tell their faults by code and place', async () => {
    const wrong = client.POST('/v1/webhooks', { body: { url: 'ftp://example.com', event_types: ['a b'] } });
    const error = await wrong.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(PosthornError);
    expect(error).toMatchObject({ code: 'invalid_field', status: 422, requestId: expect.any(String) });
    expect((error as PosthornError).errors.map(({ pointer }) => pointer).sort()).toEqual(['/event_types/0', '/url']);
    const missing = client.GET('/v1/webhooks/{id}', { params: { path: { id: crypto.randomUUID() } } });
    await expect(missing).rejects.toMatchObject({ code: 'not_found', status: 404 });
    await expect(createClient({ url: client.url, key: 'nobody' }).GET('/v1/webhooks')).rejects.toMatchObject({ code: 'unauthorized' });
  });
});

describe('a list', () => {
  it('of 120 webhooks comes whole in pages of 50', async () => {
    const tenant = 'pages';
    const made = await inParallel(120, 8, async (index) => {
      const { data } = await client.POST('/v1/webhooks', { body: { url: 'http://127.0.0.1:9/', tenant, name: `page ${index}` } });
      return data.id;
    });
    asked.length = 0;
    const listed = await all(client.paginate('/v1/webhooks', { params: { query: { tenant, limit: 50 } } }));
    expect(listed.map(({ id }) => id).sort()).toEqual([...made].sort());
    expect(new Set(listed.map(({ name }) => name)).size).toBe(120);
    expect(asked).toHaveLength(3);
  }, 60_000);
});

describe('a publication', () => {
  it('whose answer is lost is accepted once', async () => {
    const eventType = 'lost.answer';
    const losing = new Set<unknown>();
    const careless = createClient({
      url: client.url,
      key: key(),
      fetch: async (url, init) => {
        const answer = await fetch(url, init);
        const idempotencyKey = new Headers(init.headers).get('idempotency-key');
        if (losing.has(idempotencyKey)) return answer;
        losing.add(idempotencyKey);
        await answer.arrayBuffer();
        throw new TypeError('the connection is gone');
      },
    });
    const published = await careless.publish({ event_type: eventType, data: 1 });
    const batch = await careless.publishBatch([
      { event_type: eventType, data: 2 },
      { event_type: eventType, data: 3, id: 'own-id' },
    ]);
    expect(published.replayed).toBe(true);
    expect(batch.data).toEqual([expect.objectContaining({ replayed: true }), expect.objectContaining({ replayed: true })]);
    const ids = [published.id, ...batch.data.map((each) => ('id' in each ? each.id : ''))];
    expect((await eventIds(eventType)).sort()).toEqual(ids.sort());
  });

  it('waits for an API that is killed and comes back, and is delivered once', async () => {
    const receiver = await startReceiver();
    const eventType = 'outage.survived';
    await client.POST('/v1/webhooks', { body: { url: receiver.url(), event_types: [eventType] } });
    const patient = createClient({ url: client.url, key: key(), retries: 12 });
    const events = 60;
    let answered = 0;
    const publishing = inParallel(events, 4, async (index) => {
      const { id } = await patient.publish({ event_type: eventType, data: index });
      answered++;
      return id;
    });
    await eventually(() => answered > 5);
    await product.apiProcess.kill('SIGKILL');
    expect(answered).toBeLessThan(events);
    const second = startPosthorn('api', product.env);
    try {
      await second.ready;
      const ids = await publishing;
      expect(new Set(ids).size).toBe(events);
      expect((await eventIds(eventType)).sort()).toEqual([...ids].sort());
      // What the killed process accepted and did not hand on is fed again when its lease of 15 s runs out.
      await receiver.waitFor(events, 45_000);
      await untilSettled(product.pool, 20_000);
      expect(receiver.received.map(({ body }) => JSON.parse(body.toString()).data).sort((a, b) => a - b)).toEqual(
        Array.from({ length: events }, (_, index) => index),
      );
    } finally {
      await publishing.catch(() => undefined);
      await second.kill();
      await receiver.stop();
    }
  }, 120_000);
});
