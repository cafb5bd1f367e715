// What follows from what an endpoint answers, over two workers: 410, Retry-After, 429, the end of the schedule, 120 h without one success.
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type Answer, eventually, type Received, type Receiver, startReceiver } from '@posthorn/testkit';
import { type Product, startProduct } from './support/product.js';
import { readTallies, recount, untilQuiet } from './support/truth.js';
import { call, failOnce, listAttempts, listDeliveries, publishMany, readWebhook, untilKnown, untilWebhook } from './support/webhooks.js';

let product: Product;
let receiver: Receiver;
/** Answers by path, which is the tenant: each case is one of its own. 200 where there is none. */
const scripts = new Map<string, (received: Received, index: number) => Answer>();

beforeAll(async () => {
  const counts = new Map<string, number>();
  receiver = await startReceiver({
    answer: (one) => {
      const index = counts.get(one.path) ?? 0;
      counts.set(one.path, index + 1);
      return scripts.get(one.path)?.(one, index) ?? {};
    },
  });
  product = await startProduct({ workers: 2 });
}, 90_000);
afterEach(async () => {
  await untilQuiet(product.pool);
  expect(await readTallies(product.pool)).toEqual(await recount(product.pool));
}, 30_000);
afterAll(async () => {
  await product?.stop();
  await receiver?.stop();
}, 60_000);

type Fields = Readonly<Record<string, unknown>>;
const makeWebhook = async (tenant: string, script: (received: Received, index: number) => Answer, fields: Fields = {}): Promise<string> => {
  scripts.set(`/${tenant}`, script);
  return (await product.api.createWebhook({ url: receiver.url(`/${tenant}`), tenant, ...fields })).id;
};
const publish = (tenant: string): Promise<string> => product.api.publish({ event_type: 'order.placed', tenant, data: 1 });
const arrivedAt = (tenant: string): readonly Received[] => receiver.received.filter((one) => one.path === `/${tenant}`);
const untilArrived = (tenant: string, count: number): Promise<readonly Received[]> =>
  eventually(
    () => {
      const arrived = arrivedAt(tenant);
      if (arrived.length < count) throw new Error(`${arrived.length} of ${count} arrived`);
      return arrived;
    },
    { timeoutMs: 20_000 },
  );

describe('410', () => {
  it('fails its delivery, disables the webhook, and skips what waits and what comes', async () => {
    const tenant = 'gone';
    const waiting = 5;
    const id = await makeWebhook(tenant, (_, index) => ({ status: index < waiting ? 500 : 410 }), { retry_schedule_s: [3600] });
    await publishMany(product, waiting, () => ({ event_type: 'a', tenant, data: 1 }));
    await untilWebhook(product, id, ({ statistics }) => statistics.attempts === waiting);
    const rejected = await publish(tenant);
    const state = await untilWebhook(product, id, ({ status, statistics }) => status === 'disabled' && statistics.skipped === waiting);
    expect(state).toMatchObject({ disabled_reason: 'gone', circuit_state: 'closed', statistics: { failed: 1, pending: 0, held: 0 } });

    await untilKnown(product, id);
    await publishMany(product, 50, () => ({ event_type: 'b', tenant, data: 1 }));
    await untilWebhook(product, id, ({ statistics }) => statistics.skipped === waiting + 50);
    const deliveries = await listDeliveries(product, id);
    const reasons = new Map(deliveries.map((one) => [one.event_id, `${one.status} ${one.reason}`]));
    expect(reasons.get(rejected)).toBe('failed rejected');
    expect([...reasons.values()].filter((text) => text === 'skipped webhook_disabled')).toHaveLength(waiting + 50);
    expect(arrivedAt(tenant)).toHaveLength(waiting + 1);
  }, 30_000);
});

describe('120 h without one success', () => {
  it('disable a webhook, unless its recovery is manual', async () => {
    const fields = { circuit_threshold: 1, retry_schedule_s: [3600] };
    const dead = await makeWebhook('dead', () => ({ status: 500 }), fields);
    const young = await makeWebhook('young', () => ({ status: 500 }), fields);
    const manual = await makeWebhook('by-hand', () => ({ status: 500 }), { ...fields, circuit_recovery: 'manual' });
    for (const tenant of ['dead', 'young', 'by-hand']) await publish(tenant);
    for (const id of [dead, young, manual]) await untilWebhook(product, id, (state) => state.circuit_state === 'open');
    // The injected clock.
    const since = 'update webhook_state set no_success_since = now() - make_interval(secs => $2) where webhook_id = any ($1::uuid[])';
    await product.pool.query(since, [[dead, manual], 120 * 3600 + 1]);
    await product.pool.query(since, [[young], 120 * 3600 - 60]);
    const state = await untilWebhook(product, dead, ({ status, statistics }) => status === 'disabled' && statistics.skipped === 1, 25_000);
    expect(state).toMatchObject({ disabled_reason: 'no_success', statistics: { held: 0, pending: 0 } });
    for (const id of [young, manual])
      expect(await readWebhook(product, id)).toMatchObject({ status: 'active', circuit_state: 'open', statistics: { held: 1 } });
    expect(arrivedAt('dead')).toHaveLength(1);
  }, 40_000);
});

describe('Retry-After', () => {
  const askedS = 3;
  const asked = { seconds: () => String(askedS), 'an HTTP date': () => new Date(Date.now() + askedS * 1000).toUTCString() };
  /** A date has no milliseconds, and three clocks look at it. */
  const early = { seconds: 50, 'an HTTP date': 1_050 };

  it.each([
    [429, 'seconds'],
    [429, 'an HTTP date'],
    [503, 'seconds'],
    [503, 'an HTTP date'],
  ] as const)(
    'of %d in %s puts the next attempt off; 429 holds the whole webhook and does not count',
    async (status, form) => {
      const tenant = `patient-${status}-${form.length}`;
      const id = await makeWebhook(tenant, (_, index) => (index === 0 ? { status, headers: { 'retry-after': asked[form]() } } : {}), {
        retry_schedule_s: [1],
        circuit_threshold: 2,
      });
      await publish(tenant);
      const { statistics, circuit_failure_count } = await untilWebhook(product, id, (state) => state.statistics.attempts === 1);
      expect([statistics.pending, circuit_failure_count]).toEqual([1, status === 429 ? 0 : 1]);
      const beside = await publish(tenant);
      const [first, next, last] = await untilArrived(tenant, 3);
      const holdsMs = askedS * 1000 - early[form];
      // 503 speaks of its own delivery alone.
      expect(next?.headers['webhook-id'] === beside && (next?.at ?? 0) - (first?.at ?? 0) < holdsMs).toBe(status === 503);
      expect((last?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(holdsMs);
      if (status === 429) expect((next?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(holdsMs);
      await untilWebhook(product, id, (state) => state.statistics.succeeded === 2);
      expect(arrivedAt(tenant)).toHaveLength(3);
      expect(await readWebhook(product, id)).toMatchObject({
        circuit_failure_count: 0,
        circuit_state: 'closed',
        statistics: { attempts: 3 },
      });
    },
    30_000,
  );

  it('of 429 on every attempt opens no circuit, however often it comes', async () => {
    const tenant = 'busy';
    const id = await makeWebhook(tenant, (_, index) => (index < 5 ? { status: 429, headers: { 'retry-after': '0' } } : {}), {
      retry_schedule_s: [1, 1, 1, 1, 1],
      circuit_threshold: 1,
    });
    const event = await publish(tenant);
    await untilWebhook(product, id, ({ statistics }) => statistics.succeeded === 1, 20_000);
    const attempts = await listAttempts(product, `${event}.${id}`);
    expect(attempts.map((one) => one.status_code)).toEqual([429, 429, 429, 429, 429, 200]);
    const timeline = await call(product, 'GET', `/v1/webhooks/${id}/timeline`);
    expect(timeline.data.map((entry: { kind: string }) => entry.kind)).not.toContain('circuit_opened');
  }, 30_000);
});

describe('a schedule that comes to its end', () => {
  it('leaves the delivery failed, and tells once a webhook that names it, and nobody else', async () => {
    const tenant = 'exhausted';
    const dead = await makeWebhook(tenant, () => ({ status: 500 }), { retry_schedule_s: [1], event_types: ['order.*'] });
    const listeners = await Promise.all(
      [['posthorn.delivery_failed'], ['posthorn.*'], ['*'], []].map(async (eventTypes, index) => {
        const path = `/listener-${index}`;
        await product.api.createWebhook({ url: receiver.url(path), tenant, event_types: eventTypes });
        return path;
      }),
    );
    const event = await publish(tenant);
    const delivery = `${event}.${dead}`;
    await untilWebhook(product, dead, ({ statistics }) => statistics.failed === 1);
    expect(await call(product, 'GET', `/v1/deliveries/${delivery}`)).toMatchObject({ status: 'failed', reason: 'exhausted', attempts: 2 });
    // What is published now comes after what was told.
    const told = await eventually(() => arrivedAt('listener-0')[0]);
    const later = await publish(tenant);
    await eventually(() => ['listener-2', 'listener-3'].every((path) => arrivedAt(path).length === 2));
    await eventually(() => arrivedAt('listener-1').length === 1);
    await untilWebhook(product, dead, ({ statistics }) => statistics.failed === 2);
    await eventually(() => arrivedAt('listener-0').length === 2 && arrivedAt('listener-1').length === 2);
    const body = JSON.parse(told.body.toString());
    expect(body).toMatchObject({
      event_type: 'posthorn.delivery_failed',
      data: { webhook_id: dead, event_id: event, delivery_id: delivery, event_type: 'order.placed', reason: 'exhausted', status_code: 500 },
    });
    for (const path of listeners.slice(2)) expect(arrivedAt(path.slice(1)).map((one) => one.headers['webhook-id'])).toEqual([event, later]);
    expect(arrivedAt(tenant)).toHaveLength(4);
  }, 40_000);

  it('has ended at once where it is empty', async () => {
    const id = await makeWebhook('once', failOnce(), { retry_schedule_s: [] });
    const event = await publish('once');
    await untilWebhook(product, id, ({ statistics }) => statistics.failed === 1);
    expect(await listAttempts(product, `${event}.${id}`)).toHaveLength(1);
  });
});
