// Two workers, one active scheduler: when its process freezes the other takes over, and when it thaws it does nothing twice.

import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { eventually, startReceiver } from '@posthorn/testkit';
import { inParallel } from './support/api-client.js';
import { type Product, startProduct } from './support/product.js';
import { saysActive } from './support/schedulers.js';
import { untilSettled } from './support/truth.js';

const takeoverMs = 10_000;

let product: Product;
beforeAll(async () => {
  product = await startProduct({ workers: 2, env: { LOG_LEVEL: 'info' } });
}, 90_000);
afterAll(() => product?.stop());

it('hands over when the active process freezes in the middle of its work, and is quiet when that one goes on', async () => {
  const { api, pool, workers } = product;
  const receiver = await startReceiver({ answer: { delayMs: 5 } });
  // A short timeout makes short leases: what the frozen worker had leased is anybody's again after 21 s at most.
  await api.createWebhook({ url: receiver.url(), max_in_flight: 20, timeout_ms: 1_000 });
  const active = await eventually(() => workers.find(saysActive));
  const other = workers.find((worker) => worker !== active);
  expect(other !== undefined && saysActive(other)).toBe(false);

  const events = 2_000;
  const publishing = inParallel(events / 100, 2, (batch) =>
    api.publishBatch(Array.from({ length: 100 }, (_, n) => ({ event_type: 'a', data: batch * 100 + n }))),
  );
  await receiver.waitFor(events / 4);
  process.kill(active.pid, 'SIGSTOP');
  await eventually(() => other !== undefined && saysActive(other), { timeoutMs: takeoverMs });
  const { rows } = await pool.query("select held_until > now() as held from leases where name = 'scheduler'");
  expect(rows).toEqual([{ held: true }]);
  const ids = (await publishing).flat();
  await untilSettled(pool, 60_000);
  expect(new Set(receiver.received.map((one) => one.headers['webhook-id']))).toEqual(new Set(ids));

  // It thaws with dispatches in its hands that somebody else has done meanwhile.
  const before = receiver.count();
  process.kill(active.pid, 'SIGCONT');
  await eventually(() => !saysActive(active));
  const late = await inParallel(200, 8, (index) => api.publish({ event_type: 'b', data: index }));
  await receiver.waitFor(before + late.length);
  await untilSettled(pool, 30_000);
  const after = receiver.received.slice(before).map((one) => one.headers['webhook-id']);
  expect(after.sort()).toEqual([...late].sort());
  await receiver.stop();
}, 120_000);
