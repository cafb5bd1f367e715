// Whoever comes from the system of seed 003 finds all of it: its triggers, its contexts, its bodies and its receivers, through the whole product.
import { describe, expect, it } from '@jest/globals';
import { useProductAndReceiver } from './support/product.js';
import { arrivedAt, type Event, publishAll, readSecrets, rotateBetween, verifiesStandard } from './support/receivers.js';
import { call } from './support/webhooks.js';

const world = useProductAndReceiver();

/** The path that the clients of this system call. */
const subscriptions = '/api/v3/webhook/subscription';
type Context = Readonly<Record<string, unknown>>;

/** The object of the document but for its URL, its company, and names that differ where there are several. */
const sample = {
  isActive: true,
  trigger: 'create-edit-delete-task',
  name: 'Work Orders Update',
  context: { survey: '', group: '', taskGroup: '6261612a8f1e99002e5c8cce' },
  description: 'Sends updates on Work Orders',
};

/** Makes a webhook that is delivered to a path, and returns the native one. */
const subscribe = async (company: string, path: string, members: Readonly<Record<string, unknown>>) => {
  const body = { ...sample, company, name: path, url: world.receiver.url(path), ...members };
  const { _id } = await call(world.product, 'POST', subscriptions, body);
  return (await call(world.product, 'GET', `/v1/webhooks?object_id=${_id}`)).data[0];
};
const arrived = (path: string, ids: readonly string[]) => arrivedAt(world.receiver.received, path, ids);

describe('the triggers of the document', () => {
  const kinds = ['user', 'task', 'survey', 'property', 'note'];
  const triggers = [...kinds.map((kind) => `create-edit-delete-${kind}`), 'logout-user'];
  /** What each stands for, as the document says: created, modified or deactivated; and its own name. */
  const standsFor = (trigger: string): readonly string[] => {
    const kind = /^create-edit-delete-(.+)$/.exec(trigger)?.[1];
    return kind === undefined ? [trigger] : [trigger, `create-${kind}`, `edit-${kind}`, `delete-${kind}`];
  };

  it('are each delivered with all that they stand for, and nothing else', async () => {
    const types = [...triggers.flatMap(standsFor), 'create-comment', 'login-user', 'edit-tasks', 'create-edit-delete-comment'];
    expect(types).toHaveLength(6 + 5 * 3 + 4);
    for (const trigger of triggers) await subscribe('triggers', `/${trigger}`, { trigger, context: {} });
    await subscribe('triggers', '/exact', { trigger: 'edit-task', context: {} });
    await subscribe('elsewhere', '/elsewhere', { context: {} });
    await subscribe('triggers', '/off', { context: {}, isActive: false });
    const ids = await publishAll(
      world.product,
      types.map((event_type) => ({ event_type, tenant: 'triggers' })),
    );
    const typesAt = (path: string) => arrived(path, ids).map((place) => types[place]);
    for (const trigger of triggers) expect(typesAt(`/${trigger}`)).toEqual(standsFor(trigger));
    expect([typesAt('/exact'), typesAt('/elsewhere'), typesAt('/off')]).toEqual([['edit-task'], [], []]);
  });
});

describe('the context of the document', () => {
  const members = ['survey', 'group', 'taskGroup'] as const;
  const wanted = { absent: undefined, empty: '', null: null, value: 'wanted' } as const;
  const given = {
    absent: undefined,
    value: 'wanted',
    other: 'another',
    'a list that has it': ['another', 'wanted'],
    'a list that has it not': ['another'],
    'an empty text': '',
    'an empty list': [],
  } as const;
  type Wanted = keyof typeof wanted;
  type Given = keyof typeof given;
  /** What the document says: a member that is empty or not there is any; else it is the one to be monitored. A list is any of what it has. */
  const matches = (want: Wanted, give: Given): boolean => want !== 'value' || give === 'value' || give === 'a list that has it';

  const wishes = Object.keys(wanted) as Wanted[];
  const webhooks = wishes.flatMap((survey) =>
    wishes.flatMap((group) => wishes.map((taskGroup): Readonly<Record<string, Wanted>> => ({ survey, group, taskGroup }))),
  );
  /** Each member in every state while the others have what is wanted; and all of them in the same state. */
  const events = (Object.keys(given) as Given[]).flatMap((state): Readonly<Record<string, Given>>[] => [
    ...members.map((member) => ({ survey: 'value', group: 'value', taskGroup: 'value', [member]: state }) as Record<string, Given>),
    { survey: state, group: state, taskGroup: state },
  ]);
  const contextOf = (states: Readonly<Record<string, string>>, values: Context): Context =>
    Object.fromEntries(members.map((member) => [member, values[states[member] ?? '']]).filter(([, value]) => value !== undefined));

  it('matches as the table says, in all combinations', async () => {
    const pathOf = (states: Readonly<Record<string, Wanted>>) => `/context/${members.map((member) => states[member]).join('/')}`;
    for (const states of webhooks) await subscribe('contexts', pathOf(states), { context: contextOf(states, wanted) });
    const published: readonly Event[] = [
      ...events.map((states) => ({ event_type: 'edit-task', tenant: 'contexts', current_context: contextOf(states, given) })),
      ...[null, 7, 'wanted', ['wanted']].map((current_context) => ({ event_type: 'edit-task', tenant: 'contexts', current_context })),
      { event_type: 'edit-task', tenant: 'contexts' },
    ];
    const ids = await publishAll(world.product, published);
    let [came, stayed] = [0, 0];
    for (const states of webhooks) {
      const isWanted = published.map((_, place) => {
        const event = events[place] ?? { survey: 'absent', group: 'absent', taskGroup: 'absent' };
        return members.every((member) => matches(states[member] ?? 'absent', event[member] ?? 'absent'));
      });
      const expected = isWanted.flatMap((is, place) => (is ? [place] : []));
      expect({ states, arrived: arrived(pathOf(states), ids) }).toEqual({ states, arrived: expected });
      came += expected.length;
      stayed += published.length - expected.length;
    }
    expect([webhooks.length, published.length, came > 500, stayed > 500]).toEqual([64, 33, true, true]);
  }, 40_000);

  it('that our own API made a list of is any of it, and is shown as it is', async () => {
    const { id, object_id } = await subscribe('lists', '/list', {});
    await call(world.product, 'PATCH', `/v1/webhooks/${id}`, { context: { group: ['a', 'b'] } });
    const shown = await call(world.product, 'GET', `${subscriptions}/${object_id}`);
    expect(shown.context).toEqual({ survey: '', group: ['a', 'b'], taskGroup: '' });
    const groups = ['a', ['b', 'c'], 'c', ['c'], undefined, 'b'];
    const ids = await publishAll(
      world.product,
      groups.map((group) => ({ event_type: 'edit-task', tenant: 'lists', current_context: { group } })),
    );
    expect(arrived('/list', ids)).toEqual([0, 1, 5]);
  });

  it('of the sample gets the tasks of its group alone', async () => {
    await subscribe('sample', '/sample', {});
    const { taskGroup } = sample.context;
    const ids = await publishAll(world.product, [
      { event_type: 'create-task', tenant: 'sample', current_context: { taskGroup, survey: 'any', other: 1 } },
      { event_type: 'create-task', tenant: 'sample', current_context: { taskGroup: `${taskGroup}0` } },
      { event_type: 'create-task', tenant: 'sample', current_context: {} },
      { event_type: 'create-survey', tenant: 'sample', current_context: { taskGroup } },
      { event_type: 'delete-task', tenant: 'sample', current_context: { taskGroup } },
    ]);
    expect(arrived('/sample', ids)).toEqual([0, 4]);
  });
});

describe('a receiver', () => {
  it('gets the body with its four members, as they were published', async () => {
    await subscribe('bodies', '/body', { context: {}, trigger: 'create-edit-delete-survey' });
    const [id = ''] = await publishAll(world.product, [
      {
        event_type: 'edit-survey',
        tenant: 'bodies',
        event_time: '2025-01-31T11:00:00.000Z',
        current_context: { survey: 's' },
        data: { n: [1, null] },
      },
    ]);
    const one = world.receiver.received.find(({ headers }) => headers['webhook-id'] === id);
    expect(one?.body.toString()).toBe(
      '{"event_time":"2025-01-31T11:00:00.000Z","event_type":"edit-survey","current_context":{"survey":"s"},"data":{"n":[1,null]}}',
    );
    expect(one?.headers).toMatchObject({ 'content-type': 'application/json', 'posthorn-event-type': 'edit-survey' });
  });

  it.each([
    ['made here', undefined],
    ['brought along', 'a_secret_from_another_system'],
  ])('verifies with a secret that was %s, before and after a rotation', async (what, secret) => {
    const path = `/rotated/${what.replace(' ', '-')}`;
    const { id } = await subscribe('rotated', path, { context: {}, ...(secret !== undefined && { secret }) });
    const event = { event_type: 'delete-task', tenant: 'rotated' };
    const seen = await rotateBetween({
      received: world.receiver.received,
      product: world.product,
      path,
      id,
      event,
      verifies: verifiesStandard,
    });
    expect(seen.verified).toEqual({ before: true, after: true, oldAfter: true });
    expect(await readSecrets(world.product, id)).toEqual([seen.secrets.after, seen.secrets.before]);
    if (secret !== undefined) expect(seen.secrets.before).toBe(secret);
  });
});
