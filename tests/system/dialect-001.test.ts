// Whoever comes from the system of seed 001 finds all of it through the whole product: topics, bodies, receivers that verify its header, what its client
// shows of what was sent, and the circuit.
import { beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@posthorn/testkit';
import { createCommerceClient } from './support/commerce-client.js';
import { useProductAndReceiver } from './support/product.js';
import { arrivedAt, publishAll, rotateBetween, untilArrived, verifiesCommerce, verifiesStandard } from './support/receivers.js';
import { call, untilKnown, untilWebhook } from './support/webhooks.js';

const world = useProductAndReceiver();
let sdk: ReturnType<typeof createCommerceClient>;
/** The paths that fail. */
const broken = new Set<string>();
beforeAll(() => {
  sdk = createCommerceClient(world.product);
  world.receiver.answer(({ path }) => ({ status: broken.has(path) ? 500 : 200 }));
});

/** The one that the document of its client shows. */
const secretOfDocument = '1c0994cc4e996e8c6ee56a2198f66f3c';
const hex = /^[0-9a-f]{32}$/;
const order = '{"type":"orders","id":"PYWehaoXJj","attributes":{"total":1.0,"number":12345678901234567890}}';
const resources = '{"customer":{"id":"c","type":"customers"},"market":{"id":"m"},"billing_address":[{"id":"b1"},{"id":"b2"}]}';

const make = (path: string, topic: string, attributes: object = {}) =>
  sdk.webhooks.create({ topic, callback_url: world.receiver.url(path), ...attributes });
/** Publishes an order and returns its id. */
const publish = (type: string) => world.product.api.publish(`{"event_type":"${type}","data":${order},"resources":${resources}}`);
const arrived = (path: string, id: string) => untilArrived(world.receiver.received, path, id);

describe('a topic', () => {
  const types = ['orders.place', 'orders.cancel', 'orders.place.again', 'customers.create', 'order'];
  const publishTypes = async () =>
    publishAll(
      world.product,
      types.map((event_type) => ({ event_type })),
    );

  it('gets the events that it names, and no others', async () => {
    const topics = { one: 'orders.place', any: '*', pattern: 'orders.*', several: 'customers.create, orders.cancel', none: 'orders' };
    const made = [await make('/off', '*', { _disable: true })];
    for (const [path, topic] of Object.entries(topics)) made.push(await make(`/${path}`, topic));
    const ids = await publishTypes();
    const at = (path: string) => arrivedAt(world.receiver.received, path, ids).map((place) => types[place]);
    expect([at('/one'), at('/any'), at('/none'), at('/off')]).toEqual([['orders.place'], types, [], []]);
    expect(at('/pattern')).toEqual(['orders.place', 'orders.cancel', 'orders.place.again']);
    expect(at('/several')).toEqual(['orders.cancel', 'customers.create']);
    for (const { id } of made) await sdk.webhooks.delete(id);
  });

  it('that was changed gets what it names now; disabled and deleted it gets nothing', async () => {
    const { id } = await make('/changing', 'orders.place');
    const arrivesAfter = async (change: () => Promise<unknown>, isSwitch = false) => {
      await change();
      if (isSwitch) await untilKnown(world.product, id);
      return arrivedAt(world.receiver.received, '/changing', await publishTypes());
    };
    expect(await arrivesAfter(async () => undefined)).toEqual([0]);
    expect(await arrivesAfter(() => sdk.webhooks.update({ id, topic: 'customers.*' }))).toEqual([3]);
    expect(await arrivesAfter(() => sdk.webhooks._disable(id), true)).toEqual([]);
    expect(await arrivesAfter(() => sdk.webhooks._enable(id), true)).toEqual([3]);
    expect(await arrivesAfter(() => sdk.webhooks.delete(id))).toEqual([]);
  });
});

describe('a receiver', () => {
  it('gets the resource and what it includes, byte for byte, with the topic and the signature in headers', async () => {
    const { id, shared_secret } = await make('/body', 'orders.*', {
      include_resources: ['billing_address', 'customer', 'shipping_address'],
    });
    const one = await arrived('/body', await publish('orders.place'));
    expect(one.body.toString()).toBe(`{"data":${order},"included":[{"id":"b1"},{"id":"b2"},{"id":"c","type":"customers"}]}`);
    expect([one.method, one.headers['content-type'], one.headers['x-commercelayer-topic']]).toEqual([
      'POST',
      'application/vnd.api+json',
      'orders.place',
    ]);
    expect(shared_secret).toMatch(hex);
    expect([verifiesCommerce(one, shared_secret), verifiesCommerce(one, secretOfDocument)]).toEqual([true, false]);
    await sdk.webhooks.update({ id, include_resources: [] });
    const without = await arrived('/body', await publish('orders.cancel'));
    expect([without.body.toString(), without.headers['x-commercelayer-topic']]).toEqual([
      `{"data":${order},"included":[]}`,
      'orders.cancel',
    ]);
    await sdk.webhooks.delete(id);
  });

  it.each([
    ['made-here', undefined],
    ['brought-along', secretOfDocument],
    ['brought-along-as-another-text', 'a_secret_of_another_system'],
  ])('verifies with a secret that was %s, before and after a rotation', async (what, given) => {
    const path = `/rotated/${what}`;
    const { id, shared_secret } = await make(path, 'orders.rotate', given === undefined ? {} : { shared_secret: given });
    if (given === undefined) expect(shared_secret).toMatch(hex);
    else expect(shared_secret).toBe(given);
    const rotation = { product: world.product, received: world.receiver.received, path, id, event: { event_type: 'orders.rotate' } };
    const seen = await rotateBetween({ ...rotation, verifies: verifiesCommerce });
    expect(seen.secrets.before).toBe(shared_secret);
    // Its header has one value, which is signed with the present secret; that of all webhooks is signed with both.
    expect(seen.verified).toEqual({ before: true, after: true, oldAfter: false });
    expect((await sdk.webhooks.retrieve(id)).shared_secret).toBe(seen.secrets.after);
    if (given !== 'a_secret_of_another_system') expect(seen.secrets.after).toMatch(hex);
    const again = await rotateBetween({ ...rotation, verifies: verifiesStandard });
    expect(again.verified).toEqual({ before: true, after: true, oldAfter: true });
    await sdk.webhooks.delete(id);
  });
});

describe('the event callbacks of a webhook', () => {
  it('show what was sent and what came back, until the event is erased', async () => {
    const { id } = await make('/callbacks', 'orders.call', { include_resources: ['customer'] });
    const eventId = await publish('orders.call');
    const sent = await arrived('/callbacks', eventId);
    const callback = await eventually(async () => {
      const [newest] = await sdk.event_callbacks.list({ filters: { webhook_id_eq: id }, include: ['webhook'] });
      if (newest === undefined) throw new Error('there is none yet');
      return newest;
    });
    const answer = { callback_url: world.receiver.url('/callbacks'), response_code: '200', response_message: 'OK' };
    expect(callback).toMatchObject({ ...answer, payload: JSON.parse(sent.body.toString()), webhook: { id, topic: 'orders.call' } });
    const { text } = await world.product.api.get(`/api/event_callbacks/${callback.id}`);
    expect(text).toContain(`"payload":${sent.body},`);
    expect(await sdk.event_callbacks.webhook(callback.id)).toEqual(callback.webhook);
    const [last] = await sdk.webhooks.last_event_callbacks(id);
    expect((await sdk.webhooks.retrieve(id, { include: ['last_event_callbacks'] })).last_event_callbacks).toEqual([last]);
    expect(last?.id).toBe(callback.id);

    await call(world.product, 'DELETE', `/v1/events/${eventId}`);
    expect(await sdk.event_callbacks.retrieve(callback.id)).toMatchObject({ ...answer, payload: null });
    await sdk.webhooks.delete(id);
  });
});

describe('the circuit', () => {
  it('opens over failures, is found by its state, and is closed by a reset, after which what was held arrives', async () => {
    broken.add('/broken');
    const { id } = await make('/broken', 'orders.fail');
    const ids = await world.product.api.publishBatch(Array.from({ length: 12 }, (_, n) => ({ event_type: 'orders.fail', data: { n } })));
    await untilWebhook(world.product, id, ({ circuit_state }) => circuit_state === 'open');
    const opened = await sdk.webhooks.retrieve(id, { include: ['last_event_callbacks'] });
    expect(opened.circuit_state).toBe('open');
    expect(opened.circuit_failure_count).toBeGreaterThanOrEqual(10);
    expect(opened.last_event_callbacks).toHaveLength(10);
    for (const callback of opened.last_event_callbacks ?? [])
      expect([callback.response_code, callback.response_message]).toEqual(['500', 'Internal Server Error']);
    expect(Array.from(await sdk.webhooks.list({ filters: { circuit_state_eq: 'open' } }), (each) => each.id)).toEqual([id]);

    await untilKnown(world.product, id);
    broken.clear();
    const heldId = await world.product.api.publish({ event_type: 'orders.fail', data: 'held' });
    await untilWebhook(world.product, id, ({ statistics }) => statistics.held > 0);
    expect(arrivedAt(world.receiver.received, '/broken', [heldId])).toEqual([]);
    expect(await sdk.webhooks._reset_circuit(id)).toMatchObject({ circuit_state: 'closed', circuit_failure_count: 0 });
    await untilWebhook(world.product, id, ({ statistics }) => statistics.succeeded === ids.length + 1, 20_000);
    expect(arrivedAt(world.receiver.received, '/broken', [heldId])).toEqual([0]);
    expect(await sdk.webhooks.count({ circuit_state_eq: 'open' })).toBe(0);
    await sdk.webhooks.delete(id);
  }, 40_000);
});
