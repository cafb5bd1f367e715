// A worker that dies and a Redis that forgets, in the middle of the work: every event arrives, and what was recorded is not sent again.

import { afterEach, describe, expect, it } from '@jest/globals';
import { eventually, type Received, type Receiver, startReceiver } from '@posthorn/testkit';
import { inParallel } from './support/api-client.js';
import { type Product, startProduct } from './support/product.js';
import { flushRedis } from './support/redis.js';
import { saysActive } from './support/schedulers.js';
import { readTallies, recount, untilSettled } from './support/truth.js';

const batchEvents = 100;
const maxInFlight = 400;
/** A worker's flush carries at most so many rows, and as many may wait for the next one. */
const flushRowsMax = 512;

let product: Product | undefined;
let receiver: Receiver | undefined;
afterEach(async () => {
  await product?.stop();
  await receiver?.stop();
  product = undefined;
  receiver = undefined;
});

/** Publishes `events` while `disturb` does its worst once a third has arrived; returns the ids when everything is settled. */
const publishThrough = async (on: Product, to: Receiver, events: number, disturb: () => Promise<void>): Promise<readonly string[]> => {
  // A short timeout makes short leases: what a lost job had leased is anybody's again after 25 s.
  await on.api.createWebhook({ url: to.url(), max_in_flight: maxInFlight, timeout_ms: 5_000 });
  const publishing = inParallel(events / batchEvents, 3, (batch) =>
    on.api.publishBatch(Array.from({ length: batchEvents }, (_, n) => ({ event_type: 'load.sent', data: { n: batch * batchEvents + n } }))),
  );
  await to.waitFor(events / 3, 60_000);
  await disturb();
  expect(to.count()).toBeLessThan(events);
  const ids = (await publishing).flat();
  await untilSettled(on.pool, 100_000);
  return ids;
};

const byEvent = (received: readonly Received[]): ReadonlyMap<string, readonly Received[]> => {
  const groups = new Map<string, Received[]>();
  for (const one of received) {
    const id = one.headers['webhook-id'] ?? '';
    const group = groups.get(id);
    if (group === undefined) groups.set(id, [one]);
    else group.push(one);
  }
  return groups;
};

/** How many requests no recorded attempt stands for: those were made again. What a busy machine answered too late is in the records. */
const repeats = async (on: Product, received: readonly Received[]): Promise<number> => {
  const { rows } = await on.pool.query<{ event_id: string; n: number }>(
    'select event_id::text, count(*)::int as n from attempts group by 1',
  );
  const recorded = new Map(rows.map(({ event_id, n }) => [event_id, n]));
  return [...byEvent(received)].reduce((sum, [id, group]) => sum + Math.max(0, group.length - (recorded.get(id) ?? 0)), 0);
};

/** No event has two recorded successes, each has one; and the statistics say so. */
const expectRecordsEqualTruth = async (on: Product, events: number): Promise<void> => {
  const { rows } = await on.pool.query<{ n: number; most: number }>(
    'select count(*)::int as n, max(ok)::int as most from (select event_id, count(*) filter (where ok) as ok from attempts group by 1) a',
  );
  expect(rows[0]).toEqual({ n: events, most: 1 });
  const tallies = await readTallies(on.pool);
  expect(tallies).toEqual(await recount(on.pool));
  expect(tallies[0]).toMatchObject({ created: events, succeeded: events, attempts_ok: events });
};

describe('under load', () => {
  it('SIGKILL of the worker that schedules, and FLUSHALL of Redis, lose nothing and repeat only what was in flight', async () => {
    const events = 6_000;
    product = await startProduct({ workers: 2, env: { LOG_LEVEL: 'info' } });
    const { workers, redis } = product;
    receiver = await startReceiver();
    const active = await eventually(() => workers.find(saysActive));
    const ids = await publishThrough(product, receiver, events, async () => {
      await active.kill('SIGKILL');
      await flushRedis(redis.url);
    });
    const groups = byEvent(receiver.received);
    expect(groups.size).toBe(events);
    expect(ids.filter((id) => !groups.has(id))).toEqual([]);
    const repeated = [...groups.values()].filter((group) => group.length > 1);
    expect(await repeats(product, receiver.received)).toBeLessThanOrEqual(maxInFlight + 2 * flushRowsMax);
    for (const group of repeated) for (const one of group) expect(one.body.equals(group[0]?.body ?? Buffer.alloc(0))).toBe(true);
    await expectRecordsEqualTruth(product, events);
  }, 240_000);

  // Jobs that the dead worker had taken and not yet claimed stand in its name in the queue: nothing but the queue gives them back.
  it.each(['redis', 'postgres'] as const)(
    'SIGKILL of a worker alone loses nothing either, and soon: queue in %s',
    async (queue) => {
      const events = 3_000;
      product = await startProduct({ workers: 2, queue });
      receiver = await startReceiver();
      const { api, pool, workers } = product;
      await api.createWebhook({ url: receiver.url(), max_in_flight: maxInFlight, timeout_ms: 5_000 });
      // A batch of one is a dispatch of its own: many small jobs, so that some are always between the queue and their claim.
      const publishing = inParallel(events, 32, async (n) => (await api.publishBatch([{ event_type: 'load.sent', data: n }]))[0] ?? '');
      await receiver.waitFor(events / 6, 60_000);
      await workers[0]?.kill('SIGKILL');
      const ids = await publishing;
      await untilSettled(pool, 60_000);
      expect(new Set(receiver.received.map((one) => one.headers['webhook-id']))).toEqual(new Set(ids));
      expect(await repeats(product, receiver.received)).toBeLessThanOrEqual(maxInFlight + 2 * flushRowsMax);
      await expectRecordsEqualTruth(product, events);
    },
    150_000,
  );

  it('SIGTERM of a worker, and FLUSHALL of Redis, lose nothing and repeat nothing', async () => {
    const events = 6_000;
    product = await startProduct({ workers: 2, env: { LOG_LEVEL: 'info' } });
    const { workers, redis } = product;
    receiver = await startReceiver();
    const active = await eventually(() => workers.find(saysActive));
    const ids = await publishThrough(product, receiver, events, async () => {
      const [end] = await Promise.all([active.kill('SIGTERM'), flushRedis(redis.url)]);
      expect(end).toEqual({ code: 0, signal: null });
    });
    const groups = byEvent(receiver.received);
    expect(ids.filter((id) => !groups.has(id))).toEqual([]);
    expect(groups.size).toBe(events);
    expect(await repeats(product, receiver.received)).toBe(0);
    await expectRecordsEqualTruth(product, events);
  }, 240_000);
});
