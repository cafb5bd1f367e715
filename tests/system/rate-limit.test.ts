// A rate limit holds over all workers together, to the request; what waits for it costs neither an attempt nor a failure.
import { expect, it } from '@jest/globals';
import { startReceiver } from '@posthorn/testkit';
import { inParallel } from './support/api-client.js';
import { useProductAndReceiver } from './support/product.js';
import { readTallies, recount, untilSettled } from './support/truth.js';
import { readWebhook } from './support/webhooks.js';
import { readAttempts } from './support/workers.js';

const requestsMax = 10;
const windowS = 2;
const events = 60;

const world = useProductAndReceiver();

it('lets no more than the maximum through in any window, over two workers, and loses and repeats nothing', async () => {
  const { api, pool, workers } = world.product;
  const { id } = await api.createWebhook({ url: world.receiver.url(), rate_limit: { max: requestsMax, per_seconds: windowS } });
  const free = await startReceiver();
  await api.createWebhook({ url: free.url() });
  const ids = await inParallel(events, 8, async (index) => (await api.publishBatch([{ event_type: 'a', data: index }]))[0] ?? '');
  // Nobody else waits for it.
  await free.waitFor(events);
  expect(world.receiver.count()).toBeLessThanOrEqual(2 * requestsMax);
  await world.receiver.waitFor(events, 30_000);
  await untilSettled(pool, 10_000);

  const times = world.receiver.received.map((one) => one.at).sort((a, b) => a - b);
  const windows = times.slice(requestsMax).map((at, index) => at - (times[index] ?? 0));
  expect(Math.min(...windows)).toBeGreaterThanOrEqual(windowS * 1000);
  expect(world.receiver.received.map((one) => one.headers['webhook-id']).sort()).toEqual([...ids].sort());
  // All of it was first attempts, the only ones.
  expect(new Set(world.receiver.received.map((one) => one.headers['posthorn-attempt']))).toEqual(new Set(['1']));
  const { rows } = await pool.query(
    `select sum(d.failures)::int as failures, (select count(*)::int from attempts where webhook_id = $1) as attempts
       from deliveries d where d.webhook_id = $1`,
    [id],
  );
  expect(rows).toEqual([{ failures: 0, attempts: events }]);
  expect(await readWebhook(world.product, id)).toMatchObject({
    circuit_failure_count: 0,
    statistics: { succeeded: events, attempts: events },
  });
  expect(Math.min(...(await Promise.all(workers.map(readAttempts))))).toBeGreaterThan(0);
  expect(await readTallies(pool)).toEqual(await recount(pool));
  await free.stop();
}, 60_000);
