// What an operator does to webhooks and deliveries, over two workers: pause and resume, disable, enable and recover, delete, retry and cancel.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually, type Receiver, startReceiver } from '@posthorn/testkit';
import { type Product, startProduct } from './support/product.js';
import { readTallies, recount, untilQuiet } from './support/truth.js';
import { call, listAttempts, listDeliveries, publishMany, readWebhook, untilKnown, untilWebhook } from './support/webhooks.js';

let product: Product;
let receiver: Receiver;
let tenant: string;
let tenants = 0;

beforeAll(async () => {
  product = await startProduct({ workers: 2 });
}, 90_000);
afterAll(() => product?.stop(), 60_000);
beforeEach(async () => {
  receiver = await startReceiver();
  tenant = `t${++tenants}`;
});
afterEach(async () => {
  await receiver.stop();
  await untilQuiet(product.pool);
  expect(await readTallies(product.pool)).toEqual(await recount(product.pool));
});

const makeWebhook = async (fields: Readonly<Record<string, unknown>> = {}): Promise<string> =>
  (await product.api.createWebhook({ url: receiver.url(), tenant, ...fields })).id;
const publish = (count: number): Promise<readonly string[]> =>
  publishMany(product, count, (index) => ({ event_type: 'order.placed', tenant, data: index }));
const act = (id: string, action: string) => call(product, 'POST', `/v1/webhooks/${id}/${action}`);
const arrivedIds = (): readonly string[] => receiver.received.map((one) => one.headers['webhook-id'] ?? '').sort();

describe('pause and resume', () => {
  it('hold everything, and let it out once', async () => {
    const id = await makeWebhook();
    expect(await act(id, 'pause')).toMatchObject({ status: 'paused', is_active: true });
    await untilKnown(product, id);
    const ids = await publish(300);
    const state = await untilWebhook(product, id, ({ statistics }) => statistics.held === 300);
    expect(state.statistics).toMatchObject({ pending: 0, attempts: 0 });
    const [one] = await listDeliveries(product, id);
    expect(one).toMatchObject({ status: 'held' });
    expect((await product.api.send('POST', `/v1/deliveries/${one?.id}/retry`)).body).toMatchObject({ status: 409, code: 'webhook_paused' });
    expect(receiver.count()).toBe(0);
    expect(await act(id, 'resume')).toMatchObject({ status: 'active' });
    await receiver.waitFor(300, 20_000);
    await untilWebhook(product, id, ({ statistics }) => statistics.succeeded === 300);
    expect(arrivedIds()).toEqual([...ids].sort());
  }, 40_000);
});

describe('disable, enable and recover', () => {
  it('skip what waits and what comes, bring nothing back by themselves, and all of it on request', async () => {
    receiver.answer({ status: 500 });
    const id = await makeWebhook({ retry_schedule_s: [3600], circuit_threshold: 1000 });
    const waiting = await publish(20);
    await untilWebhook(product, id, ({ statistics }) => statistics.attempts === 20);
    expect(await act(id, 'disable')).toMatchObject({ status: 'disabled', disabled_reason: 'by_hand', is_active: false });
    await untilKnown(product, id);
    const missed = await publish(30);
    await untilWebhook(product, id, ({ statistics }) => statistics.skipped === 50 && statistics.pending === 0);
    expect((await product.api.send('POST', `/v1/webhooks/${id}/recover`)).body).toMatchObject({ status: 409, code: 'webhook_disabled' });
    expect(receiver.count()).toBe(20);

    receiver.answer({});
    expect(await act(id, 'enable')).toMatchObject({ status: 'active', disabled_reason: null, skipped_deliveries: 50 });
    await untilKnown(product, id);
    const [later = ''] = await publish(1);
    await receiver.waitFor(21);
    await untilWebhook(product, id, ({ statistics }) => statistics.succeeded === 1 && statistics.skipped === 50);

    const replay = await act(id, 'recover');
    expect(replay).toMatchObject({ status: 'running', recovers_webhook_id: id, total: 50 });
    await receiver.waitFor(71, 20_000);
    await untilWebhook(product, id, ({ statistics }) => statistics.succeeded === 51);
    expect(arrivedIds()).toEqual([...waiting, ...waiting, ...missed, later].sort());
    const done = await call(product, 'GET', `/v1/replays/${replay.id}`);
    expect(done).toMatchObject({ status: 'done', opened: 50, already_waiting: 0, refused: 0, deliveries: { succeeded: 50, pending: 0 } });
    // A fresh schedule, numbers that go on, a kind of its own.
    const attempts = await listAttempts(product, `${waiting[0]}.${id}`);
    expect(attempts.map(({ kind, status_code }) => [kind, status_code])).toEqual([
      ['first', 500],
      ['replay', 200],
    ]);
    expect(attempts[1]?.attempt).toBeGreaterThan(attempts[0]?.attempt ?? 0);
  }, 40_000);
});

describe('delete', () => {
  it('cancels what waits, calls nobody any more, and keeps the history', async () => {
    receiver.answer({ status: 500 });
    const id = await makeWebhook({ retry_schedule_s: [1], circuit_threshold: 1000 });
    const beside = await startReceiver();
    await product.api.createWebhook({ url: beside.url(), tenant });
    await act(id, 'pause');
    await untilKnown(product, id);
    const ids = await publish(100);
    await untilWebhook(product, id, ({ statistics }) => statistics.held === 100);
    expect((await product.api.send('DELETE', `/v1/webhooks/${id}`)).status).toBe(204);
    const deliveries = await eventually(async () => {
      const all = await listDeliveries(product, id);
      return all.every(({ status }) => status === 'cancelled') && all;
    });
    expect(deliveries.map(({ event_id: event }) => event).sort()).toEqual([...ids].sort());
    expect(new Set(deliveries.map(({ reason }) => reason))).toEqual(new Set(['webhook_deleted']));
    expect((await product.api.get(`/v1/webhooks/${id}`)).status).toBe(404);
    await publish(1);
    await beside.waitFor(101);
    expect(await listDeliveries(product, id)).toHaveLength(100);
    expect(receiver.count()).toBe(0);
    await beside.stop();
  }, 40_000);
});

describe('one delivery', () => {
  it('is retried by hand with a fresh schedule under the same webhook-id, and cancelled while it waits', async () => {
    receiver.answer({ status: 500 });
    const id = await makeWebhook({ retry_schedule_s: [3600], circuit_threshold: 1000 });
    const [first = '', second = ''] = await publish(2);
    await untilWebhook(product, id, ({ statistics }) => statistics.attempts === 2);
    expect(await call(product, 'POST', `/v1/deliveries/${second}.${id}/cancel`)).toMatchObject({
      status: 'cancelled',
      reason: 'cancelled_by_hand',
    });
    receiver.answer({});
    await call(product, 'POST', `/v1/deliveries/${first}.${id}/retry`);
    await untilWebhook(product, id, ({ statistics }) => statistics.succeeded === 1);
    await call(product, 'POST', `/v1/deliveries/${second}.${id}/retry`);
    await untilWebhook(product, id, ({ statistics }) => statistics.succeeded === 2 && statistics.cancelled === 0);
    expect(arrivedIds()).toEqual([first, first, second, second].sort());
    for (const event of [first, second])
      expect((await listAttempts(product, `${event}.${id}`)).map(({ kind }) => kind)).toEqual(['first', 'manual']);
    expect(await readWebhook(product, id)).toMatchObject({ statistics: { succeeded: 2, attempts: 4 } });
  }, 30_000);
});
