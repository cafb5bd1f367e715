// Replays over two workers: a dry run counts what the real one opens, new events overtake it, it can be cancelled, and it survives the death of the
// worker that steps it.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually, type Receiver, startReceiver } from '@posthorn/testkit';
import { type Product, startProduct } from './support/product.js';
import { saysActive } from './support/schedulers.js';
import { readTallies, recount, untilSettled } from './support/truth.js';
import { call, publishMany, untilWebhook } from './support/webhooks.js';

const events = 3_000;
const maxInFlight = 20;
/** Makes a replay of all of it last for some seconds. */
const slow = { delayMs: 25 };

let product: Product;
let receiver: Receiver;
let webhookId: string;
let eventIds: readonly string[];

// The steps of one story, in order: every replay is of the same deliveries.
beforeAll(async () => {
  product = await startProduct({ workers: 2, env: { LOG_LEVEL: 'info' } });
  receiver = await startReceiver();
  ({ id: webhookId } = await product.api.createWebhook({
    url: receiver.url(),
    max_in_flight: maxInFlight,
    timeout_ms: 10_000,
    event_types: ['old', 'new'],
  }));
  eventIds = await publishMany(product, events, (index) => ({ event_type: 'old', data: index }));
  await receiver.waitFor(events, 30_000);
  await untilSettled(product.pool, 20_000);
}, 120_000);
afterAll(async () => {
  await product?.stop();
  await receiver?.stop();
}, 60_000);
beforeEach(() => {
  receiver.clear();
  receiver.answer(slow);
});
afterEach(async () => {
  await untilSettled(product.pool, 30_000);
  expect(await readTallies(product.pool)).toEqual(await recount(product.pool));
});

const filter = () => ({ webhook_id: webhookId, event_type: 'old' });
const replay = (fields: Readonly<Record<string, unknown>> = {}) => call(product, 'POST', '/v1/replays', { filter: filter(), ...fields });
const readReplay = (id: string) => call(product, 'GET', `/v1/replays/${id}`);
const untilDone = (id: string, timeoutMs = 30_000) =>
  eventually(
    async () => {
      const found = await readReplay(id);
      if (found.status !== 'done' || found.deliveries.pending > 0) throw new Error(JSON.stringify(found));
      return found;
    },
    { timeoutMs, everyMs: 100 },
  );
const arrivalsOf = (ids: readonly string[]): ReadonlyMap<string, number> => {
  const counts = new Map(ids.map((id) => [id, 0]));
  for (const one of receiver.received) {
    const id = one.headers['webhook-id'] ?? '';
    counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  return counts;
};

describe('a replay', () => {
  it('opens what its dry run counted, each delivery once, and new events overtake it', async () => {
    const dry = await replay({ dry_run: true });
    expect(dry).toMatchObject({ dry_run: true, total: events, would_open: events, already_waiting: 0, refused: 0, is_complete: true });
    const neighbour = await startReceiver();
    await product.api.createWebhook({ url: neighbour.url(), event_types: ['new'] });
    const { id, total } = await replay();
    expect(total).toBe(dry.total);
    await receiver.waitFor(events / 10);
    const fresh = new Set(await publishMany(product, 20, (index) => ({ event_type: 'new', data: index })));
    await neighbour.waitFor(fresh.size);
    const atNeighbour = receiver.count();
    const done = await untilDone(id);
    expect(done).toMatchObject({ opened: events, already_waiting: 0, refused: 0, deliveries: { succeeded: events } });
    // Others, and the same webhook, got what was new while most of the replay was still to come.
    const order = receiver.received.map((one) => fresh.has(one.headers['webhook-id'] ?? ''));
    expect(order.filter((isFresh) => isFresh)).toHaveLength(fresh.size);
    expect(Math.max(atNeighbour, order.lastIndexOf(true))).toBeLessThan(events);
    expect(new Set(arrivalsOf(eventIds).values())).toEqual(new Set([1]));
    await neighbour.stop();
  }, 60_000);

  it('stops when it is cancelled: what was not sent is cancelled, and can be replayed', async () => {
    const { id } = await replay();
    await receiver.waitFor(events / 10);
    await call(product, 'POST', `/v1/replays/${id}/cancel`);
    const ended = await eventually(async () => {
      const found = await readReplay(id);
      return found.ended_at !== null && found;
    });
    expect(ended).toMatchObject({ status: 'cancelled', deliveries: { pending: 0, held: 0, failed: 0, skipped: 0 } });
    expect(ended.opened).toBeLessThan(events);
    expect(ended.deliveries.succeeded + ended.deliveries.cancelled).toBe(ended.opened);
    await untilSettled(product.pool, 10_000);
    expect(receiver.count()).toBe(ended.deliveries.succeeded);
    receiver.answer({});
    const rest = await replay({ filter: { ...filter(), status: ['cancelled'] } });
    expect(rest.total).toBe(ended.deliveries.cancelled);
    await untilDone(rest.id);
    await untilWebhook(product, webhookId, ({ statistics }) => statistics.cancelled === 0 && statistics.pending === 0);
  }, 60_000);

  it('in mode current reaches a webhook that was made later, with what matches now', async () => {
    const late = await startReceiver();
    const { id: lateId } = await product.api.createWebhook({
      url: late.url(),
      event_types: ['old'],
      filter: { data: { $lt: 100 } },
      payload_format: 'data',
    });
    const ofLate = { filter: { webhook_id: lateId, event_type: 'old' } };
    expect(await replay({ ...ofLate, dry_run: true })).toMatchObject({ total: 0 });
    expect(await replay({ ...ofLate, mode: 'current', dry_run: true })).toMatchObject({ total: 100, would_open: 100 });
    const { id } = await replay({ ...ofLate, mode: 'current' });
    await untilDone(id);
    expect(late.received.map((one) => Number(one.body.toString())).sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, n) => n));
    expect(receiver.count()).toBe(0);
    await late.stop();
  }, 60_000);

  it('goes on and ends when the worker that steps it is killed; only what was in flight comes twice', async () => {
    const active = await eventually(() => product.workers.find(saysActive));
    const { id } = await replay();
    await receiver.waitFor(events / 3, 20_000);
    await active.kill('SIGKILL');
    const atKill = receiver.count();
    expect(atKill).toBeLessThan(events);
    // What the dead worker had leased is anybody's again after 30 s at most: the injected clock makes it now.
    await eventually(() => product.workers.some((worker) => worker !== active && saysActive(worker)), { timeoutMs: 15_000 });
    await product.pool.query('update deliveries set due_at = now() where status = 0 and out');
    await product.pool.query("update webhook_state set out_until = now(), not_before = '-infinity', changed_at = clock_timestamp()");
    const done = await untilDone(id, 40_000);
    expect(done).toMatchObject({ opened: events, deliveries: { succeeded: events } });
    const counts = arrivalsOf(eventIds);
    expect(Math.min(...counts.values())).toBe(1);
    // A worker's flush carries at most 512 rows, and as many may wait for the next one.
    expect(receiver.count() - events).toBeLessThanOrEqual(maxInFlight + 2 * 512);
    expect(new Set(counts.keys()).size).toBe(events);
  }, 90_000);
});
