// Nobody delivers: what is published waits in Postgres, Redis holds a bounded window of it, and a worker that comes later delivers each once.

import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { eventually, startReceiver } from '@posthorn/testkit';
import { inParallel } from './support/api-client.js';
import { type Product, startProduct } from './support/product.js';
import { readRedis } from './support/redis.js';
import { countDispatches, readTallies, recount, untilSettled } from './support/truth.js';

/** Three of four make a dispatch each: about twice what the window holds. */
const events = 6_000;
const publishersMax = 32;
/** The window of a shard; the count that it is held to is half a second old, but for what the same process added. */
const windowJobs = 2_000;
const slackJobs = 200;
const redisBytesMax = 16 * 1024 * 1024;

let product: Product;
beforeAll(async () => {
  product = await startProduct({ workers: 0 });
}, 90_000);
afterAll(() => product?.stop());

it('keeps the backlog out of Redis and delivers each event once when a worker comes', async () => {
  const { api, pool, redis } = product;
  const receiver = await startReceiver();
  await api.createWebhook({ url: receiver.url() });
  // A batch of one is a transaction, and so a dispatch, of its own; single events share theirs with their neighbours.
  const ids = await inParallel(events, publishersMax, async (index) => {
    const event = { event_type: 'backlog.sent', data: index };
    return index % 4 === 0 ? api.publish(event) : ((await api.publishBatch([event]))[0] ?? '');
  });
  expect(await countDispatches(pool)).toBeGreaterThan(2 * windowJobs);
  const full = await readRedis(redis.url);
  expect(full.waiting).toBeGreaterThan(windowJobs / 2);
  expect(full.waiting).toBeLessThanOrEqual(windowJobs + slackJobs);
  expect(full.memoryBytes).toBeLessThan(redisBytesMax);
  expect(receiver.count()).toBe(0);

  await product.startWorker();
  let waitingMost = 0;
  await eventually(
    async () => {
      waitingMost = Math.max(waitingMost, (await readRedis(redis.url)).waiting);
      if (receiver.count() < events) throw new Error(`${receiver.count()} of ${events} arrived`);
      return true;
    },
    { timeoutMs: 90_000, everyMs: 50 },
  );
  await untilSettled(pool, 30_000);
  expect(waitingMost).toBeLessThanOrEqual(windowJobs + slackJobs);
  expect(receiver.received.map((one) => one.headers['webhook-id']).sort()).toEqual([...ids].sort());
  expect(await readTallies(pool)).toEqual(await recount(pool));
  await receiver.stop();
}, 150_000);
