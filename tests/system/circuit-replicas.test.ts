// One circuit over two worker processes: what one of them opens, the other obeys within a second; and a circuit whose recovery is manual waits
// for a person, however long that takes.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually, type Receiver, startReceiver } from '@posthorn/testkit';
import { inParallel } from './support/api-client.js';
import { type Product, startProduct } from './support/product.js';
import { countDispatches, readTallies, recount, untilQuiet } from './support/truth.js';
import { call, failOnce, readWebhook, untilKnown, untilSchedulerWentRound, untilWebhook } from './support/webhooks.js';
import { readAttempts } from './support/workers.js';

let product: Product;
let receiver: Receiver;
let witness: Receiver;

beforeAll(async () => {
  product = await startProduct({ workers: 2 });
  witness = await startReceiver({ answer: failOnce() });
}, 90_000);
afterAll(async () => {
  await product?.stop();
  await witness?.stop();
}, 60_000);
beforeEach(async () => {
  receiver = await startReceiver();
});
afterEach(() => receiver?.stop());

/** One event after the other, each when the attempt of the one before is recorded. */
const publishInTurn = async (tenant: string, webhookId: string, count: number): Promise<void> => {
  const { attempts } = (await readWebhook(product, webhookId)).statistics;
  for (let n = 1; n <= count; n++) {
    await product.api.publish({ event_type: 'a', tenant, data: n });
    await untilWebhook(product, webhookId, ({ statistics }) => statistics.attempts === attempts + n);
  }
};

const attemptsOfEach = (): Promise<readonly number[]> => Promise.all(product.workers.map(readAttempts));

describe('two workers', () => {
  it('obey the one circuit 1 s after it opened, whichever of them saw it fail', async () => {
    const { api, pool } = product;
    const tenant = 'shared';
    const failuresMax = 20;
    const { id } = await api.createWebhook({ url: receiver.url(), tenant, circuit_threshold: failuresMax, retry_schedule_s: [3600] });
    const other = await startReceiver();
    await api.createWebhook({ url: other.url(), tenant });
    receiver.answer({ status: 500 });
    const before = await attemptsOfEach();
    await publishInTurn(tenant, id, failuresMax);
    await untilWebhook(product, id, (state) => state.circuit_state === 'open');
    await other.waitFor(failuresMax);
    // Each has seen some of the failures (and as many successes of the neighbour), so neither has counted to twenty by itself.
    const seen = (await attemptsOfEach()).map((count, index) => count - (before[index] ?? 0));
    expect(seen.reduce((sum, count) => sum + count)).toBe(2 * failuresMax);
    expect(Math.min(...seen)).toBeGreaterThan(0);

    await untilKnown(product, id);
    const events = 200;
    const atOpening = await attemptsOfEach();
    await inParallel(events, 8, () => api.publishBatch([{ event_type: 'b', tenant, data: 1 }]));
    await other.waitFor(failuresMax + events);
    await eventually(async () => (await countDispatches(pool)) === 0);
    await untilWebhook(product, id, ({ statistics }) => statistics.held === failuresMax + events);
    // Both had events for it in their hands.
    for (const [index, count] of (await attemptsOfEach()).entries()) expect(count).toBeGreaterThan(atOpening[index] ?? 0);
    expect(receiver.count()).toBe(failuresMax);
    await other.stop();
  }, 60_000);

  it('leave a circuit of manual recovery alone until it is reset, and drain what was held then', async () => {
    const { api, pool } = product;
    const tenant = 'manual';
    const { id } = await api.createWebhook({
      url: receiver.url(),
      tenant,
      circuit_threshold: 3,
      circuit_recovery: 'manual',
      retry_schedule_s: [1, 1, 1],
    });
    receiver.answer({ status: 503 });
    await publishInTurn(tenant, id, 1);
    await untilWebhook(product, id, (state) => state.circuit_state === 'open');
    const calls = receiver.count();
    expect(calls).toBe(3);
    const open = await readWebhook(product, id);
    expect(open).toMatchObject({ circuit_retry_at: null, circuit_failure_count: 3, status: 'active' });
    receiver.answer({});
    await untilKnown(product, id);
    const events = 100;
    await inParallel(events, 8, () => api.publish({ event_type: 'a', tenant, data: 1 }));
    // Neither the end of a cool-down nor the 120 h bring a probe about.
    await pool.query("update webhook_state set not_before = now(), no_success_since = now() - interval '200 h' where webhook_id = $1", [
      id,
    ]);
    await untilSchedulerWentRound(product, witness);
    await untilWebhook(product, id, ({ statistics }) => statistics.held === events + 1);
    expect(receiver.count()).toBe(calls);

    const reset = await call(product, 'POST', `/v1/webhooks/${id}/reset-circuit`);
    expect(reset).toMatchObject({ circuit_state: 'closed', circuit_failure_count: 0 });
    await receiver.waitFor(calls + events + 1, 20_000);
    await untilWebhook(product, id, ({ statistics }) => statistics.succeeded === events + 1 && statistics.held + statistics.pending === 0);
    expect(receiver.count()).toBe(calls + events + 1);
    const timeline = await call(product, 'GET', `/v1/webhooks/${id}/timeline`);
    const kinds = timeline.data.map((entry: { kind: string }) => entry.kind).filter((kind: string) => kind.startsWith('circuit'));
    expect(kinds.sort()).toEqual(['circuit_opened', 'circuit_reset']);
    await untilQuiet(pool);
    expect(await readTallies(pool)).toEqual(await recount(pool));
  }, 60_000);
});
