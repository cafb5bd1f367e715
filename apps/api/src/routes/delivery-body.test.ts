// The body of a delivery. That it is what receivers get is seen by the console's tests.
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type ApiWorld, createApiWorld } from '../../tests/api-world.js';
import { newWebhook, pastDelivery, pastEvent } from '../../tests/past.js';

let world: ApiWorld;
beforeAll(async () => {
  world = await createApiWorld();
});
afterAll(() => world.close());

const bodyOf = (id: string) => world.call('GET', `/v1/deliveries/${id}/body`);

it('is made of the event, in the shape of the version under which the delivery was made', async () => {
  const eventId = await pastEvent(world);
  const webhookId = await newWebhook(world);
  await pastDelivery(world, eventId, webhookId, 'failed');
  const { status, body } = await bodyOf(`${eventId}.${webhookId}`);
  const { event_type, data } = (await world.call('GET', `/v1/events/${eventId}`)).body;
  expect([status, body.content_type, JSON.parse(body.body)]).toEqual([
    200,
    'application/json',
    expect.objectContaining({ event_type, data }),
  ]);

  expect((await world.call('PATCH', `/v1/webhooks/${webhookId}`, { body: { payload_format: 'cloudevents' } })).status).toBe(200);
  expect((await bodyOf(`${eventId}.${webhookId}`)).body).toEqual(body);
});

it('is none where the event was erased, and nothing where there is no delivery', async () => {
  const eventId = await pastEvent(world);
  const webhookId = await newWebhook(world);
  await pastDelivery(world, eventId, webhookId, 'failed');
  await world.pool.query('update events set erased_at = now() where id = $1', [eventId]);
  expect((await bodyOf(`${eventId}.${webhookId}`)).body).toEqual({ content_type: null, body: null });
  expect((await bodyOf(`${webhookId}.${eventId}`)).status).toBe(404);
});
