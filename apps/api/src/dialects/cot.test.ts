// Dialect 003 as its document has it, at /compat/cot/webhooks and at the path of its clients.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ApiWorld, createApiWorld } from '../../tests/api-world.js';
import {
  type DialectForm,
  describeBadMembers,
  describeRefusals,
  expectRefused,
  makeSmallest,
  pagesOf,
  pathError,
} from '../../tests/dialect-refusals.js';

let world: ApiWorld;
beforeAll(async () => {
  world = await createApiWorld();
});
afterAll(() => world.close());

const path = '/compat/cot/webhooks';
const alias = '/api/v3/webhook/subscription';
const url = 'http://127.0.0.1:9/hook';
type Body = Readonly<Record<string, unknown>>;

/** The object of the document, letter by letter, but for its URL, at which nobody listens here. */
const sample = {
  _id: '62685990d918fb5557f9f992',
  company: '625be93a286ef83c1c0e845f',
  isActive: true,
  trigger: 'create-edit-delete-task',
  url: 'http://127.0.0.1:9/www.server.com',
  name: 'Work Orders Update',
  code: 'wo_update',
  context: { survey: '', group: '', taskGroup: '6261612a8f1e99002e5c8cce' },
  __v: 0,
  description: 'Sends updates on Work Orders',
};
const smallest = (company: string): Body => ({ company, isActive: true, trigger: 'logout-user', url, name: crypto.randomUUID() });
const form: DialectForm = { path, id: '_id', url: 'url', isActive: 'isActive', smallest, error: pathError };

const post = (body: unknown, key = world.admin) => world.call('POST', path, { key, body });
const get = async (id: string): Promise<Body> => (await world.call('GET', `${path}/${id}`)).body;
const patch = (id: string, body: unknown) => world.call('PATCH', `${path}/${id}`, { body });
/** The same webhook as our own API shows it. */
const native = async (objectId: unknown) => (await world.call('GET', `/v1/webhooks?object_id=${objectId}`)).body.data[0];
const made = async (members: Body): Promise<Body & { readonly _id: string }> => {
  const { status, body } = await post({ ...smallest('made'), ...members });
  expect(status).toBe(201);
  return body;
};
const partsOf = (kind: string): readonly string[] => ['create', 'edit', 'delete'].map((action) => `${action}-${kind}`);

describe.each([path, alias])('the object of the document at %s', (at) => {
  it('with a URL of ours is made, and read back as it was sent, under an id that is made here', async () => {
    const company = `${sample.company}${at.length}`;
    const { status, headers, body } = await world.call('POST', at, { body: { ...sample, company } });
    expect([status, headers.location]).toEqual([201, `${at}/${body._id}`]);
    expect(body).toEqual({ ...sample, company, _id: expect.stringMatching(/^[0-9a-f]{24}$/) });
    expect(body._id).not.toBe(sample._id);
    for (const each of [path, alias]) {
      expect((await world.call('GET', `${each}/${body._id}`)).body).toEqual(body);
      expect((await world.call('GET', `${each}?company=${company}`)).body).toEqual({ data: [body], next_cursor: null });
    }
    const changed = await world.call('PATCH', `${at}/${body._id}`, { body: { ...body, description: 'Changed', __v: 5 } });
    expect(changed).toMatchObject({ status: 200, body: { ...body, description: 'Changed', __v: 1 } });
    expect(await world.call('DELETE', `${at}/${body._id}`)).toMatchObject({ status: 204, text: '' });
    expect((await world.call('GET', `${path}/${body._id}`)).status).toBe(404);
  });

  it('is refused in the form of the dialect if it is not right', () =>
    expectRefused(world, form, () => world.call('POST', at, { body: { ...sample, trigger: 7 } }), 'invalid_field', ['trigger']));
});

describe('a trigger', () => {
  it.each(['user', 'task', 'survey', 'property', 'note'])(
    'create-edit-delete-%s is that type and its three parts, and reads back as it is',
    async (kind) => {
      const trigger = `create-edit-delete-${kind}`;
      const { _id, ...shown } = await made({ trigger });
      expect(shown.trigger).toBe(trigger);
      expect((await native(_id)).event_types).toEqual([trigger, ...partsOf(kind)]);
    },
  );

  it.each(['logout-user', 'create-task', 'order.placed', 'create-edit-delete-tasks'])('%s is exactly that type', async (trigger) => {
    const { _id, ...shown } = await made({ trigger });
    expect(shown.trigger).toBe(trigger);
    expect((await native(_id)).event_types).toEqual([trigger]);
  });

  it('is replaced by a change, and read as it is then', async () => {
    const { _id } = await made({ trigger: 'create-edit-delete-task', context: sample.context });
    expect((await patch(_id, { trigger: 'create-edit-delete-note' })).body).toMatchObject({
      trigger: 'create-edit-delete-note',
      context: sample.context,
      __v: 1,
    });
    expect((await native(_id)).event_types).toEqual(['create-edit-delete-note', ...partsOf('note')]);
  });

  it('that stands for no types any more, since our own API changed them, is shown as they are', async () => {
    const { _id } = await made({ trigger: 'create-edit-delete-task' });
    const { id } = await native(_id);
    const after = async (event_types: readonly string[]) => {
      await world.call('PATCH', `/v1/webhooks/${id}`, { body: { event_types } });
      return (await get(_id)).trigger;
    };
    expect(await after(['edit-task'])).toBe('edit-task');
    expect(await after(['edit-task', 'note.*'])).toBe('edit-task,note.*');
    expect(await after([])).toBe('*');
    // It comes back with what it stands for.
    expect(await after(['create-edit-delete-task', ...partsOf('task')])).toBe('create-edit-delete-task');
  });
});

describe('a context', () => {
  it.each<[unknown, Body]>([
    [{ survey: '', group: '', taskGroup: 't' }, { taskGroup: 't' }],
    [{ survey: 's' }, { survey: 's' }],
    [{ survey: null, group: 'g', taskGroup: '' }, { group: 'g' }],
    [{ survey: '', group: '', taskGroup: '' }, {}],
    [{}, {}],
    [
      { survey: 's', group: 'g', taskGroup: 't' },
      { survey: 's', group: 'g', taskGroup: 't' },
    ],
  ])('%j reads back as it was sent, and asks for what is not empty', async (context, asked) => {
    const { _id, ...shown } = await made({ context });
    expect(shown.context).toEqual(context);
    expect((await get(_id)).context).toEqual(context);
    expect((await native(_id)).context).toEqual(asked);
  });

  it('that is left out is empty', async () => {
    const { _id, ...shown } = await made({});
    expect([shown.context, (await native(_id)).context]).toEqual([{ survey: '', group: '', taskGroup: '' }, {}]);
  });

  it('is replaced whole by a change, here and there', async () => {
    const { _id } = await made({ context: { survey: 's', group: 'g' } });
    expect((await patch(_id, { context: { taskGroup: 't' } })).body.context).toEqual({ taskGroup: 't' });
    const { id, context } = await native(_id);
    expect(context).toEqual({ taskGroup: 't' });
    await world.call('PATCH', `/v1/webhooks/${id}`, { body: { context: { group: ['a', 'b'] } } });
    expect((await get(_id)).context).toEqual({ survey: '', group: ['a', 'b'], taskGroup: '' });
  });
});

describe('a webhook', () => {
  it('has the defaults of the document where its body says nothing', async () => {
    const body = smallest('defaults');
    expect((await post(body)).body).toEqual({
      _id: expect.any(String),
      ...body,
      code: null,
      context: { survey: '', group: '', taskGroup: '' },
      __v: 0,
      description: null,
    });
  });

  it.each<[string, unknown, boolean]>([
    ['name', 'Another name', true],
    ['code', 'another_code', true],
    ['code', null, false],
    ['url', 'http://127.0.0.1:9/other', true],
    ['description', 'x', true],
    ['isActive', false, false],
    ['trigger', 'logout-user', false],
  ])('whose %s is changed to %j is otherwise as before', async (member, value, isVersion) => {
    const { id, body } = await makeSmallest(world, form, 'changed');
    const { status, body: changed } = await patch(id, { [member]: value });
    expect({ status, changed }).toEqual({ status: 200, changed: { ...body, [member]: value, __v: isVersion ? 1 : 0 } });
    expect(await get(id)).toEqual(changed);
  });

  it('belongs to the company of a bound key, whether it names it or not, and stays with it', async () => {
    const key = await world.key('channel', 'bound');
    const { company: _, ...rest } = smallest('bound');
    expect(await post(rest, key)).toMatchObject({ status: 201, body: { company: 'bound' } });
    const { status, body } = await post(smallest('bound'), key);
    expect([status, body.company]).toEqual([201, 'bound']);
    await expectRefused(world, form, () => post(smallest('another'), key), 'tenant_forbidden', ['company']);
    const move = (as: string) => world.call('PATCH', `${path}/${body._id}`, { key: as, body: { company: 'another' } });
    await expectRefused(world, form, () => move(key), 'tenant_forbidden', ['company']);
    await expectRefused(world, form, () => move(world.admin), 'invalid_field', ['company']);
  });

  it('is the same beside our own API', async () => {
    const { _id } = await made({ ...sample, name: 'Both', code: 'both', company: 'made' });
    const own = await native(_id);
    expect(own).toMatchObject({ object_id: _id, tenant: 'made', code: 'both', payload_format: 'envelope', project_flows: [], version: 1 });
    await world.call('PATCH', `/v1/webhooks/${own.id}`, { body: { code: 'there', is_active: false } });
    expect(await get(_id)).toMatchObject({ code: 'there', isActive: false, __v: 1 });
    await patch(_id, { isActive: true, description: null });
    expect(await native(_id)).toMatchObject({ is_active: true, description: null, version: 3 });
    const nameless = (await world.call('POST', '/v1/webhooks', { body: { url, tenant: 'native', event_types: ['a', 'b'] } })).body;
    const [shown] = (await world.call('GET', `${path}?company=native`)).body.data;
    expect(shown).toMatchObject({ company: 'native', name: null, trigger: 'a,b', context: { survey: '', group: '', taskGroup: '' } });
    expect((await native(shown._id)).id).toBe(nameless.id);
  });

  it('is taken back whole as it was read, even if our own API made of it what cannot be written here', async () => {
    const own = { url, tenant: 'unspeakable', event_types: ['a', 'b.*'], context: { group: ['g', 'h'], region: 7 } };
    const { id } = (await world.call('POST', '/v1/webhooks', { body: own })).body;
    const [shown] = (await world.call('GET', `${path}?company=unspeakable`)).body.data;
    expect(shown).toMatchObject({ name: null, trigger: 'a,b.*', context: { survey: '', group: ['g', 'h'], taskGroup: '', region: 7 } });
    const changed = await patch(shown._id, { ...shown, description: 'Changed' });
    expect(changed).toMatchObject({ status: 200, body: { ...shown, description: 'Changed', __v: 1 } });
    const after = (await world.call('GET', `/v1/webhooks/${id}`)).body;
    expect(after).toMatchObject({ event_types: own.event_types, context: own.context, description: 'Changed' });
    for (const members of [{ context: { ...shown.context, survey: 's' } }, { trigger: 'a,,b' }])
      expect((await patch(shown._id, { ...shown, ...members })).status).toBe(422);
  });

  it('brings a secret along on creation alone, which no answer shows', async () => {
    const { _id, ...shown } = await made({ secret: 'a_secret_from_elsewhere' });
    expect(shown).not.toHaveProperty('secret');
    expect((await world.call('GET', `/v1/webhooks/${(await native(_id)).id}/secret`)).body.secret).toBe('a_secret_from_elsewhere');
    await expectRefused(world, form, () => patch(_id, { secret: 'another_secret_here' }), 'unknown_field', ['secret']);
  });
});

describe('the list', () => {
  it('goes through all webhooks of a company, newest first, whatever is left empty', async () => {
    const ids: string[] = [];
    for (let i = 0; i < 5; i++) ids.unshift((await makeSmallest(world, form, 'paged')).id);
    await patch(ids[1] ?? '', { isActive: false });
    const pages = await pagesOf(world, { path, items: 'data', next: 'cursor', query: 'company=paged&limit=2&isActive=' });
    expect(pages.map((page) => page.map((each) => each._id))).toEqual([ids.slice(0, 2), ids.slice(2, 4), ids.slice(4)]);
    const off = await world.call('GET', `${path}?company=paged&isActive=false&limit=&cursor=`);
    expect(off.body.data.map((each: Body) => each._id)).toEqual([ids[1]]);
    const { next_cursor } = (await world.call('GET', `${path}?company=paged&limit=2`)).body;
    for (const other of [`${path}?cursor=${next_cursor}`, `${alias}?company=paged&cursor=x${next_cursor}`])
      await expectRefused(world, form, () => world.call('GET', other), 'invalid_cursor');
  });
});

describe('a bad body', () => {
  describeBadMembers(form, () => world, [
    [{ company: 5 }, 'invalid_field', 'company'],
    [{ company: '' }, 'invalid_field', 'company'],
    [{ isActive: 'true' }, 'invalid_field', 'isActive'],
    [{ isActive: 1 }, 'invalid_field', 'isActive'],
    [{ trigger: '' }, 'invalid_field', 'trigger'],
    [{ trigger: null }, 'invalid_field', 'trigger'],
    [{ trigger: ['create-task'] }, 'invalid_field', 'trigger'],
    [{ url: 5 }, 'invalid_field', 'url'],
    [{ url: '' }, 'invalid_field', 'url'],
    [{ name: 7 }, 'invalid_field', 'name'],
    [{ name: '' }, 'invalid_field', 'name'],
    [{ name: 'x'.repeat(257) }, 'invalid_field', 'name'],
    [{ code: 5 }, 'invalid_field', 'code'],
    [{ code: '' }, 'invalid_field', 'code'],
    [{ code: 'WO_Update' }, 'invalid_field', 'code'],
    [{ code: 'wo-update' }, 'invalid_field', 'code'],
    [{ description: 5 }, 'invalid_field', 'description'],
    [{ description: 'a\0' }, 'invalid_field', 'description'],
    [{ context: 'x' }, 'invalid_field', 'context'],
    [{ context: null }, 'invalid_field', 'context'],
    [{ context: [] }, 'invalid_field', 'context'],
    [{ context: { survey: 1 } }, 'invalid_field', 'context.survey'],
    [{ context: { group: {} } }, 'invalid_field', 'context.group'],
    [{ context: { taskGroup: true } }, 'invalid_field', 'context.taskGroup'],
    [{ context: { taskgroup: 'x' } }, 'unknown_field', 'context.taskgroup'],
    [JSON.parse('{"context":{"toString":"x"}}'), 'unknown_field', 'context.toString'],
    [{ active: true }, 'unknown_field', 'active'],
    [{ event_types: [] }, 'unknown_field', 'event_types'],
  ]);

  it('without what is required is refused at once for all of it', async () => {
    await expectRefused(world, form, () => post({}), 'missing_field', ['isActive', 'trigger', 'url', 'name']);
    const { company: _, ...rest } = smallest('bad');
    await expectRefused(world, form, () => post(rest), 'missing_field', ['company']);
  });

  it.each(['name', 'code'])('with a %s that another webhook of the company has conflicts; another company may have it', async (member) => {
    const body = () => ({ ...smallest('twice'), [member]: 'same' });
    expect((await post(body())).status).toBe(201);
    const { id } = await makeSmallest(world, form, 'twice');
    await expectRefused(world, form, () => post(body()), 'conflict', [member]);
    await expectRefused(world, form, () => patch(id, { [member]: 'same' }), 'conflict', [member]);
    expect((await post({ ...body(), company: 'once' })).status).toBe(201);
  });
});

describeRefusals(form, () => world);
