// Whoever comes from the system of seed 000 finds all of it: its project flows, its bodies, its statistics and its receivers, through the whole
// product. Its document names no event types: a webhook gets everything of its flows.
import { describe, expect, it } from '@jest/globals';
import { useProductAndReceiver } from './support/product.js';
import { arrivedAt, publishAll, readSecrets, rotateBetween, untilArrived, verifiesStandard } from './support/receivers.js';
import { call, untilKnown, untilWebhook } from './support/webhooks.js';

const world = useProductAndReceiver();

const webhooks = '/compat/flow/webhooks';
/** The object of the document, with the braces that it lacks and a URL in the place of its empty one; each test has a client of its own. */
const sample = {
  client: '613a4b978482f60fd31bd7b7',
  projectFlow: ['613a4b978482f60fd31bd7b8', '613a4b978482f60fd31bd7b9'],
  statistics: {},
  isActive: true,
  name: 'Payment Processor Webhook',
  description: 'This webhook handles payment processing notifications.',
  notification: { email: '', success: true, fail: false },
};
const [flow, otherFlow] = sample.projectFlow as [string, string];

type FlowCase = readonly [name: string, projectFlow: readonly string[] | undefined, expected: readonly number[]];

/** Makes a webhook that is delivered to a path, and returns it with its native id. */
const make = async (client: string, path: string, members: Readonly<Record<string, unknown>> = {}) => {
  const body = { ...sample, client, name: path, url: world.receiver.url(path), ...members };
  const shown = await call(world.product, 'POST', webhooks, body);
  const [{ id }] = (await call(world.product, 'GET', `/v1/webhooks?object_id=${shown._id}`)).data;
  return { shown, id: id as string };
};
const arrived = (path: string, ids: readonly string[]) => arrivedAt(world.receiver.received, path, ids);

describe('the project flows of the document', () => {
  /** What an event says of its flow. */
  const events: readonly (string | readonly string[] | undefined)[] = [
    undefined,
    flow,
    otherFlow,
    'f3',
    [flow, 'f3'],
    ['f3', 'f4'],
    [otherFlow, flow],
    [],
  ];
  /** Whether an event is of a webhook's flows: of all if it names none; one without a flow is of no flow. */
  const table: readonly FlowCase[] = [
    ['absent', undefined, [0, 1, 2, 3, 4, 5, 6, 7]],
    ['empty', [], [0, 1, 2, 3, 4, 5, 6, 7]],
    ['sample', sample.projectFlow, [1, 2, 4, 6]],
    ['one', [flow], [1, 4, 6]],
    ['other', ['f3'], [3, 4, 5]],
    ['unheard-of', ['f9'], []],
  ];

  it('match as the table says, whatever the event type is', async () => {
    for (const [name, projectFlow] of table) await make('flows', `/flows/${name}`, { projectFlow });
    await make('flows', '/flows/off', { isActive: false, projectFlow: [] });
    await make('elsewhere', '/flows/elsewhere', { projectFlow: [] });
    for (const event_type of ['payment.succeeded', 'anything', 'create-edit-delete-task']) {
      const ids = await publishAll(
        world.product,
        events.map((project_flow) => ({ event_type, tenant: 'flows', ...(project_flow !== undefined && { project_flow }) })),
      );
      for (const [name, , expected] of table) expect([name, arrived(`/flows/${name}`, ids)]).toEqual([name, expected]);
      expect([arrived('/flows/off', ids), arrived('/flows/elsewhere', ids)]).toEqual([[], []]);
    }
  });

  it('match as they are after a change, of the flows or of the activity', async () => {
    const { shown, id } = await make('changing', '/changing');
    const publishTo = async (project_flow: string) => {
      const ids = await publishAll(world.product, [{ event_type: 'a', tenant: 'changing', project_flow }]);
      return arrived('/changing', ids).length;
    };
    const change = (members: object) => call(world.product, 'PATCH', `${webhooks}/${shown._id}`, members);
    expect([await publishTo(flow), await publishTo('f3')]).toEqual([1, 0]);
    await change({ projectFlow: ['f3'] });
    expect([await publishTo(flow), await publishTo('f3')]).toEqual([0, 1]);
    await change({ isActive: false });
    await untilKnown(world.product, id);
    expect(await publishTo('f3')).toBe(0);
    await change({ isActive: true });
    await untilKnown(world.product, id);
    expect(await publishTo('f3')).toBe(1);
  });
});

describe('the object of the document', () => {
  it('has no statistics until something was delivered, and counts from then on', async () => {
    const { shown, id } = await make('counted', '/counted');
    const read = () => call(world.product, 'GET', `${webhooks}/${shown._id}`);
    expect(await read()).toEqual({
      _id: shown._id,
      ...sample,
      client: 'counted',
      name: '/counted',
      url: world.receiver.url('/counted'),
      __v: 0,
    });
    await publishAll(world.product, [{ event_type: 'a', tenant: 'counted', project_flow: flow }]);
    await untilWebhook(world.product, id, ({ statistics }) => statistics.succeeded === 1);
    expect((await read()).statistics).toMatchObject({ succeeded: 1, failed: 0 });
  });
});

describe('a receiver', () => {
  it('gets the body with its four members, as they were published', async () => {
    await make('bodies', '/body');
    const event = `{"event_type":"payment.failed","tenant":"bodies","project_flow":"${flow}","event_time":"2025-01-31T11:00:00.000Z","data":{"n":1.0}}`;
    const one = await untilArrived(world.receiver.received, '/body', await world.product.api.publish(event));
    expect(one.body.toString()).toBe(
      '{"event_time":"2025-01-31T11:00:00.000Z","event_type":"payment.failed","current_context":null,"data":{"n":1.0}}',
    );
  });

  it.each([
    ['made here', undefined],
    ['brought along', 'a_secret_from_another_system'],
  ])('verifies with a secret that was %s, before and after a rotation', async (what, secret) => {
    const path = `/rotated/${what.replace(' ', '-')}`;
    const { id } = await make('rotated', path, secret === undefined ? {} : { secret });
    const event = { event_type: 'a', tenant: 'rotated', project_flow: flow };
    const { received } = world.receiver;
    const seen = await rotateBetween({ product: world.product, received, path, id, event, verifies: verifiesStandard });
    expect(seen.verified).toEqual({ before: true, after: true, oldAfter: true });
    expect(await readSecrets(world.product, id)).toEqual([seen.secrets.after, seen.secrets.before]);
    if (secret !== undefined) expect(seen.secrets.before).toBe(secret);
  });
});
