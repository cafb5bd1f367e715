// Events of our own cause none: an endpoint that is dead and wants to hear of everything, itself included, leaves a number of events behind
// that stays as it is. Who did not name them hears nothing of them.
import { expect, it } from '@jest/globals';
import { eventually, freePort, startReceiver } from '@posthorn/testkit';
import { useProductAndReceiver } from './support/product.js';
import { countEvents, readTallies, recount, untilQuiet, untilSettled } from './support/truth.js';
import { call, endCoolDown, failOnce, publishMany, untilSchedulerWentRound, untilWebhook } from './support/webhooks.js';

const events = 15;
const attemptsMax = 3;

const world = useProductAndReceiver();

const countByType = async (): Promise<Readonly<Record<string, number>>> => {
  const { rows } = await world.product.pool.query<{ event_type: string; n: number }>(
    'select event_type, count(*)::int as n from events group by 1 order by 1',
  );
  return Object.fromEntries(rows.map((row) => [row.event_type, row.n]));
};

it('tells of a dead endpoint that wants to know, and comes to an end', async () => {
  const { api, pool } = world.product;
  const settings = { retry_schedule_s: [1, 1], timeout_ms: 1_000 };
  const { id: dead } = await api.createWebhook({
    ...settings,
    url: `http://127.0.0.1:${await freePort()}/`,
    event_types: ['posthorn.*', '*'],
  });
  // Dead too, of our own events alone: nobody is told of its circuit, which would be itself.
  const { id: deaf } = await api.createWebhook({ ...settings, url: `http://127.0.0.1:${await freePort()}/`, event_types: ['posthorn.*'] });
  await api.createWebhook({ url: world.receiver.url('/all'), event_types: [] });
  await api.createWebhook({ url: world.receiver.url('/star'), event_types: ['*'] });
  await api.createWebhook({ url: world.receiver.url('/named'), event_types: ['posthorn.*'] });
  await publishMany(world.product, events, (index) => ({ event_type: 'order.placed', data: index }));

  // Every cool-down is over at once: the probes fail, until each delivery has had its last attempt.
  const hurry = setInterval(() => void Promise.all([dead, deaf].map((id) => endCoolDown(world.product, id))).catch(() => undefined), 100);
  try {
    await untilSettled(pool, 60_000);
  } finally {
    clearInterval(hurry);
  }
  const ended = await countByType();
  const told = { 'posthorn.circuit_opened': 1, 'posthorn.webhook_failing': 1, 'posthorn.delivery_failed': events };
  expect(ended).toEqual({ 'order.placed': events, ...told });
  const own = events + 2;
  for (const [id, count] of [
    [dead, events + own],
    [deaf, own],
  ] as const)
    await untilWebhook(world.product, id, ({ statistics, circuit_state }) => {
      expect(statistics).toMatchObject({ failed: count, attempts: count * attemptsMax, succeeded: 0, skipped: 0 });
      return circuit_state !== 'closed';
    });

  // Switching it off by hand is told; what is skipped thereby is not.
  await call(world.product, 'POST', `/v1/webhooks/${dead}/disable`);
  await untilWebhook(world.product, dead, ({ statistics }) => statistics.skipped === 1);
  await eventually(() => world.receiver.received.filter((one) => one.path === '/named').length === own + 1);
  const before = await countEvents(pool);
  const witness = await startReceiver({ answer: failOnce() });
  await untilSchedulerWentRound(world.product, witness);
  await witness.stop();
  // Its own event alone has come since.
  expect(await countEvents(pool)).toBe(before + 1);
  expect(await countByType()).toEqual({ ...ended, witness: 1, 'posthorn.webhook_disabled': 1 });

  const typesAt = (path: string): readonly string[] =>
    world.receiver.received.filter((one) => one.path === path).map((one) => one.headers['posthorn-event-type'] ?? '');
  for (const path of ['/all', '/star']) expect(typesAt(path)).toEqual(new Array(events).fill('order.placed'));
  expect(typesAt('/named').filter((type) => !type.startsWith('posthorn.'))).toEqual([]);
  expect(typesAt('/named')).toHaveLength(own + 1);
  await untilQuiet(pool);
  expect(await readTallies(pool)).toEqual(await recount(pool));
}, 90_000);
