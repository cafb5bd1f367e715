// Whoever comes from the system of seed 002 finds all of it: what its form asks for makes a webhook, whose receiver gets the API key and the body of
// its document. It has no API: the form's answers go to ours, under the names that ours has for them.
import { describe, expect, it } from '@jest/globals';
import type { Received } from '@posthorn/testkit';
import { useProductAndReceiver } from './support/product.js';
import { arrivedAt, publishAll, readSecrets, rotateBetween, untilArrived, verifiesStandard } from './support/receivers.js';
import { call } from './support/webhooks.js';

const world = useProductAndReceiver();

/** Webhook Name, Webhook Events, Notification Type, URL and API Key, in the order of the form. Its document shows no values; these are ours. */
type Form = {
  readonly name: string;
  readonly events: readonly string[];
  readonly notificationType: 'REST';
  readonly path: string;
  readonly apiKey: string;
};
const form: Form = {
  name: 'Purchases and sign-ups',
  events: ['user.purchased', 'user.signed_up', 'data.changed'],
  notificationType: 'REST',
  path: '/form',
  apiKey: 'key-of-the-external-system',
};

const create = (tenant: string, { name, events, notificationType, path, apiKey }: Form, more: object = {}) =>
  call(world.product, 'POST', '/v1/webhooks', {
    tenant,
    name,
    event_types: events,
    notification_type: notificationType.toLowerCase(),
    url: world.receiver.url(path),
    authentication: { type: 'api_key', value: apiKey },
    ...more,
  });

/** A receiver as the document has it: the key identifies who sends, and the signature says that nobody changed it on the way. */
const takes = (one: Received, apiKey: string, secret: string): boolean =>
  one.method === 'POST' && one.headers['x-api-key'] === apiKey && verifiesStandard(one, secret);

describe('what the form asks for', () => {
  it('makes a webhook, which is read back as it was filled in, without its key', async () => {
    const made = await create('form', form);
    const read = await call(world.product, 'GET', `/v1/webhooks/${made.id}`);
    expect(read).toMatchObject({
      name: form.name,
      event_types: form.events,
      notification_type: 'rest',
      url: world.receiver.url(form.path),
      authentication: { type: 'api_key', header: 'x-api-key', value: '<hidden>' },
      payload_format: 'envelope',
    });
    expect(JSON.stringify([made, read])).not.toContain(form.apiKey);
  });

  it('is delivered: the events that were ticked, and no others', async () => {
    const path = '/ticked';
    const { id } = await create('ticked', { ...form, path });
    const types = ['user.purchased', 'user.deleted', 'user.signed_up', 'user', 'data.changed', 'data.changed.again', 'user.purchased'];
    const publish = () =>
      publishAll(
        world.product,
        types.map((event_type) => ({ event_type, tenant: 'ticked' })),
      );
    expect(arrivedAt(world.receiver.received, path, await publish())).toEqual([0, 2, 4, 6]);
    await call(world.product, 'PATCH', `/v1/webhooks/${id}`, { event_types: [] });
    expect(arrivedAt(world.receiver.received, path, await publish())).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });
});

describe('the request body of the document', () => {
  it.each([
    ['nothing', 'null', 'null'],
    ['numbers', '1e2', '12345678901234567890'],
    ['texts', '"a"', String.raw`"\u00e9\u0000"`],
    ['lists', '[]', '[1.0,{"b":1,"a":2}]'],
    ['objects', '{"user":"u-1","z":{}}', '{"order":{"id":7,"lines":[{"n":1}]}}'],
  ])('has a time, a type, and any context and data, such as %s, as they were published', async (name, context, data) => {
    const [path, event_type] = [`/body/${name}`, `body.${name}`];
    await create('bodies', { ...form, name, path, events: [event_type] });
    const event = `{"event_type":"${event_type}","tenant":"bodies","current_context":${context},"data":${data}}`;
    const id = await world.product.api.publish(event);
    const { body } = await untilArrived(world.receiver.received, path, id);
    const { event_time } = await call(world.product, 'GET', `/v1/events/${id}`);
    expect(body.toString()).toBe(`{"event_time":"${event_time}","event_type":"${event_type}","current_context":${context},"data":${data}}`);
  });

  it('has the time that the event was published with', async () => {
    await create('times', { ...form, path: '/time', events: ['timed'] });
    const event_time = '2025-01-31T11:00:00.000Z';
    const id = await world.product.api.publish({ event_type: 'timed', tenant: 'times', event_time, data: 1 });
    const { body } = await untilArrived(world.receiver.received, '/time', id);
    expect(new Date(JSON.parse(body.toString()).event_time).toISOString()).toBe(event_time);
  });
});

describe('a receiver', () => {
  it.each([
    ['made here', undefined],
    ['brought along', 'a_secret_from_another_system'],
  ])('knows the API key, and verifies with a secret that was %s, before and after a rotation', async (what, secret) => {
    const path = `/rotated/${what.replace(' ', '-')}`;
    const { id } = await create('rotated', { ...form, name: what, path }, secret === undefined ? {} : { secret });
    const seen = await rotateBetween({
      product: world.product,
      received: world.receiver.received,
      path,
      id,
      event: { event_type: 'data.changed', tenant: 'rotated' },
      verifies: (one, with_) => takes(one, form.apiKey, with_),
    });
    expect(seen.verified).toEqual({ before: true, after: true, oldAfter: true });
    expect(await readSecrets(world.product, id)).toEqual([seen.secrets.after, seen.secrets.before]);
    if (secret !== undefined) expect(seen.secrets.before).toBe(secret);
  });

  it('knows a new API key from the next event on, under the header that it asks for', async () => {
    const path = '/new-key';
    const { id, secret } = await create('new-key', { ...form, path });
    const deliver = async () => {
      const [eventId = ''] = await publishAll(world.product, [{ event_type: 'data.changed', tenant: 'new-key' }]);
      return untilArrived(world.receiver.received, path, eventId);
    };
    expect(takes(await deliver(), form.apiKey, secret)).toBe(true);
    const authentication = { type: 'api_key', header: 'X-External-Key', value: 'another-key' };
    await call(world.product, 'PATCH', `/v1/webhooks/${id}`, { authentication });
    const { headers } = await deliver();
    expect([headers['x-external-key'], headers['x-api-key']]).toEqual(['another-key', undefined]);
  });
});
