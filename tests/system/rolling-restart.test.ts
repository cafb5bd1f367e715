// Two workers are restarted in turn, again and again, while events come all the time: nothing is lost, nothing comes twice, and what is counted is true.
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type Receiver, type StartedProcess, startReceiver } from '@posthorn/testkit';
import { type Product, startProduct } from './support/product.js';
import { readTallies, recount, untilSettled } from './support/truth.js';

const rounds = 3;
/** Of each batch the first event is for the slow endpoints, the second for the flaky one, the others for the fast one. */
const batchEvents = 10;
const typeAt = (n: number): string => ['slow', 'flaky'][n] ?? 'fast';
/** The pace of the load, not a wait for anything: a machine that is busy must bear it as well. */
const batchEveryMs = 100;
/** Longer than a delivery stays in its dispatch, shorter than a stop waits. */
const slowMs = 1_200;
const webhooks = { '/fast': 'fast', '/flaky': 'flaky', '/slow': 'slow', '/slower': 'slow' } as const;

let product: Product;
let receiver: Receiver;
beforeAll(async () => {
  product = await startProduct({ workers: 2 });
  receiver = await startReceiver({
    answer: ({ path, headers }) => {
      // A retry, so that there are chunks on their way too.
      if (path === '/flaky' && headers['posthorn-attempt'] === '1') return { status: 503 };
      return path === '/slow' ? { delayMs: slowMs } : path === '/slower' ? { delayMs: 2 * slowMs } : {};
    },
  });
}, 90_000);
afterAll(async () => {
  await product?.stop();
  await receiver?.stop();
}, 60_000);

/** Publishes batches one after the other until told to stop; resolves with the ids by event type. */
const publishAlways = () => {
  let isOver = false;
  const ids: Record<string, string[]> = { slow: [], flaky: [], fast: [] };
  const publishing = (async () => {
    while (!isOver) {
      const batch = await product.api.publishBatch(Array.from({ length: batchEvents }, (_, n) => ({ event_type: typeAt(n), data: n })));
      for (const [n, id] of batch.entries()) ids[typeAt(n)]?.push(id);
      await delay(batchEveryMs);
    }
  })();
  return {
    count: () => ids.fast?.length ?? 0,
    stop: async () => {
      isOver = true;
      await publishing;
      return ids;
    },
  };
};

const countByPath = (path: string): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>();
  for (const { path: at, headers } of receiver.received) {
    const id = `${headers['webhook-id']} ${headers['posthorn-attempt']}`;
    if (at === path) counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  return counts;
};

it('loses nothing, repeats nothing, and counts right', async () => {
  const { api, pool } = product;
  const settings = { retry_schedule_s: [1, 1, 1, 5, 30], circuit_threshold: 1_000, timeout_ms: 30_000, max_in_flight: 50 };
  for (const [path, eventType] of Object.entries(webhooks))
    await api.createWebhook({ ...settings, url: receiver.url(path), event_types: [eventType] });
  const publishing = publishAlways();
  let running: readonly StartedProcess[] = [...product.workers];
  for (let round = 0; round < rounds; round++) {
    for (const worker of running) {
      const [before, arrived] = [publishing.count(), receiver.count()];
      await receiver.waitFor(arrived + 50, 60_000);
      expect(await worker.kill('SIGTERM')).toEqual({ code: 0, signal: null });
      const next = await product.startWorker();
      running = [...running.filter((one) => one !== worker), next];
      expect(publishing.count()).toBeGreaterThan(before);
    }
  }
  const ids = await publishing.stop();
  await untilSettled(pool, 120_000);
  let deliveries = 0;
  for (const [path, eventType] of Object.entries(webhooks)) {
    const expected = ids[eventType] ?? [];
    deliveries += expected.length;
    const counts = countByPath(path);
    // No request came twice, and none is missing.
    expect([path, [...counts].filter(([, count]) => count > 1)]).toEqual([path, []]);
    const arrived = new Set([...counts.keys()].map((key) => key.split(' ')[0]));
    expect([path, expected.filter((id) => !arrived.has(id))]).toEqual([path, []]);
    if (path !== '/flaky') expect([path, counts.size]).toEqual([path, expected.length]);
  }
  const { rows } = await pool.query('select status, count(*)::int as count from deliveries group by 1');
  expect(rows).toEqual([{ status: 1, count: deliveries }]);
  const cut = await pool.query('select count(*)::int as count from attempts where error_kind is not null');
  expect(cut.rows).toEqual([{ count: 0 }]);
  expect((await readTallies(pool)).length).toBe(Object.keys(webhooks).length);
  expect(await readTallies(pool)).toEqual(await recount(pool));
}, 400_000);
