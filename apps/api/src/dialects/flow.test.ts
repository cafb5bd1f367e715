// Dialect 000 as its document has it, at /compat/flow/webhooks.
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
import { pastDelivery, pastEvent } from '../../tests/past.js';

let world: ApiWorld;
beforeAll(async () => {
  world = await createApiWorld();
});
afterAll(() => world.close());

const path = '/compat/flow/webhooks';
const url = 'http://127.0.0.1:9/hook';
type Body = Readonly<Record<string, unknown>>;

/** The object of the document, letter by letter, but for the braces that it lacks and its empty URL. */
const sample = {
  client: '613a4b978482f60fd31bd7b7',
  projectFlow: ['613a4b978482f60fd31bd7b8', '613a4b978482f60fd31bd7b9'],
  statistics: {},
  isActive: true,
  name: 'Payment Processor Webhook',
  url: 'http://127.0.0.1:9/payments',
  description: 'This webhook handles payment processing notifications.',
  notification: { email: '', success: true, fail: false },
};
const smallest = (client: string): Body => ({ client, isActive: true, name: crypto.randomUUID(), url });
const form: DialectForm = { path, id: '_id', url: 'url', isActive: 'isActive', smallest, error: pathError };

const post = (body: unknown, key = world.admin) => world.call('POST', path, { key, body });
const get = async (id: string): Promise<Body> => (await world.call('GET', `${path}/${id}`)).body;
const patch = (id: string, body: unknown, key = world.admin) => world.call('PATCH', `${path}/${id}`, { key, body });
/** The same webhook as our own API shows it. */
const native = async (objectId: unknown) => (await world.call('GET', `/v1/webhooks?object_id=${objectId}`)).body.data[0];

describe('the object of the document', () => {
  it('with a URL in the place of its empty one is made, and read back as it was sent', async () => {
    const made = await post(sample);
    expect([made.status, made.headers.location]).toEqual([201, `${path}/${made.body._id}`]);
    expect(made.body).toEqual({ _id: expect.stringMatching(/^[0-9a-f]{24}$/), ...sample, __v: 0 });
    expect(await get(made.body._id)).toEqual(made.body);
    expect(await get(made.body._id.toUpperCase())).toEqual(made.body);
    const { data } = (await world.call('GET', `${path}?client=${sample.client}`)).body;
    expect(data).toEqual([made.body]);
  });

  it('as it stands, with its empty URL, is refused', () =>
    expectRefused(world, form, () => post({ ...sample, name: 'No URL', url: '' }), 'invalid_field', ['url']));

  it('has the defaults of the document where it says nothing', async () => {
    const body = smallest('defaults');
    expect((await post(body)).body).toEqual({
      _id: expect.any(String),
      ...body,
      projectFlow: [],
      statistics: {},
      description: null,
      notification: { email: null, success: false, fail: true },
      __v: 0,
    });
    const partly = await post({ ...smallest('defaults'), notification: { email: 'a@b.example' } });
    expect(partly.body.notification).toEqual({ email: 'a@b.example', success: false, fail: true });
  });

  it('may have the members that are only read: they are taken and ignored', async () => {
    const given = { _id: '62685990d918fb5557f9f992', __v: 7, statistics: { succeeded: 9 } };
    const made = await post({ ...smallest('ignoring'), ...given });
    expect(made).toMatchObject({ status: 201, body: { statistics: {}, __v: 0 } });
    expect(made.body._id).not.toBe(given._id);
    expect(await patch(made.body._id, given)).toMatchObject({ status: 200, body: made.body });
  });

  it('belongs to the client of a bound key, whether it names it or not', async () => {
    const key = await world.key('channel', 'bound');
    const { client: _, ...rest } = smallest('bound');
    expect(await post(rest, key)).toMatchObject({ status: 201, body: { client: 'bound' } });
    expect(await post(smallest('bound'), key)).toMatchObject({ status: 201, body: { client: 'bound' } });
    await expectRefused(world, form, () => post(smallest('another'), key), 'tenant_forbidden', ['client']);
  });
});

describe('a change', () => {
  it.each<[string, unknown]>([
    ['name', 'Another name'],
    ['url', 'http://127.0.0.1:9/other'],
    ['description', null],
    ['description', ''],
    ['projectFlow', ['f3']],
    ['projectFlow', []],
    ['isActive', false],
    ['isActive', true],
  ])('of %s to %j changes that alone', async (member, value) => {
    const { id, body } = await makeSmallest(world, form, 'changed');
    const { status, body: changed } = await patch(id, { [member]: value });
    const isVersion = member !== 'isActive' && JSON.stringify(value) !== JSON.stringify(body[member]);
    expect({ status, changed }).toEqual({ status: 200, changed: { ...body, [member]: value, __v: isVersion ? 1 : 0 } });
    expect(await get(id)).toEqual(changed);
  });

  it('of a part of the notification leaves the other parts; an address in the place of "" is shown, and none is "" again', async () => {
    const id = (await post({ ...smallest('told'), notification: sample.notification })).body._id;
    const after = async (notification: Body) => (await patch(id, { notification })).body.notification;
    expect(await after({ fail: true })).toEqual({ email: '', success: true, fail: true });
    expect(await after({ email: 'a@b.example' })).toEqual({ email: 'a@b.example', success: true, fail: true });
    expect(await after({ email: '' })).toEqual({ email: '', success: true, fail: true });
    expect(await after({ email: null })).toEqual({ email: null, success: true, fail: true });
  });

  it('with the whole object that was read changes nothing', async () => {
    const { id, body } = await makeSmallest(world, form, 'whole');
    expect(await patch(id, body)).toMatchObject({ status: 200, body });
  });

  it('with the whole object that was read is taken even if our own API left it without a name', async () => {
    await world.call('POST', '/v1/webhooks', { body: { url, tenant: 'nameless' } });
    const [shown] = (await world.call('GET', `${path}?client=nameless`)).body.data;
    expect(await patch(shown._id, shown)).toMatchObject({ status: 200, body: shown });
    const changed = await patch(shown._id, { ...shown, description: 'Changed' });
    expect(changed).toMatchObject({ status: 200, body: { ...shown, description: 'Changed', __v: 1 } });
  });

  it('takes the client that it has, and no other', async () => {
    const { id, body } = await makeSmallest(world, form, 'settled');
    expect((await patch(id, { client: 'settled' })).body).toEqual(body);
    await expectRefused(world, form, () => patch(id, { client: 'moved' }), 'invalid_field', ['client']);
  });
});

describe('beside our own API', () => {
  it('what is made and changed here is the same there, and the other way round', async () => {
    const id = (await post({ ...sample, name: 'Seen from both sides' })).body._id;
    const own = await native(id);
    expect(own).toMatchObject({
      object_id: id,
      tenant: sample.client,
      project_flows: sample.projectFlow,
      event_types: [],
      context: {},
      is_active: true,
      notification: { email: null, success: true, fail: false },
      payload_format: 'envelope',
      signature_header: null,
    });
    const changes = { project_flows: ['f9'], notification: { email: 'x@y.example' }, description: 'there' };
    await world.call('PATCH', `/v1/webhooks/${own.id}`, { body: changes });
    await world.call('POST', `/v1/webhooks/${own.id}/disable`);
    expect(await get(id)).toMatchObject({
      projectFlow: ['f9'],
      notification: { email: 'x@y.example', success: true, fail: false },
      description: 'there',
      isActive: false,
      __v: 1,
    });
    await patch(id, { isActive: true, name: 'From here' });
    expect(await native(id)).toMatchObject({ is_active: true, name: 'From here', version: 3 });
  });

  it('what was made there is shown here under an id that stays, even without a name', async () => {
    const { id } = (await world.call('POST', '/v1/webhooks', { body: { url, tenant: 'native' } })).body;
    const [shown] = (await world.call('GET', `${path}?client=native`)).body.data;
    expect(shown).toMatchObject({ client: 'native', name: null, projectFlow: [], isActive: true });
    expect(await get(shown._id)).toEqual(shown);
    expect((await native(shown._id)).id).toBe(id);
  });

  it('statistics are {} until the first delivery, and count from then on', async () => {
    const { id } = await makeSmallest(world, form, 'counted');
    const event = await pastEvent(world, 'counted');
    await pastDelivery(world, event, (await native(id)).id, 'succeeded', 'counted');
    expect((await get(id)).statistics).toMatchObject({ succeeded: 1, failed: 0 });
  });

  it('deleted here is deleted there', async () => {
    const { id, at } = await makeSmallest(world, form, 'deleted');
    const own = await native(id);
    expect(await world.call('DELETE', at)).toMatchObject({ status: 204, text: '' });
    expect((await world.call('GET', `/v1/webhooks/${own.id}`)).status).toBe(404);
  });
});

describe('the list', () => {
  it('goes through all webhooks of a client, newest first, whatever is left empty', async () => {
    const ids: string[] = [];
    for (let i = 0; i < 5; i++) ids.unshift((await makeSmallest(world, form, 'paged')).id);
    const pages = await pagesOf(world, { path, items: 'data', next: 'cursor', query: 'client=paged&limit=2&isActive=' });
    expect(pages.map((page) => page.map((each) => each._id))).toEqual([ids.slice(0, 2), ids.slice(2, 4), ids.slice(4)]);
    const whole = await world.call('GET', `${path}?client=paged&limit=&cursor=`);
    expect(whole.body).toEqual({ data: pages.flat(), next_cursor: null });
    const { next_cursor } = (await world.call('GET', `${path}?client=paged&limit=2`)).body;
    for (const query of ['client=other', 'isActive=true', 'client=paged&isActive=false'])
      await expectRefused(world, form, () => world.call('GET', `${path}?${query}&cursor=${next_cursor}`), 'invalid_cursor');
  });

  it('is narrowed to those that are active or not', async () => {
    const [on, off] = [await makeSmallest(world, form, 'halved'), await makeSmallest(world, form, 'halved')];
    await patch(off.id, { isActive: false });
    const idsWith = async (query: string) =>
      (await world.call('GET', `${path}?client=halved&${query}`)).body.data.map((each: Body) => each._id);
    expect(await idsWith('isActive=true')).toEqual([on.id]);
    expect(await idsWith('isActive=false')).toEqual([off.id]);
    expect((await world.call('GET', `${path}?client=nobody`)).body).toEqual({ data: [], next_cursor: null });
    for (const query of ['client=a%20b', 'client=%00', 'isActive=1'])
      await expectRefused(world, form, () => world.call('GET', `${path}?${query}`), 'invalid_request');
  });
});

describe('a bad body', () => {
  describeBadMembers(form, () => world, [
    [{ client: 5 }, 'invalid_field', 'client'],
    [{ client: '' }, 'invalid_field', 'client'],
    [{ projectFlow: 'f' }, 'invalid_field', 'projectFlow'],
    [{ projectFlow: null }, 'invalid_field', 'projectFlow'],
    [{ projectFlow: [1] }, 'invalid_field', 'projectFlow'],
    [{ projectFlow: ['a', 'a\nb'] }, 'invalid_field', 'projectFlow.1'],
    [{ isActive: 'true' }, 'invalid_field', 'isActive'],
    [{ isActive: null }, 'invalid_field', 'isActive'],
    [{ name: 7 }, 'invalid_field', 'name'],
    [{ name: '' }, 'invalid_field', 'name'],
    [{ name: null }, 'invalid_field', 'name'],
    [{ name: 'x'.repeat(257) }, 'invalid_field', 'name'],
    [{ name: 'a\0b' }, 'invalid_field', 'name'],
    [{ url: 5 }, 'invalid_field', 'url'],
    [{ url: '' }, 'invalid_field', 'url'],
    [{ url: null }, 'invalid_field', 'url'],
    [{ description: 5 }, 'invalid_field', 'description'],
    [{ description: '\ud800' }, 'invalid_field', 'description'],
    [{ description: 'x'.repeat(2049) }, 'invalid_field', 'description'],
    [{ notification: 'a@b.example' }, 'invalid_field', 'notification'],
    [{ notification: null }, 'invalid_field', 'notification'],
    [{ notification: [] }, 'invalid_field', 'notification'],
    [{ notification: { email: 5 } }, 'invalid_field', 'notification.email'],
    [{ notification: { email: 'nobody' } }, 'invalid_field', 'notification.email'],
    [{ notification: { success: 'yes' } }, 'invalid_field', 'notification.success'],
    [{ notification: { fail: 0 } }, 'invalid_field', 'notification.fail'],
    [{ event_types: [] }, 'unknown_field', 'event_types'],
    [{ is_active: true }, 'unknown_field', 'is_active'],
    [{ notification: { sms: true } }, 'unknown_field', 'notification.sms'],
    [{ projectFlows: [] }, 'unknown_field', 'projectFlows'],
  ]);

  it('without what is required is refused at once for all of it', async () => {
    await expectRefused(world, form, () => post({}), 'missing_field', ['isActive', 'name', 'url']);
    const { client: _, ...rest } = smallest('bad');
    await expectRefused(world, form, () => post(rest), 'missing_field', ['client']);
  });

  it('names everything that is wrong with it', () =>
    expectRefused(world, form, () => post({ ...smallest('bad'), name: 1, url: 2, colour: 3 }), 'invalid_field', ['name', 'url', 'colour']));

  it('with a client whose name cannot be one is refused, in the words of this dialect', async () => {
    await expectRefused(world, form, () => post(smallest('a b')), 'invalid_field', ['client']);
    expect((await post(smallest('a b'))).body.message).toMatch(/^client must be /);
    expect((await post({ ...smallest('bad'), projectFlow: [''] })).body.message).toMatch(/^\/projectFlow\/0 must /);
  });

  it('with a name that another webhook of the client has conflicts; another client may have it', async () => {
    const body = { ...smallest('twice'), name: 'same' };
    expect((await post(body)).status).toBe(201);
    const { id } = await makeSmallest(world, form, 'twice');
    await expectRefused(world, form, () => post(body), 'conflict', ['name']);
    await expectRefused(world, form, () => patch(id, { name: 'same' }), 'conflict', ['name']);
    expect((await post({ ...body, client: 'once' })).status).toBe(201);
  });

  it('with a secret that is none is refused, and a secret is brought along on creation alone', async () => {
    await expectRefused(world, form, () => post({ ...smallest('bad'), secret: 'short' }), 'invalid_field', ['secret']);
    const made = await post({ ...smallest('secret'), secret: 'a_secret_from_elsewhere' });
    expect([made.status, made.text.includes('a_secret_from_elsewhere')]).toEqual([201, false]);
    const own = await native(made.body._id);
    expect((await world.call('GET', `/v1/webhooks/${own.id}/secret`)).body.secret).toBe('a_secret_from_elsewhere');
    await expectRefused(world, form, () => patch(made.body._id, { secret: 'another_secret_here' }), 'unknown_field', ['secret']);
  });
});

describeRefusals(form, () => world);
