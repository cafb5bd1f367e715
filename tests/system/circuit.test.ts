// The circuit over two worker processes: ten failures open it, then nobody calls the endpoint but one probe at a time, and its first
// success brings everything that was held.

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually, type Receiver, startReceiver } from '@posthorn/testkit';
import { inParallel } from './support/api-client.js';
import { type Product, startProduct } from './support/product.js';
import { countDispatches, readTallies, recount, untilSettled } from './support/truth.js';

let product: Product;
let receiver: Receiver;
let webhookId: string;

beforeAll(async () => {
  product = await startProduct({ workers: 2 });
  receiver = await startReceiver({ answer: { status: 500 } });
  // Retries an hour away: what fails here fails because it was sent, never by a retry.
  ({ id: webhookId } = await product.api.createWebhook({ url: receiver.url(), retry_schedule_s: [3600, 3600] }));
}, 90_000);
afterAll(async () => {
  await product?.stop();
  await receiver?.stop();
});

type State = {
  circuit_state: string;
  circuit_failure_count: number;
  circuit_opened_at: string | null;
  circuit_retry_at: string | null;
  statistics: Record<string, number>;
};
const readWebhook = async (): Promise<State> => (await product.api.get(`/v1/webhooks/${webhookId}`)).body;

const untilWebhook = (is: (state: State) => boolean): Promise<State> =>
  eventually(
    async () => {
      const state = await readWebhook();
      if (!is(state)) throw new Error(`the webhook is ${JSON.stringify(state)}`);
      return state;
    },
    { timeoutMs: 15_000 },
  );

/** Publishes one event and waits until its attempt is recorded. */
const publishOne = async (): Promise<void> => {
  const { attempts = 0 } = (await readWebhook()).statistics;
  await product.api.publish({ event_type: 'a', data: 1 });
  await untilWebhook((state) => state.statistics.attempts === attempts + 1);
};

/** All workers act on a change within 1 s: until then one that has not looked yet may still send. */
const untilAllWorkersKnow = () =>
  eventually(async () => {
    const sql = "select clock_timestamp() > circuit_opened_at + interval '1 s' as known from webhook_state where webhook_id = $1";
    return (await product.pool.query<{ known: boolean }>(sql, [webhookId])).rows[0]?.known === true;
  });

/** Ends the cool-down now instead of waiting for it. */
const endCoolDown = () =>
  product.pool.query(
    `update webhook_state set not_before = now(), circuit_retry_at = now(), changed_at = clock_timestamp()
      where webhook_id = $1 and circuit = 1`,
    [webhookId],
  );

const cooldownS = async (): Promise<number> =>
  (await product.pool.query<{ s: number }>('select cooldown_s as s from webhook_state where webhook_id = $1', [webhookId])).rows[0]?.s ?? 0;

const countHeld = async (): Promise<number> =>
  (await product.api.get(`/v1/deliveries?webhook_id=${webhookId}&status=held&limit=200`)).body.data.length;

// The steps of one story, in order.
describe('the circuit', () => {
  it('counts failures in a row, and a success resets the count', async () => {
    for (let n = 1; n <= 9; n++) {
      await publishOne();
      expect(await readWebhook()).toMatchObject({ circuit_state: 'closed', circuit_failure_count: n });
    }
    receiver.answer({});
    await publishOne();
    expect(await readWebhook()).toMatchObject({ circuit_state: 'closed', circuit_failure_count: 0 });
  });

  it('opens at the tenth, and its deliveries read held', async () => {
    receiver.answer({ status: 500 });
    for (let n = 1; n <= 10; n++) await publishOne();
    const state = await readWebhook();
    expect(state).toMatchObject({ circuit_state: 'open', circuit_failure_count: 10 });
    expect(Date.parse(state.circuit_retry_at ?? '') - Date.parse(state.circuit_opened_at ?? '')).toBe(30_000);
    expect(state.statistics).toMatchObject({ held: 19, pending: 0 });
    expect(await countHeld()).toBe(19);
  });

  it('lets nothing through while it is open, whatever is published', async () => {
    await untilAllWorkersKnow();
    const before = receiver.count();
    await inParallel(150, 8, () => product.api.publish({ event_type: 'b', data: 2 }));
    await eventually(async () => (await countDispatches(product.pool)) === 0);
    await untilWebhook((state) => state.statistics.held === 169);
    expect(await countHeld()).toBe(169);
    expect(receiver.count()).toBe(before);
  });

  it('sends one probe after the cool-down; a failed one opens it again for twice as long', async () => {
    const before = receiver.count();
    await endCoolDown();
    await untilWebhook((state) => state.circuit_failure_count === 11 && state.circuit_state === 'open');
    expect(await cooldownS()).toBe(60);
    expect(receiver.count()).toBe(before + 1);
  });

  it('has one probe in the whole cluster, half open until it is answered', async () => {
    const before = receiver.count();
    let answerProbe: (answer: { status: number }) => void = () => undefined;
    const answered = new Promise<{ status: number }>((resolve) => {
      answerProbe = resolve;
    });
    receiver.answer(() => answered);
    await endCoolDown();
    await eventually(() => receiver.count() > before);
    // Whatever else would be sent would be sent in these rounds of the schedulers: new events are fanned out meanwhile.
    await inParallel(20, 4, () => product.api.publish({ event_type: 'c', data: 3 }));
    await eventually(async () => (await countDispatches(product.pool)) === 0);
    await untilWebhook((state) => state.circuit_state === 'half_open' && state.statistics.held === 189);
    expect(receiver.count()).toBe(before + 1);
    receiver.answer({});
    answerProbe({ status: 200 });
  });

  it('closes with the first success, resets the count, and everything held arrives', async () => {
    await untilWebhook((state) => state.circuit_state === 'closed' && state.circuit_failure_count === 0);
    expect(await cooldownS()).toBe(30);
    // The failed ones wait for their retry in an hour; they come now as well.
    await product.pool.query('update deliveries set due_at = now() where status = 0 and not out');
    await product.pool.query('select mend_due_hints()');
    await untilSettled(product.pool, 30_000);
    expect(await readWebhook()).toMatchObject({ statistics: { held: 0, pending: 0, succeeded: 190, failed: 0 } });
    expect(await readTallies(product.pool)).toEqual(await recount(product.pool));
    const { rows } = await product.pool.query('select kind, ok, count(*)::int as n from attempts where kind = 2 group by 1, 2 order by 2');
    expect(rows).toEqual([
      { kind: 2, ok: false, n: 1 },
      { kind: 2, ok: true, n: 1 },
    ]);
    const timeline = await product.pool.query('select kind, circuit_failure_count as n from webhook_timeline order by at, sequence');
    expect(timeline.rows.filter((row) => row.kind.startsWith('circuit'))).toEqual([
      { kind: 'circuit_opened', n: 10 },
      { kind: 'circuit_reopened', n: 11 },
      { kind: 'circuit_closed', n: 0 },
    ]);
  }, 60_000);
});
