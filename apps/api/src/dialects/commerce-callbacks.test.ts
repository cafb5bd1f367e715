// Attempts as the event callbacks of dialect 001, and the versions of webhooks there, by the client that its users have.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { attemptKindCodes } from '@posthorn/core';
import { type ApiWorld, createApiWorld } from '../../tests/api-world.js';
import { commerceMediaType, createCommerceClient, withAttributes } from '../../tests/commerce-client.js';
import { pastDelivery, pastEvent } from '../../tests/past.js';

let world: ApiWorld;
let key: string;
let sdk: ReturnType<typeof createCommerceClient>;
let webhookId: string;
let otherId: string;
/** The event of a test. */
let testedId: string;
/** Ids of the event callbacks of the first webhook, oldest first. */
const callbacks: string[] = [];

const tenant = 'acme';
const url = 'http://127.0.0.1:9/hook';
/** Attempts are made after their events, which are made now. */
const startMs = Math.ceil(Date.now() / 1000) * 1000;
const timeOf = (n: number): string => new Date(startMs + n * 60_000).toISOString();

type Attempt = {
  readonly n: number;
  readonly minute: number;
  readonly statusCode: number | null;
  readonly error?: string;
  readonly kind?: number;
};
const addAttempts = async (eventId: string, id: string, attempts: readonly Attempt[]): Promise<void> => {
  await world.pool.query('delete from attempts where event_id = $1 and webhook_id = $2', [eventId, id]);
  for (const { n, minute, statusCode, error = null, kind = attemptKindCodes.first } of attempts)
    await world.pool.query(
      `insert into attempts (environment_id, tenant_id, event_id, webhook_id, n, kind, webhook_version, started_at, ok, status_code, error, duration_ms)
       values ($1, $2, $3, $4, $5, $6, 1, $7, $8, $9, $10, 250)`,
      [world.environmentId, await world.tenantId(tenant), eventId, id, n, kind, timeOf(minute), statusCode === 200, statusCode, error],
    );
};
const addDelivery = async (id: string, attempts: readonly Attempt[], data?: string): Promise<string> => {
  const eventId = await pastEvent(world, tenant, 'orders.place', data);
  await pastDelivery(world, eventId, id, 'succeeded', tenant);
  await addAttempts(eventId, id, attempts);
  return eventId;
};

beforeAll(async () => {
  world = await createApiWorld();
  key = await world.key('channel', tenant);
  sdk = createCommerceClient(world, key);
  const make = async (include_resources: string[]) =>
    (await sdk.webhooks.create({ topic: 'orders.place', callback_url: url, include_resources })).id;
  [webhookId, otherId] = [await make(['customer', 'market']), await make([])];
  const first = await addDelivery(
    webhookId,
    [
      { n: 1, minute: 0, statusCode: 500 },
      { n: 2, minute: 5, statusCode: null, error: 'no answer within 15 s' },
      { n: 3, minute: 9, statusCode: 200, kind: attemptKindCodes.retry },
    ],
    '{"id":12345678901234567890,"total":1.0}',
  );
  await world.pool.query(`update events set resources = '{"customer":{"e":1e2},"orders":{"x":1}}' where id = $1`, [first]);
  callbacks.push(...[1, 2, 3].map((n) => `${first}.${webhookId}.${n}`));
  for (let n = 0; n < 10; n++)
    callbacks.push(`${await addDelivery(webhookId, [{ n: 1, minute: 20 + n, statusCode: 200 }])}.${webhookId}.1`);
  await addDelivery(otherId, [{ n: 1, minute: 60, statusCode: 418 }]);
  testedId = world.newId();
  await addAttempts(testedId, webhookId, [{ n: 1, minute: 10, statusCode: 204, kind: attemptKindCodes.test }]);
});
afterAll(() => world.close());

const get = (path: string, as = key) => world.call('GET', path, { key: as });
const placesOf = (list: readonly { readonly id: string }[]): readonly number[] => Array.from(list, ({ id }) => callbacks.indexOf(id));
const newestTen = [12, 11, 10, 9, 8, 7, 6, 5, 4, 3];
const unset = { reference: null, reference_origin: null, metadata: {} };

describe('an event callback', () => {
  it('says what was called and sent, and what came back, in texts', async () => {
    const callback = await sdk.event_callbacks.retrieve(callbacks[2]!);
    expect(callback).toEqual({
      id: callbacks[2],
      type: 'event_callbacks',
      callback_url: url,
      payload: { data: { id: JSON.parse('12345678901234567890'), total: 1 }, included: [{ e: 100 }] },
      response_code: '200',
      response_message: 'OK',
      created_at: timeOf(9),
      updated_at: new Date(startMs + 9 * 60_000 + 250).toISOString(),
      webhook: { id: webhookId, type: 'webhooks' },
      ...unset,
    });
    const [failed, unanswered] = [await sdk.event_callbacks.retrieve(callbacks[0]!), await sdk.event_callbacks.retrieve(callbacks[1]!)];
    expect([failed.response_code, failed.response_message]).toEqual(['500', 'Internal Server Error']);
    expect([unanswered.response_code, unanswered.response_message]).toEqual([null, 'no answer within 15 s']);
  });

  it('has the payload byte for byte as it was sent', async () => {
    const { text } = await get(`/api/event_callbacks/${callbacks[2]}`);
    expect(text).toContain('"payload":{"data":{"id":12345678901234567890,"total":1.0},"included":[{"e":1e2}]}');
  });

  it('leads to its webhook, by its name and by an include', async () => {
    const webhook = await sdk.webhooks.retrieve(webhookId);
    expect(await sdk.event_callbacks.webhook(callbacks[0]!)).toEqual(webhook);
    expect((await sdk.event_callbacks.retrieve(callbacks[0]!, { include: ['webhook'] })).webhook).toEqual(webhook);
    const listed = await sdk.event_callbacks.list({ include: ['webhook'], fields: { webhooks: ['topic'], event_callbacks: ['webhook'] } });
    for (const { webhook: included } of listed) expect(included).toMatchObject({ type: 'webhooks', topic: 'orders.place' });
    expect(Object.keys(listed[0] ?? {})).toEqual(['id', 'type', 'webhook']);
  });

  it.each(['x', '1', '%00', `${crypto.randomUUID()}.${crypto.randomUUID()}.1`, 'a.b.c'])(
    '%s is none, in the form of the dialect',
    async (id) => {
      for (const rest of ['', '/webhook', '/relationships/webhook']) {
        const { status, headers, body } = await get(`/api/event_callbacks/${id}${rest}`);
        expect([status, headers['content-type']?.split(';')[0], body.errors[0].code]).toEqual([404, commerceMediaType, 'NOT_FOUND']);
      }
    },
  );

  it('that was a test is none', async () => {
    expect((await get(`/api/event_callbacks/${testedId}.${webhookId}.1`)).status).toBe(404);
  });
});

describe('the list of event callbacks', () => {
  type Filters = Readonly<Record<string, string | number | boolean | string[]>>;
  const found = async (filters: Filters) =>
    placesOf(await sdk.event_callbacks.list({ filters, pageSize: 25, sort: { created_at: 'asc' } }));

  it('has those of all webhooks in reach, newest first', async () => {
    const all = await sdk.event_callbacks.list({ pageSize: 25 });
    expect([placesOf(all), all.recordCount]).toEqual([[-1, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0], 14]);
    const page = await sdk.event_callbacks.list({ pageNumber: 2, pageSize: 5 });
    expect([placesOf(page), page.pageCount]).toEqual([[8, 7, 6, 5, 4], 3]);
  });

  it('is narrowed by filters', async () => {
    expect(await found({ webhook_id_eq: otherId })).toEqual([-1]);
    expect(await found({ webhook_id_eq: webhookId, created_at_lt: timeOf(20) })).toEqual([0, 1, 2]);
    expect(await found({ response_code_eq: '500' })).toEqual([0]);
    expect(await found({ response_code_in: ['500', '418'] })).toEqual([0, -1]);
    expect(await found({ response_code_null: true })).toEqual([1]);
    expect(await found({ response_code_start: '4' })).toEqual([-1]);
    expect(await found({ id_in: [callbacks[3]!, callbacks[0]!] })).toEqual([0, 3]);
    expect(await found({ callback_url_cont: 'nowhere' })).toEqual([]);
    expect(await found({ webhook_id_eq: 'x' })).toEqual([]);
    expect(await sdk.event_callbacks.count({ webhook_id_eq: webhookId })).toBe(13);
  });

  it('of a webhook has its newest ten, wherever they are asked for', async () => {
    const last = await sdk.webhooks.last_event_callbacks(webhookId);
    expect([placesOf(last), last.recordCount]).toEqual([newestTen, 10]);
    expect(placesOf(await sdk.webhooks.last_event_callbacks(webhookId, { pageSize: 3, pageNumber: 4 }))).toEqual([3]);
    const included = await sdk.webhooks.retrieve(webhookId, { include: ['last_event_callbacks'] });
    expect(included.last_event_callbacks).toEqual([...last]);
    const list = await sdk.webhooks.list({ include: ['last_event_callbacks'], sort: ['created_at'] });
    expect(list.first()?.last_event_callbacks).toEqual([...last]);
    expect(list.last()?.last_event_callbacks).toMatchObject([
      { response_code: '418', response_message: 'HTTP 418', payload: { data: { secret: 1 } } },
    ]);
    const fields = { webhooks: ['last_event_callbacks' as const], event_callbacks: ['response_code' as const] };
    const sparse = await sdk.webhooks.retrieve(otherId, { include: ['last_event_callbacks'], fields });
    expect(sparse.last_event_callbacks).toEqual([{ id: expect.any(String), type: 'event_callbacks', response_code: '418' }]);
  });
});

describe('the reach of a key', () => {
  it.each(['viewer', 'operator', 'admin'] as const)('of the role %s is all of the environment', async (role) => {
    const own = createCommerceClient(world, await world.key(role));
    expect(await own.event_callbacks.count()).toBe(14);
    const { webhook } = await own.event_callbacks.retrieve(callbacks[0]!, { include: ['webhook'] });
    expect(webhook?.shared_secret).toEqual(role === 'admin' ? expect.stringMatching(/^[0-9a-f]{32}$/) : null);
  });

  it('that is another tenant or environment sees nothing', async () => {
    const environment = await world.environment('test');
    for (const other of [await world.key('channel', 'other'), await world.key('admin', undefined, environment)]) {
      const own = createCommerceClient(world, other);
      expect([await own.event_callbacks.count(), await own.event_callbacks.count({ webhook_id_eq: webhookId })]).toEqual([0, 0]);
      for (const path of [
        `event_callbacks/${callbacks[0]}`,
        `event_callbacks/${callbacks[0]}/webhook`,
        `event_callbacks/${callbacks[0]}/relationships/webhook`,
        ...['last_event_callbacks', 'versions', 'event_stores'].flatMap((name) =>
          [name, `relationships/${name}`].map((each) => `webhooks/${webhookId}/${each}`),
        ),
      ])
        expect({ path, status: (await get(`/api/${path}`, other)).status }).toEqual({ path, status: 404 });
    }
    expect((await get('/api/event_callbacks', await world.key('publisher'))).status).toBe(403);
  });

  it('shows no payload of an event that was erased', async () => {
    const eventId = await addDelivery(otherId, [{ n: 1, minute: 70, statusCode: 200 }]);
    const read = () => sdk.event_callbacks.retrieve(`${eventId}.${otherId}.1`);
    expect((await read()).payload).toEqual({ data: { secret: 1 }, included: [] });
    expect((await world.call('DELETE', `/v1/events/${eventId}`)).status).toBeLessThan(300);
    expect(await read()).toMatchObject({ payload: null, callback_url: url, response_code: '200' });
    await world.pool.query('delete from attempts where event_id = $1', [eventId]);
  });
});

describe('a deleted webhook', () => {
  it('leaves its event callbacks, and is not there any more', async () => {
    const { id } = await sdk.webhooks.create({ topic: 'orders.place', callback_url: url });
    const callbackId = `${await addDelivery(id, [{ n: 1, minute: 80, statusCode: 200 }])}.${id}.1`;
    await sdk.webhooks.delete(id);
    const left = await sdk.event_callbacks.retrieve(callbackId, { include: ['webhook'] });
    expect(left).toMatchObject({ id: callbackId, response_code: '200', webhook: { id, type: 'webhooks' } });
    expect(left.webhook).not.toHaveProperty('topic');
    expect(await sdk.event_callbacks.count({ webhook_id_eq: id })).toBe(1);
    for (const call of [() => sdk.event_callbacks.webhook(callbackId), () => sdk.webhooks.last_event_callbacks(id)])
      await expect(call()).rejects.toMatchObject({ status: 404 });
  });
});

describe('the versions of a webhook', () => {
  it('say what was changed by whom, under both of their names', async () => {
    const made = (await world.call('POST', '/api/webhooks', withAttributes({ topic: 'a', callback_url: url, name: 'V' }, { key }))).body
      .data.id;
    await createCommerceClient(world, world.admin).webhooks.update({
      id: made,
      topic: 'a,b',
      callback_url: `${url}/2`,
      metadata: { k: 1 },
    });
    const [event_stores, versions] = [await sdk.webhooks.event_stores(made), (await get(`/api/webhooks/${made}/versions`)).body];
    const [second, first] = [
      { topic: ['a', 'a,b'], callback_url: [url, `${url}/2`], metadata: [{}, { k: 1 }] },
      { name: [null, 'V'], topic: [null, 'a'], callback_url: [null, url] },
    ];
    expect([event_stores.recordCount, versions.meta]).toEqual([2, { record_count: 2, page_count: 1 }]);
    const common = { resource_type: 'webhooks', resource_id: made, ...unset };
    expect(Array.from(event_stores, ({ payload, event, who }) => ({ payload, event, kind: who?.application.kind }))).toEqual([
      { payload: second, event: 'update', kind: 'integration' },
      { payload: first, event: 'create', kind: 'sales_channel' },
    ]);
    for (const [index, [event, changes]] of (
      [
        ['update', second],
        ['create', first],
      ] as const
    ).entries())
      expect(versions.data[index]).toMatchObject({
        id: `${made}.${2 - index}`,
        type: 'versions',
        attributes: { ...common, event, changes },
      });
    const page = await get(`/api/webhooks/${made}/versions?page[number]=2&page[size]=1&fields[versions]=event`);
    expect(page.body.data).toEqual([{ id: `${made}.1`, type: 'versions', attributes: { event: 'create' }, meta: { mode: 'test' } }]);
    expect((await get(`/api/webhooks/${made}/versions?filter[q][event_eq]=x`)).body.errors[0].source).toEqual({
      parameter: 'filter[q][event_eq]',
    });
  });
});

describe('the links of a resource', () => {
  type Related = { readonly links: { readonly self: string; readonly related: string } };
  const follow = async (link: string) => {
    const { status, body } = await get(link.slice(world.origin.length));
    expect([link.startsWith(world.origin), status]).toEqual([true, 200]);
    return body;
  };
  const idsOf = (data: unknown) => [data].flat().map((each) => [(each as { type: string }).type, (each as { id: string }).id]);

  it('lead to what they say: itself, its relationships and what is related', async () => {
    for (const path of [`/api/webhooks/${webhookId}`, `/api/event_callbacks/${callbacks[0]}`]) {
      const { data } = (await get(path)).body;
      expect((await follow(data.links.self)).data).toEqual(data);
      for (const { links } of Object.values(data.relationships as Record<string, Related>)) {
        const [ids, related] = [await follow(links.self), await follow(links.related)];
        expect(ids.links).toEqual(links);
        expect(idsOf(ids.data)).toEqual(idsOf(related.data));
      }
    }
    const ids = await follow(`${world.origin}/api/webhooks/${webhookId}/relationships/event_stores`);
    expect(idsOf(ids.data)).toEqual([['event_stores', `${webhookId}.1`]]);
  });
});
