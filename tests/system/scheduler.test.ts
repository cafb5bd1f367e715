// Two workers, one active scheduler: when its process freezes the other takes over, and when it thaws it begins nothing that is not its own any more.

import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { eventually, startReceiver } from '@posthorn/testkit';
import { inParallel } from './support/api-client.js';
import { type Product, startProduct } from './support/product.js';
import { saysActive } from './support/schedulers.js';
import { readTallies, recount, untilSettled } from './support/truth.js';

const takeoverMs = 10_000;
const maxInFlight = 20;

let product: Product;
beforeAll(async () => {
  product = await startProduct({ workers: 2, env: { LOG_LEVEL: 'info' } });
}, 90_000);
afterAll(() => product?.stop());

it('hands over when the active process freezes in the middle of its work, and repeats no more than it had in flight when that one goes on', async () => {
  const { api, pool, workers } = product;
  const receiver = await startReceiver({ answer: { delayMs: 5 } });
  // A timeout makes the leases, and this one bears a busy machine: what the frozen worker had leased is anybody's again after 25 s at most.
  await api.createWebhook({ url: receiver.url(), max_in_flight: maxInFlight, timeout_ms: 5_000 });
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
  // What it had written when it froze may be read only now; everything else it leaves alone.
  const after = receiver.received.slice(before);
  const repeated = after.filter((one) => !late.includes(one.headers['webhook-id'] ?? ''));
  expect(repeated.length).toBeLessThanOrEqual(maxInFlight);
  for (const one of repeated) {
    const first = receiver.received.find((each) => each.headers['webhook-id'] === one.headers['webhook-id']);
    expect(one.body.equals(first?.body ?? Buffer.alloc(0))).toBe(true);
  }
  expect(after.length).toBe(late.length + repeated.length);
  expect(await readTallies(pool)).toEqual(await recount(pool));
  await receiver.stop();
}, 120_000);
