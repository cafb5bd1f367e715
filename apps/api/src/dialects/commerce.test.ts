// Dialect 001 as its document has it, at /api/webhooks, by the client that its users have: making, reading, changing, switching and deleting.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ApiWorld, createApiWorld } from '../../tests/api-world.js';
import { createCommerceClient, withAttributes } from '../../tests/commerce-client.js';

let world: ApiWorld;
let sdk: ReturnType<typeof createCommerceClient>;
const requests: string[] = [];
beforeAll(async () => {
  world = await createApiWorld();
  sdk = createCommerceClient(world, world.admin, (request) => requests.push(request));
});
afterAll(() => world.close());

const url = 'http://127.0.0.1:9/hook';
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** The examples that the document and its client give, but for the URL, at which nobody listens here. */
const sample = {
  name: 'myorg-orders.place',
  topic: 'orders.place',
  callback_url: 'http://127.0.0.1:9/yourapp.com/webhooks',
  include_resources: ['customer', 'shipping_address', 'billing_address'],
  reference: 'ANY-EXTERNAL-REFEFERNCE',
  reference_origin: 'ANY-EXTERNAL-REFEFERNCE-ORIGIN',
  metadata: { foo: 'bar' },
};
const shown = {
  disabled_at: null,
  circuit_state: 'closed',
  circuit_failure_count: 0,
  shared_secret: expect.stringMatching(/^[0-9a-f]{32}$/),
  created_at: expect.stringMatching(time),
  updated_at: expect.stringMatching(time),
};
const smallest = { topic: 'orders.place', callback_url: url };

const make = (attributes: object = {}) => sdk.webhooks.create({ ...smallest, ...attributes });
const native = async (id: string) => (await world.call('GET', `/v1/webhooks/${id}`)).body;
const raw = async (id: string) => (await world.call('GET', `/api/webhooks/${id}`)).body;
const rows = async (sql: string, ...values: unknown[]) => (await world.pool.query(sql, values)).rows;
const open = (id: string, circuit = 1) =>
  rows(
    `update webhook_state set circuit = $2, circuit_failure_count = 12, circuit_opened_at = now(), circuit_retry_at = now() where webhook_id = $1`,
    id,
    circuit,
  );

describe('the attributes of the document', () => {
  it('make a webhook that is read back as it was sent, with its secret', async () => {
    const made = await sdk.webhooks.create(sample);
    expect(made).toEqual({ id: expect.stringMatching(uuid), type: 'webhooks', ...sample, ...shown });
    expect(await sdk.webhooks.retrieve(made.id)).toEqual(made);
    expect((await sdk.webhooks.list({ filters: { id_eq: made.id } })).first()).toEqual(made);
    expect(await sdk.webhooks.update({ id: made.id })).toEqual(made);
    const whole = await sdk.webhooks.retrieve(made.id, { include: ['last_event_callbacks'] });
    expect(await sdk.webhooks.update(whole)).toEqual(made);
    expect(await world.call('GET', `/v1/webhooks/${made.id}/secret`)).toMatchObject({ body: { secret: made.shared_secret } });
    await sdk.webhooks.delete(made.id);
  });

  it('stand in a resource with its links, its relationships and the mode of its environment', async () => {
    const { status, headers, body } = await world.call('POST', '/api/webhooks', withAttributes(smallest));
    const { id } = body.data;
    expect([status, headers.location]).toEqual([201, `/api/webhooks/${id}`]);
    expect(headers['content-type']).toMatch(/^application\/vnd\.api\+json/);
    const self = `${world.origin}/api/webhooks/${id}`;
    const related = (name: string) => ({ links: { self: `${self}/relationships/${name}`, related: `${self}/${name}` } });
    const rest = { name: null, include_resources: [], reference: null, reference_origin: null, metadata: {} };
    expect(body).toEqual({
      data: {
        id,
        type: 'webhooks',
        links: { self },
        attributes: { ...rest, ...smallest, ...shown },
        relationships: { last_event_callbacks: related('last_event_callbacks'), versions: related('versions') },
        meta: { mode: 'test' },
      },
    });
    expect(await raw(id)).toEqual(body);
    const live = await world.environment('live');
    const key = await world.key('admin', undefined, live);
    const https = withAttributes({ ...smallest, callback_url: 'https://yourapp.com/webhooks' }, { key });
    expect((await world.call('POST', '/api/webhooks', https)).body.data.meta).toEqual({ mode: 'live' });
  });

  it('make it as its receivers know it: body, signature and topic in headers', async () => {
    expect(await native((await make()).id)).toMatchObject({
      payload_format: 'jsonapi',
      signature_header: { name: 'x-commercelayer-signature', value: '{base64}' },
      headers: { 'x-commercelayer-topic': '<hidden>' },
      event_types: ['orders.place'],
      tenant: 'default',
    });
  });

  it('may bring a secret along, and be written as plain JSON', async () => {
    const shared_secret = '1c0994cc4e996e8c6ee56a2198f66f3c';
    for (const type of ['application/vnd.api+json', 'application/vnd.api+json; charset=utf-8', 'application/json']) {
      const call = withAttributes({ ...smallest, shared_secret }, { headers: { 'content-type': type } });
      expect((await world.call('POST', '/api/webhooks', call)).body.data.attributes.shared_secret).toBe(shared_secret);
    }
  });

  it('that are only read are taken and ignored: what was read is written as it is', async () => {
    const made = await sdk.webhooks.create(sample);
    const written = { ...made, name: 'Another', updated_at: '2018-01-01T12:00:00.000Z' };
    const changed = await sdk.webhooks.update(written);
    expect(changed).toEqual({ ...made, name: 'Another', updated_at: expect.stringMatching(time) });
    const given = {
      disabled_at: '2018-01-01T12:00:00.000Z',
      circuit_state: 'open',
      circuit_failure_count: 5,
      shared_secret: 'x'.repeat(32),
    };
    const call = withAttributes(given);
    expect((await world.call('PATCH', `/api/webhooks/${made.id}`, call)).body.data.attributes).toMatchObject({
      ...shown,
      shared_secret: made.shared_secret,
    });
    await sdk.webhooks.delete(made.id);
  });
});

describe('what the client asks for', () => {
  it('is sent as it was recorded', async () => {
    requests.length = 0;
    const { id } = await make();
    await sdk.webhooks.retrieve(id, { include: ['last_event_callbacks'], fields: ['name', 'last_event_callbacks'] });
    await sdk.webhooks.list({
      sort: { created_at: 'desc' },
      pageNumber: 2,
      pageSize: 5,
      filters: { topic_eq: 'x', name_matches_any: ['a', 'b'] },
    });
    await sdk.webhooks._disable(id);
    await sdk.webhooks.last_event_callbacks(id);
    await sdk.webhooks.delete(id);
    expect(requests).toEqual([
      'POST /api/webhooks',
      `GET /api/webhooks/${id}?include=last_event_callbacks&fields[webhooks]=name,last_event_callbacks`,
      'GET /api/webhooks?sort=-created_at&page[number]=2&page[size]=5&filter[q][topic_eq]=x&filter[q][name_matches_any]=a,b',
      `PATCH /api/webhooks/${id}`,
      `GET /api/webhooks/${id}/last_event_callbacks`,
      `DELETE /api/webhooks/${id}`,
    ]);
  });

  it('is answered so when a webhook is made and changed, too', async () => {
    const wishes = {
      include: ['last_event_callbacks' as const],
      fields: { webhooks: ['topic' as const, 'last_event_callbacks' as const] },
    };
    const made = await sdk.webhooks.create(smallest, wishes);
    const cut = { id: made.id, type: 'webhooks', topic: 'orders.place', last_event_callbacks: [] };
    expect(made).toEqual(cut);
    expect(await sdk.webhooks.update({ id: made.id, name: 'x' }, wishes)).toEqual(cut);
    expect(await sdk.webhooks._enable(made.id, wishes)).toEqual(cut);
    expect(await sdk.webhooks.retrieve(made.id, wishes)).toEqual(cut);
    const count = async () => (await rows('select count(*)::int as n from webhooks'))[0].n;
    const before = await count();
    await expect(sdk.webhooks.create(smallest, { include: ['nothing' as never] })).rejects.toMatchObject({ status: 400 });
    expect(await count()).toBe(before);
  });
});

describe('a change', () => {
  it.each<[object, object]>([
    [{ name: 'Another name' }, {}],
    [{ name: null }, {}],
    [{ topic: 'orders.cancel' }, {}],
    [{ topic: '*' }, {}],
    [{ topic: 'orders.*,customers.create' }, {}],
    [{ topic: 'orders.place, orders.cancel' }, { topic: 'orders.place,orders.cancel' }],
    [{ callback_url: 'http://127.0.0.1:9/other' }, {}],
    [{ include_resources: ['market'] }, {}],
    [{ include_resources: [] }, {}],
    [{ include_resources: null }, { include_resources: [] }],
    [{ reference: null, reference_origin: 'o' }, {}],
    [{ metadata: { a: { b: [1, null] } } }, {}],
    [{ metadata: {} }, {}],
    [{ metadata: null }, { metadata: {} }],
  ])('to %j leaves the rest as it was', async (changes, read) => {
    const made = await sdk.webhooks.create(sample);
    const expected = { ...made, ...changes, ...read, updated_at: expect.stringMatching(time) };
    const changed = await sdk.webhooks.update({ id: made.id, ...changes });
    expect(changed).toEqual(expected);
    expect(changed.updated_at > made.updated_at).toBe(true);
    expect(await sdk.webhooks.retrieve(made.id)).toEqual(changed);
    await sdk.webhooks.delete(made.id);
  });

  it('of the topic replaces the list of event types', async () => {
    const { id } = await make({ topic: '*' });
    const after = async (topic: string) => {
      await sdk.webhooks.update({ id, topic });
      return (await native(id)).event_types;
    };
    expect((await native(id)).event_types).toEqual([]);
    expect(await after('a.b,c.*')).toEqual(['a.b', 'c.*']);
    expect(await after('a.b')).toEqual(['a.b']);
    expect(await after('*')).toEqual([]);
  });

  it('there is seen here, and the other way round', async () => {
    const { id } = await make({ name: 'Both' });
    await world.call('PATCH', `/v1/webhooks/${id}`, { body: { event_types: ['x', 'y.*'], metadata: { k: 1 }, is_active: false } });
    expect(await sdk.webhooks.retrieve(id)).toMatchObject({ topic: 'x,y.*', metadata: { k: 1 }, disabled_at: expect.stringMatching(time) });
    await sdk.webhooks.update({ id, metadata: { other: 2 } });
    expect(await native(id)).toMatchObject({ metadata: { other: 2 }, version: 3, is_active: false });
  });
});

describe('a wish', () => {
  it('disables, enables and resets the circuit, and what is wished again changes nothing', async () => {
    const { id, updated_at } = await make();
    const disabled = await sdk.webhooks._disable(id);
    expect(disabled.disabled_at).toMatch(time);
    expect(await sdk.webhooks._disable(id)).toEqual(disabled);
    expect((await native(id)).disabled_reason).toBe('by_hand');
    expect((await sdk.webhooks._enable(id)).disabled_at).toBeNull();
    expect((await sdk.webhooks._enable(id)).disabled_at).toBeNull();
    await open(id);
    expect(await sdk.webhooks.retrieve(id)).toMatchObject({ circuit_state: 'open', circuit_failure_count: 12 });
    expect(await sdk.webhooks._enable(id)).toMatchObject({ circuit_state: 'open', circuit_failure_count: 12 });
    const reset = { circuit_state: 'closed', circuit_failure_count: 0, updated_at };
    expect(await sdk.webhooks._reset_circuit(id)).toMatchObject(reset);
    expect(await sdk.webhooks._reset_circuit(id)).toMatchObject(reset);
    expect((await native(id)).version).toBe(1);
  });

  it('is written down with who had it', async () => {
    const { id } = await make();
    for (const wish of ['_disable', '_enable', '_reset_circuit'] as const) await sdk.webhooks[wish](id, { fields: ['name'] });
    const audited = await rows(`select action, actor from audit_log where subject_id::text = $1 order by at`, id);
    // Making it showed its secret.
    const actions = ['created', 'secret_read', 'disabled', 'enabled', 'circuit_reset'];
    expect(audited).toEqual(actions.map((action) => ({ action: `webhook.${action}`, actor: 'admin' })));
  });

  it('is done together with a change', async () => {
    const { id } = await make();
    await open(id);
    const changed = await sdk.webhooks.update({ id, name: 'Together', _disable: true, _reset_circuit: true });
    expect(changed).toMatchObject({
      name: 'Together',
      disabled_at: expect.stringMatching(time),
      circuit_state: 'closed',
      circuit_failure_count: 0,
    });
  });

  it('is had while it is made, too', async () => {
    expect((await make({ _disable: true })).disabled_at).toMatch(time);
    expect((await make({ _enable: true })).disabled_at).toBeNull();
    expect(await make({ _reset_circuit: true })).toMatchObject({ circuit_state: 'closed', disabled_at: null });
  });

  it.each([false, null])('that is %j is none', async (no) => {
    const { id } = await make({ _disable: no, _enable: no });
    const disabled = await sdk.webhooks._disable(id);
    await open(id);
    const left = { ...disabled, circuit_state: 'open', circuit_failure_count: 12 };
    expect(await sdk.webhooks.update({ id, _disable: no, _enable: no, _reset_circuit: no })).toEqual(left);
    expect((await sdk.webhooks.update({ id, _disable: no, _enable: true })).disabled_at).toBeNull();
    expect((await sdk.webhooks.update({ id, _disable: true, _enable: no })).disabled_at).toMatch(time);
  });

  it('sees half_open as open', async () => {
    const { id } = await make();
    await open(id, 2);
    expect((await native(id)).circuit_state).toBe('half_open');
    expect((await sdk.webhooks.retrieve(id)).circuit_state).toBe('open');
    expect(await sdk.webhooks.count({ id_eq: id, circuit_state_eq: 'open' })).toBe(1);
    expect((await sdk.webhooks._reset_circuit(id)).circuit_state).toBe('closed');
  });
});

describe('a deletion', () => {
  it('answers with nothing, and then it is not there', async () => {
    const { id } = await make();
    expect(await world.call('DELETE', `/api/webhooks/${id}`)).toMatchObject({ status: 204, text: '' });
    for (const call of [() => sdk.webhooks.retrieve(id), () => sdk.webhooks.delete(id), () => sdk.webhooks._enable(id)])
      await expect(call()).rejects.toMatchObject({ name: 'ApiError', status: 404 });
    expect(await sdk.webhooks.count({ id_eq: id })).toBe(0);
    expect((await world.call('GET', `/v1/webhooks/${id}`)).status).toBe(404);
  });
});
