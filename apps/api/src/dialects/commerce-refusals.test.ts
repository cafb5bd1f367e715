// What dialect 001 refuses, in the form of its errors: as its client is told, and what its client cannot send.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ProblemCode, problems } from '@posthorn/core';
import { type Answer, type ApiWorld, createApiWorld } from '../../tests/api-world.js';
import { commerceMediaType, createCommerceClient } from '../../tests/commerce-client.js';
import {
  type DialectForm,
  describeBadMembers,
  describeRefusals,
  expectRefused,
  makeSmallest,
  storedState,
} from '../../tests/dialect-refusals.js';

let world: ApiWorld;
beforeAll(async () => {
  world = await createApiWorld();
});
afterAll(() => world.close());

type Body = Readonly<Record<string, unknown>>;
const url = 'http://127.0.0.1:9/hook';
const smallest = { topic: 'orders.place', callback_url: url };
const at = '/data/attributes';

const documentOf = (attributes: Body): Body => ({ data: { type: 'webhooks', attributes, relationships: {} } });
/** @param source where it is: pointer or parameter; absent: nowhere */
const errorOf = (code: ProblemCode, source?: Body) => ({
  title: problems[code].title,
  detail: expect.stringMatching(/.{5}/),
  code: problems[code].status === 422 ? 'VALIDATION_ERROR' : code.toUpperCase(),
  status: String(problems[code].status),
  meta: { error: expect.stringMatching(/^[a-z_]+$/) },
  ...(source !== undefined && { source }),
});
const form: DialectForm = {
  path: '/api/webhooks',
  id: 'id',
  url: 'callback_url',
  isActive: '_enable',
  smallest: () => smallest,
  ownerOf: (inWorld, tenant) => inWorld.key('channel', tenant),
  error: (code, members) => ({
    errors:
      members.length === 0
        ? expect.arrayContaining([expect.objectContaining(errorOf(code))])
        : members.map((member) => errorOf(code, { pointer: `${at}/${member.replaceAll('.', '/')}` })),
  }),
  document: { mediaType: commerceMediaType, of: documentOf, object: ({ data }) => data as Body },
};
/** The same, told of places by pointers of their own. */
const refused = (call: () => Promise<Answer>, code: ProblemCode, ...sources: readonly Body[]) =>
  expectRefused(
    world,
    { ...form, error: () => ({ errors: sources.length === 0 ? [errorOf(code)] : sources.map((source) => errorOf(code, source)) }) },
    call,
    code,
  );
const post = (body: unknown, key = world.admin, headers = {}) => world.call('POST', form.path, { key, body, headers });
const patch = (id: string, body: unknown, key = world.admin) => world.call('PATCH', `${form.path}/${id}`, { key, body });

describe('an attribute', () => {
  describeBadMembers(form, () => world, [
    [{ name: 5 }, 'invalid_field', 'name'],
    [{ name: '' }, 'invalid_field', 'name'],
    [{ name: 'x'.repeat(257) }, 'invalid_field', 'name'],
    [{ topic: 5 }, 'invalid_field', 'topic'],
    [{ topic: null }, 'invalid_field', 'topic'],
    [{ topic: '' }, 'invalid_field', 'topic'],
    [{ topic: ['orders.place'] }, 'invalid_field', 'topic'],
    [{ topic: 'orders place' }, 'invalid_field', 'topic'],
    [{ topic: 'orders.place,,orders.cancel' }, 'invalid_field', 'topic'],
    [{ topic: 'orders.place,orders.' }, 'invalid_field', 'topic'],
    [{ callback_url: 5 }, 'invalid_field', 'callback_url'],
    [{ callback_url: null }, 'invalid_field', 'callback_url'],
    [{ callback_url: '' }, 'invalid_field', 'callback_url'],
    [{ include_resources: 'customer' }, 'invalid_field', 'include_resources'],
    [{ include_resources: {} }, 'invalid_field', 'include_resources'],
    [{ include_resources: [5] }, 'invalid_field', 'include_resources'],
    [{ include_resources: [''] }, 'invalid_field', 'include_resources.0'],
    [{ _disable: 'true' }, 'invalid_field', '_disable'],
    [{ _enable: 1 }, 'invalid_field', '_enable'],
    [{ _reset_circuit: {} }, 'invalid_field', '_reset_circuit'],
    [{ _disable: true, _enable: true }, 'invalid_field', '_enable'],
    [{ shared_secret: 5 }, 'invalid_field', 'shared_secret'],
    [{ reference: 5 }, 'invalid_field', 'reference'],
    [{ reference_origin: [] }, 'invalid_field', 'reference_origin'],
    [{ metadata: 'x' }, 'invalid_field', 'metadata'],
    [{ metadata: [] }, 'invalid_field', 'metadata'],
    [{ event_types: [] }, 'unknown_field', 'event_types'],
    [{ url }, 'unknown_field', 'url'],
    [{ _trigger: true }, 'unknown_field', '_trigger'],
    [JSON.parse('{"toString":"x"}'), 'unknown_field', 'toString'],
  ]);

  it('that is required and missing is named, with all others that are', async () => {
    await expectRefused(world, form, () => post(documentOf({})), 'missing_field', ['topic', 'callback_url']);
    await expectRefused(world, form, () => post(documentOf({ topic: 'a' })), 'missing_field', ['callback_url']);
    await expectRefused(world, form, () => post(documentOf({ callback_url: url })), 'missing_field', ['topic']);
  });

  it.each(['too short', 'x'.repeat(129), 'with a line\nin the middle of it', 'ünsichtbar ünsichtbar'])(
    '%j is no shared secret',
    async (text) => {
      const call = () => post(documentOf({ ...smallest, shared_secret: text }));
      await expectRefused(world, form, call, 'invalid_field', ['shared_secret']);
    },
  );
});

describe('a document', () => {
  const attributes = smallest;
  it.each<[unknown, 'missing_field' | 'unknown_field' | 'invalid_field', string]>([
    [{}, 'missing_field', '/data'],
    [{ data: null }, 'invalid_field', '/data'],
    [{ data: [{ type: 'webhooks', attributes }] }, 'invalid_field', '/data'],
    [{ data: { attributes } }, 'missing_field', '/data/type'],
    [{ data: { type: 'orders', attributes } }, 'invalid_field', '/data/type'],
    [{ data: { type: 5, attributes } }, 'invalid_field', '/data/type'],
    [{ data: { type: 'webhooks' } }, 'missing_field', '/data/attributes'],
    [{ data: { type: 'webhooks', attributes: null } }, 'invalid_field', '/data/attributes'],
    [{ data: { type: 'webhooks', attributes: [] } }, 'invalid_field', '/data/attributes'],
    [{ data: { type: 'webhooks', attributes, topic: 'x' } }, 'unknown_field', '/data/topic'],
    [{ data: { type: 'webhooks', attributes }, webhooks: [] }, 'unknown_field', '/webhooks'],
    [smallest, 'unknown_field', '/topic'],
  ])('%j is refused at its place, on creation and on change', async (body, code, pointer) => {
    const { id } = await makeSmallest(world, form, 'documents');
    for (const call of [() => post(body), () => patch(id, body)]) {
      const before = await storedState(world);
      const { status, headers, body: answer } = await call();
      expect({ status, type: headers['content-type']?.split(';')[0] }).toEqual({ status: 422, type: commerceMediaType });
      expect(answer.errors).toContainEqual({ ...errorOf(code, { pointer }), title: expect.any(String), meta: { error: code } });
      expect(await storedState(world)).toEqual(before);
    }
  });

  it.each(['{"data":', '', 'x', '{"data":{}}}'])('that is %j is no JSON, by the media type of the dialect', async (text) => {
    for (const type of [commerceMediaType, `${commerceMediaType}; charset=utf-8`])
      await refused(() => post(text, world.admin, { 'content-type': type }), 'not_json');
  });

  it.each(['text/html', 'application/vnd.api', 'application/xml', 'multipart/form-data; boundary=x'])(
    'of %s is not taken',
    async (type) => {
      await refused(() => post(JSON.stringify(documentOf(smallest)), world.admin, { 'content-type': type }), 'unsupported_media_type');
    },
  );
});

describe('the client', () => {
  const failed = (call: () => Promise<unknown>) =>
    call().then(
      () => ({}),
      (error: unknown) => error as Body,
    );
  const error = (code: ProblemCode, source?: Body) => ({
    name: 'ApiError',
    status: problems[code].status,
    errors: [errorOf(code, source)],
  });

  it('is told where a body is wrong, and which parameter of a query', async () => {
    const sdk = createCommerceClient(world, world.admin);
    expect(await failed(() => sdk.webhooks.create({ topic: '', callback_url: url }))).toMatchObject(
      error('invalid_field', { pointer: `${at}/topic` }),
    );
    const blocked = { topic: 'x', callback_url: 'http://169.254.169.254/latest' };
    expect(await failed(() => sdk.webhooks.create(blocked))).toMatchObject(error('blocked_address', { pointer: `${at}/callback_url` }));
    expect(await failed(() => sdk.webhooks.create({ ...smallest, _disable: true, _enable: true }))).toMatchObject(
      error('invalid_field', { pointer: `${at}/_enable` }),
    );
    const asked = (parameter: string) => error('invalid_request', { parameter });
    expect(await failed(() => sdk.webhooks.list({ pageSize: 26 as 25 }))).toMatchObject(asked('page[size]'));
    expect(await failed(() => sdk.webhooks.list({ sort: ['metadata' as never] }))).toMatchObject(asked('sort'));
    expect(await failed(() => sdk.webhooks.list({ filters: { topic_like: 'x' } }))).toMatchObject(asked('filter[q][topic_like]'));
    expect(await failed(() => sdk.webhooks.retrieve('x', { include: ['orders' as never] }))).toMatchObject(asked('include'));
    expect(await failed(() => sdk.event_callbacks.list({ filters: { created_at_gt: 'x' } }))).toMatchObject(
      asked('filter[q][created_at_gt]'),
    );
  });

  it('is told that a name is taken, in the tenant of the webhook alone', async () => {
    const [one, two] = [await world.key('channel', 'one'), await world.key('channel', 'two')];
    const [mine, theirs] = [createCommerceClient(world, one), createCommerceClient(world, two)];
    await mine.webhooks.create({ ...smallest, name: 'Taken' });
    const other = await mine.webhooks.create({ ...smallest, name: 'Free' });
    const taken = error('conflict', { pointer: `${at}/name` });
    expect(await failed(() => mine.webhooks.create({ ...smallest, name: 'Taken' }))).toMatchObject(taken);
    expect(await failed(() => mine.webhooks.update({ id: other.id, name: 'Taken', _disable: true }))).toMatchObject(taken);
    expect(await mine.webhooks.retrieve(other.id)).toEqual(other);
    expect((await theirs.webhooks.create({ ...smallest, name: 'Taken' })).name).toBe('Taken');
  });

  it('is told that it has no key, may not, or that there is nothing', async () => {
    expect(await failed(() => createCommerceClient(world, 'ph_test_nobody').webhooks.list())).toMatchObject(error('unauthorized'));
    const viewer = createCommerceClient(world, await world.key('viewer'));
    expect(await failed(() => viewer.webhooks.create(smallest))).toMatchObject(error('forbidden'));
    for (const id of ['x', crypto.randomUUID()]) expect(await failed(() => viewer.webhooks.retrieve(id))).toMatchObject(error('not_found'));
  });
});

describe('_reset_circuit by a sales channel', () => {
  it('is forbidden, and nothing is changed, whatever else is wished with it', async () => {
    const { key, id } = await makeSmallest(world, form, 'sales');
    await world.pool.query('update webhook_state set circuit = 1, circuit_failure_count = 12 where webhook_id = $1', [id]);
    const source = { pointer: `${at}/_reset_circuit` };
    for (const more of [{}, { name: 'Changed' }, { _disable: true }, { callback_url: 'http://127.0.0.1:9/other', topic: '*' }]) {
      await refused(() => patch(id, documentOf({ ...more, _reset_circuit: true }), key), 'forbidden', source);
      await refused(() => post(documentOf({ ...smallest, ...more, _reset_circuit: true }), key), 'forbidden', source);
    }
    for (const no of [false, null]) expect((await patch(id, documentOf({ _reset_circuit: no }), key)).status).toBe(200);
    const { status, body } = await patch(id, documentOf({ _reset_circuit: true }));
    expect([status, body.data.attributes.circuit_state, body.data.attributes.circuit_failure_count]).toEqual([200, 'closed', 0]);
  });
});

describeRefusals(form, () => world);
