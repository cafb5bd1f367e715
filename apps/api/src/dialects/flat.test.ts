// Dialect 004 as its document has it, at /webhook, by plain calls and by a client that was written from its recorded requests.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventTypeCatalogue } from '@posthorn/dialects';
import { type Receiver, startReceiver } from '@posthorn/testkit';
import { type ApiWorld, createApiWorld } from '../../tests/api-world.js';
import {
  type DialectForm,
  describeBadMembers,
  describeRefusals,
  expectRefused,
  flatError,
  makeSmallest,
  pagesOf,
} from '../../tests/dialect-refusals.js';
import { createFlatClient, type FlatClient } from '../../tests/flat-client.js';

let world: ApiWorld;
let receiver: Receiver;
beforeAll(async () => {
  world = await createApiWorld();
  receiver = await startReceiver();
});
afterAll(async () => {
  await world.close();
  await receiver.stop();
});

const path = '/webhook';
const url = 'http://127.0.0.1:9/hook';
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
type Body = Readonly<Record<string, unknown>>;

/** The examples of the document, but for the URL, at which nobody listens here. */
const sample = {
  target_url: 'http://127.0.0.1:9/example.com/webhook',
  is_active: true,
  event_types: ['integrated_account:created', 'integrated_account:updated'],
};
const smallest = (): Body => ({ target_url: url });
const form: DialectForm = {
  path,
  id: 'id',
  url: 'target_url',
  isActive: 'is_active',
  smallest,
  ownerOf: (inWorld, tenant) => inWorld.key('channel', tenant),
  error: flatError,
};

const post = (body: unknown, key = world.admin) => world.call('POST', path, { key, body });
const get = async (id: string): Promise<Body> => (await world.call('GET', `${path}/${id}`)).body;
const patch = (id: string, body: unknown) => world.call('PATCH', `${path}/${id}`, { body });
const native = async (id: unknown) => (await world.call('GET', `/v1/webhooks/${id}`)).body;
const secretOf = async (id: unknown) => (await world.call('GET', `/v1/webhooks/${id}/secret`)).body.secret;
const withoutSecret = ({ secret: _, ...rest }: Body): Body => rest;

describe('the examples of the document', () => {
  it('with a URL of ours make a webhook, whose answer has every member and the secret, which is read in no other', async () => {
    const { status, headers, body } = await post(sample);
    expect([status, headers.location]).toEqual([201, `${path}/${body.id}`]);
    expect(body).toEqual({
      id: expect.stringMatching(uuid),
      ...sample,
      environment_id: world.environmentId,
      created_at: expect.stringMatching(time),
      updated_at: expect.stringMatching(time),
      secret: expect.stringMatching(uuid),
    });
    expect(await get(body.id)).toEqual(withoutSecret(body));
    expect((await world.call('GET', path)).body.result[0]).toEqual(withoutSecret(body));
    expect((await patch(body.id, {})).body).toEqual(withoutSecret(body));
    expect(await secretOf(body.id)).toBe(body.secret);
  });

  it.each(eventTypeCatalogue('004').map(({ name }) => name))('%s is an event type to subscribe to', async (name) => {
    const { status, body } = await post({ target_url: url, event_types: [name] });
    expect([status, body.event_types]).toEqual([201, [name]]);
    expect((await native(body.id)).event_types).toEqual([name]);
  });

  it('without event types are subscribed to all, and active unless they say otherwise', async () => {
    for (const members of [{}, { event_types: [] }])
      expect((await post({ target_url: url, ...members })).body).toMatchObject({ event_types: [], is_active: true });
    expect((await post({ target_url: url, is_active: false })).body.is_active).toBe(false);
  });

  it('may have the members that are only read: they are taken and ignored, but for the environment', async () => {
    const given = { id: crypto.randomUUID(), created_at: '2021-08-10T10:00:00.000Z', updated_at: 'never' };
    const made = (await post({ ...sample, ...given, environment_id: world.environmentId })).body;
    expect([made.id === given.id, made.created_at === given.created_at]).toEqual([false, false]);
    expect((await patch(made.id, { ...given, environment_id: world.environmentId })).body).toEqual(withoutSecret(made));
    const elsewhere = await world.environment('test');
    for (const environment_id of [elsewhere, crypto.randomUUID(), '', 'x'])
      for (const call of [() => post({ ...sample, environment_id }), () => patch(made.id, { environment_id, is_active: false })])
        await expectRefused(world, form, call, 'not_found', ['environment_id']);
  });

  it('are signed and written as receivers of this dialect know it', async () => {
    expect(await native((await post(sample)).body.id)).toMatchObject({
      payload_format: 'event_payload',
      signature_header: { name: 'x-truto-signature', value: 'format=sha256,v={base64}' },
      headers: {},
      tenant: 'default',
    });
  });

  it('may bring a secret along', async () => {
    for (const secret of ['d5fac1cb-1820-4da7-bfd8-a6b758bcf8ff', 'a_secret_from_elsewhere']) {
      const { status, body } = await post({ ...sample, secret });
      expect([status, body.secret, await secretOf(body.id)]).toEqual([201, secret, secret]);
    }
  });
});

describe('a change', () => {
  it.each<[string, unknown]>([
    ['target_url', 'http://127.0.0.1:9/other'],
    ['is_active', false],
    ['event_types', ['record:*']],
    ['event_types', []],
  ])('of %s to %j changes that alone', async (member, value) => {
    const made = withoutSecret((await post(sample)).body);
    const { status, body } = await patch(String(made.id), { [member]: value });
    expect({ status, body }).toEqual({ status: 200, body: { ...made, [member]: value, updated_at: expect.stringMatching(time) } });
    expect(await get(String(made.id))).toEqual(body);
  });

  it('is the same in our own API, and the other way round', async () => {
    const { id } = (await post(sample)).body;
    await patch(id, { event_types: ['record:created'], is_active: false });
    expect(await native(id)).toMatchObject({ url: sample.target_url, event_types: ['record:created'], is_active: false, version: 2 });
    const changes = { url: 'http://127.0.0.1:9/native', event_types: ['a.b', 'c.*'], is_active: true };
    await world.call('PATCH', `/v1/webhooks/${id}`, { body: changes });
    expect(await get(id)).toMatchObject({ target_url: changes.url, event_types: changes.event_types, is_active: true });
    const own = (await world.call('POST', '/v1/webhooks', { body: { url, name: 'Native' } })).body;
    expect(await get(own.id)).toMatchObject({ id: own.id, target_url: url, event_types: [], environment_id: world.environmentId });
    expect((await native(own.id)).payload_format).toBe('envelope');
  });

  it('of nothing changes nothing, and deletion answers with the id', async () => {
    const made = withoutSecret((await post(sample)).body);
    expect((await patch(String(made.id), made)).body).toEqual(made);
    expect(await world.call('DELETE', `${path}/${made.id}`)).toMatchObject({ status: 200, body: { id: made.id } });
    expect((await world.call('GET', `/v1/webhooks/${made.id}`)).status).toBe(404);
  });
});

describe('the list', () => {
  it('takes parameters that are left empty, and goes page by page, newest first', async () => {
    const key = await world.key('channel', 'paged');
    const ids: string[] = [];
    for (let i = 0; i < 5; i++) ids.unshift((await post(smallest(), key)).body.id);
    await patch(ids[3] ?? '', { is_active: false });
    const pages = await pagesOf(world, { path, items: 'result', next: 'next_cursor', query: 'limit=2&is_active=&environment_id=', key });
    expect(pages.map((page) => page.map((each) => each.id))).toEqual([ids.slice(0, 2), ids.slice(2, 4), ids.slice(4)]);
    const list = async (query: string) => (await world.call('GET', `${path}?${query}`, { key })).body;
    expect(await list('limit=&next_cursor=&is_active=&environment_id=')).toEqual({ result: pages.flat(), next_cursor: null });
    expect(await list('')).toEqual({ result: pages.flat(), next_cursor: null });
    expect((await list('is_active=false')).result.map((each: Body) => each.id)).toEqual([ids[3]]);
    expect((await list(`environment_id=${world.environmentId}`)).result).toHaveLength(5);
    expect(await list(`environment_id=${crypto.randomUUID()}`)).toEqual({ result: [], next_cursor: null });
    const { next_cursor } = await list('limit=2');
    for (const query of [`is_active=true&next_cursor=${next_cursor}`, `next_cursor=x${next_cursor}`])
      await expectRefused(world, form, () => world.call('GET', `${path}?${query}`, { key }), 'invalid_cursor');
    await expectRefused(world, form, () => world.call('GET', `${path}?is_active=yes`, { key }), 'invalid_request');
    await expectRefused(world, form, () => world.call('GET', `${path}?cursor=`, { key }), 'invalid_request');
  });
});

describe('the test of a webhook', () => {
  it('succeeds if the webhook takes it, and is refused with why if it does not', async () => {
    const test = (id: unknown) => world.call('POST', '/webhook/test', { body: { id } });
    const { id } = (await post({ target_url: receiver.url('/tested') })).body;
    expect(await test(id)).toMatchObject({ status: 200, body: { success: true } });
    expect(JSON.parse(String(receiver.received[0]?.body))).toMatchObject({
      event: 'posthorn.test',
      payload: { test: true },
      webhook_id: id,
    });
    receiver.answer({ status: 500 });
    expect(await test(id)).toMatchObject({ status: 422, body: { message: expect.stringContaining('answered 500') } });
    receiver.answer({ status: 302, headers: { location: receiver.url('/elsewhere') } });
    expect((await test(id)).status).toBe(422);
    const nobody = (await post({ target_url: url })).body.id;
    expect(await test(nobody)).toMatchObject({ status: 422, body: { code: 'invalid_field' } });
    expect(receiver.received).toHaveLength(3);
  });

  it.each<[unknown, 'invalid_field' | 'missing_field' | 'not_found', readonly string[]]>([
    [{}, 'missing_field', ['id']],
    [{ id: 7 }, 'invalid_field', ['id']],
    [{ id: null }, 'invalid_field', ['id']],
    [[], 'missing_field', ['id']],
    [{ id: 'x' }, 'not_found', []],
    [{ id: '05daecaf-4365-42e8-8370-8127de5dd717' }, 'not_found', []],
  ])('of %j is refused', (body, code, members) =>
    expectRefused(world, form, () => world.call('POST', '/webhook/test', { body }), code, members),
  );

  it('is for those who operate webhooks, and of those in their reach', async () => {
    const { id } = (await post(smallest())).body;
    for (const role of ['viewer', 'publisher'] as const) {
      const key = await world.key(role);
      await expectRefused(world, form, () => world.call('POST', '/webhook/test', { key, body: { id } }), 'forbidden');
    }
    const key = await world.key('channel', 'other');
    await expectRefused(world, form, () => world.call('POST', '/webhook/test', { key, body: { id } }), 'not_found');
  });
});

describe('the recorded client', () => {
  const requests: string[] = [];
  const clientAt = (baseUrl: string, token = world.admin): FlatClient =>
    createFlatClient({ token, baseUrl, onRequest: (request) => requests.push(request) });

  it.each(['', '/'])('with a base URL that ends in "%s" does everything but what it cannot call', async (end) => {
    const slash = end === '' ? '/' : '//';
    receiver.answer({});
    requests.length = 0;
    const client = clientAt(`${world.origin}${end}`, await world.key('channel', `client${end.length}`));
    const made = await client.create({ ...sample, target_url: receiver.url('/client'), environment_id: world.environmentId });
    expect(made).toMatchObject({ ...sample, target_url: receiver.url('/client'), secret: expect.stringMatching(uuid) });
    const shown = withoutSecret(made);
    expect(await client.get(made.id)).toEqual(shown);
    expect(await client.update(made.id, { event_types: ['record:created'] })).toMatchObject({ event_types: ['record:created'] });
    await client.create({ target_url: url });
    const pages = [];
    for await (const page of client.list({ limit: 1 })) pages.push(page.result.map((each) => each.id));
    expect([pages.length, pages.flat().at(-1)]).toEqual([2, made.id]);
    expect(await client.delete(made.id)).toEqual({ id: made.id });
    await expect(client.get(made.id)).rejects.toThrow('"code":"not_found"');
    const cursor = expect.stringMatching(/^GET \/+webhook\?limit=1&next_cursor=.{8,}&is_active=&environment_id=$/);
    expect(requests.map((request) => request.replaceAll(made.id, 'ID').replace(' /', ` ${end}/`))).toEqual([
      `POST ${slash}webhook?`,
      `GET ${slash}webhook/ID?`,
      `PATCH ${slash}webhook/ID?`,
      `POST ${slash}webhook?`,
      `GET ${slash}webhook?limit=1&next_cursor=&is_active=&environment_id=`,
      cursor,
      `DELETE ${slash}webhook/ID?`,
      `GET ${slash}webhook/ID?`,
    ]);
  });

  it('tests a webhook where its URL is right, and reads the error of one that does not answer', async () => {
    receiver.answer({});
    const client = clientAt(`${world.origin}/`);
    const { id } = await client.create({ target_url: receiver.url('/client') });
    expect(await client.test(id)).toEqual({ success: true });
    receiver.answer({ status: 503 });
    await expect(client.test(id)).rejects.toThrow('it answered 503');
  });

  it('asks three times while an answer says that it may pass', async () => {
    receiver.answer((_, index) => ({
      status: index < 2 ? 503 : 200,
      headers: { 'content-type': 'application/json', 'retry-after': '0' },
      body: '{}',
    }));
    receiver.clear();
    expect(await clientAt(receiver.origin).get('x')).toEqual({});
    receiver.clear();
    receiver.answer({ status: 429, body: 'too many' });
    await expect(clientAt(receiver.origin).get('x')).rejects.toThrow('too many');
    expect(receiver.count()).toBe(3);
  });

  it('asks once for what is wrong, and shows people what is', async () => {
    requests.length = 0;
    const client = clientAt(world.origin);
    await expect(client.create({ target_url: 'http://10.0.0.1/' })).rejects.toThrow(/"statusCode":422.*"path":"\/target_url"/);
    await expect(client.create({ ...sample, environment_id: crypto.randomUUID() })).rejects.toThrow('there is no such environment');
    await expect(clientAt(world.origin, 'ph_test_nobody').get('x')).rejects.toThrow('"statusCode":401');
    expect(requests).toHaveLength(3);
  });
});

describe('a bad body', () => {
  describeBadMembers(form, () => world, [
    [{ target_url: 5 }, 'invalid_field', 'target_url'],
    [{ target_url: '' }, 'invalid_field', 'target_url'],
    [{ target_url: null }, 'invalid_field', 'target_url'],
    [{ is_active: 'true' }, 'invalid_field', 'is_active'],
    [{ is_active: null }, 'invalid_field', 'is_active'],
    [{ is_active: 1 }, 'invalid_field', 'is_active'],
    [{ environment_id: 5 }, 'invalid_field', 'environment_id'],
    [{ environment_id: null }, 'invalid_field', 'environment_id'],
    [{ event_types: 'record:created' }, 'invalid_field', 'event_types'],
    [{ event_types: null }, 'invalid_field', 'event_types'],
    [{ event_types: {} }, 'invalid_field', 'event_types'],
    [{ event_types: [1] }, 'invalid_field', 'event_types'],
    [{ event_types: ['record:created', 'record created'] }, 'invalid_field', 'event_types.1'],
    [{ event_types: [''] }, 'invalid_field', 'event_types.0'],
    [{ event_types: Array.from({ length: 1001 }, (_, index) => `t${index}`) }, 'invalid_field', 'event_types'],
    [{ secret: 5 }, 'invalid_field', 'secret'],
    [{ url }, 'unknown_field', 'url'],
    [{ name: 'x' }, 'unknown_field', 'name'],
    [{ tenant: 'x' }, 'unknown_field', 'tenant'],
    [{ payload_format: 'data' }, 'unknown_field', 'payload_format'],
  ]);

  it('without a URL is refused', () => expectRefused(world, form, () => post({}), 'missing_field', ['target_url']));

  it('with a secret that is none is refused', () =>
    expectRefused(world, form, () => post({ ...sample, secret: 'short' }), 'invalid_field', ['secret']));

  it('names everything that is wrong with it, in the words of this dialect', async () => {
    const body = { event_types: ['a b', 'c d'], target_url: 'ftp://x/' };
    await expectRefused(world, form, () => post(body), 'invalid_field', ['target_url', 'event_types.0', 'event_types.1']);
    const long = (await post({ target_url: 'x'.repeat(2049) })).body;
    expect(long.message).toMatch(/^\/target_url must /);
    expect(long.errors[0]).toEqual({ path: '/target_url', code: 'invalid_field', message: long.message });
  });
});

it('a channel sees and makes what is its own', async () => {
  const [mine, theirs] = [await makeSmallest(world, form, 'mine'), await makeSmallest(world, form, 'theirs')];
  const { result } = (await world.call('GET', path, { key: mine.key })).body;
  expect(result.map((each: Body) => each.id)).toEqual([mine.id]);
  expect(await native(theirs.id)).toMatchObject({ tenant: 'theirs' });
});

describeRefusals(form, () => world);
