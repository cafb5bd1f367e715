// A changed webhook acts on everything that is accepted after the answer to the change, in every worker. No notification could be lost: a
// dispatch brings the version of its tenants' webhooks with it.
import { expect, it } from '@jest/globals';
import { eventually, startReceiver } from '@posthorn/testkit';
import { inParallel } from './support/api-client.js';
import { useProductAndReceiver } from './support/product.js';
import { untilQuiet } from './support/truth.js';
import { call, untilWebhook } from './support/webhooks.js';
import { readAttempts } from './support/workers.js';

const rounds = 10;
const eventsPerRound = 30;
const atOnce = 6;

const world = useProductAndReceiver();

it('gets every event that follows its change, and no other, whichever worker has it', async () => {
  const { api, pool, workers } = world.product;
  const { id } = await api.createWebhook({ url: world.receiver.url('/0'), event_types: ['round.0'] });
  for (let round = 1; round <= rounds; round++) {
    await call(world.product, 'PATCH', `/v1/webhooks/${id}`, { url: world.receiver.url(`/${round}`), event_types: [`round.${round}`] });
    await inParallel(eventsPerRound, atOnce, (index) => api.publish({ event_type: `round.${round - (index % 2)}`, data: index }));
    // An event is matched when it is fanned out: before the next change it has to be.
    await untilQuiet(pool);
  }
  const arrived = world.receiver.received.map(({ path, headers }) => `${path} ${headers['posthorn-event-type']}`);
  const expected = Array.from({ length: rounds }, (_, index) => index + 1).flatMap((round) =>
    Array<string>(eventsPerRound / 2).fill(`/${round} round.${round}`),
  );
  expect(arrived.sort()).toEqual(expected.sort());
  const attempts = await Promise.all(workers.map(readAttempts));
  expect(Math.min(...attempts)).toBeGreaterThan(0);
});

it('tries again what waits at its new URL, and with its new headers', async () => {
  const old = await startReceiver({ answer: () => ({ status: 500 }) });
  const { api } = world.product;
  const tenant = 'moved';
  const { id } = await api.createWebhook({ url: old.url(), tenant, retry_schedule_s: [1, 1, 1, 1] });
  const event = await api.publish({ event_type: 'a', tenant, data: 1 });
  await untilWebhook(world.product, id, ({ statistics }) => statistics.attempts > 0);
  const before = world.receiver.count();
  await call(world.product, 'PATCH', `/v1/webhooks/${id}`, { url: world.receiver.url('/moved'), headers: { 'x-since': 'the change' } });
  await untilWebhook(world.product, id, ({ statistics }) => statistics.succeeded === 1);
  const [request] = await eventually(() => (world.receiver.count() > before ? world.receiver.received.slice(before) : undefined));
  expect([request?.path, request?.headers['webhook-id'], request?.headers['x-since']]).toEqual(['/moved', event, 'the change']);
  await old.stop();
});
