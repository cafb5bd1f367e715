// A worker is frozen with requests in its hands until their leases have run out and another has done the work. When it thaws, its late results are
// kept as attempts and change nothing else.
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type Answer, eventually, type Receiver, startReceiver } from '@posthorn/testkit';
import { type Product, startProduct } from './support/product.js';
import { saysActive } from './support/schedulers.js';
import { readTallies, recount, untilSettled } from './support/truth.js';

/** Webhooks of each kind: a chunk of a webhook that just failed is one delivery. */
const each = 8;

let product: Product;
let receiver: Receiver;
beforeAll(async () => {
  product = await startProduct({ workers: 1, env: { LOG_LEVEL: 'info' } });
}, 90_000);
afterAll(async () => {
  await product?.stop();
  await receiver?.stop();
}, 60_000);

const stateOf = async () => {
  const { pool } = product;
  const deliveries = await pool.query('select * from deliveries order by event_id, webhook_id');
  const newer = await pool.query('select * from attempts where ok order by event_id, webhook_id, n');
  const circuits = await pool.query(
    'select webhook_id, circuit, circuit_failure_count, circuit_epoch, disabled_at, hold_until from webhook_state order by 1',
  );
  return { deliveries: deliveries.rows, newer: newer.rows, circuits: circuits.rows };
};

const countLate = async (): Promise<number> =>
  Number((await product.pool.query<{ n: string }>('select count(*) as n from attempts where n = $1 and not ok', [2])).rows[0]?.n);

it('writes nothing over what was done meanwhile: retries that it had leased, and first attempts that it had parked', async () => {
  const { api, pool, workers } = product;
  const [frozen] = workers;
  if (frozen === undefined) throw new Error('there is no worker');
  // What the frozen worker holds: second attempts of /retry, first attempts of /slow. They are answered while it is frozen, each differently.
  const held: ((answer: Answer) => void)[] = [];
  let isHolding = true;
  receiver = await startReceiver({
    answer: ({ path, headers }) => {
      const attempt = Number(headers['posthorn-attempt']);
      if (path === '/retry' && attempt === 1) return { status: 500 };
      return isHolding ? new Promise<Answer>((resolve) => held.push(resolve)) : {};
    },
  });
  const settings = { retry_schedule_s: [1, 3600], timeout_ms: 30_000 };
  for (let n = 0; n < each; n++) {
    await api.createWebhook({ ...settings, url: receiver.url('/retry'), tenant: 'retry' });
    await api.createWebhook({ ...settings, url: receiver.url('/slow'), tenant: 'slow' });
  }
  for (const tenant of ['retry', 'slow']) await api.publish({ event_type: 'a', tenant, data: 1 });
  await eventually(() => held.length === 2 * each, { timeoutMs: 15_000 });
  // The slow ones have left their dispatch: all are deliveries under a lease.
  await eventually(async () => (await pool.query('select from deliveries where status = 0 and out')).rowCount === 2 * each);

  process.kill(frozen.pid, 'SIGSTOP');
  isHolding = false;
  const successor = await product.startWorker();
  await eventually(() => saysActive(successor), { timeoutMs: 20_000 });
  // The injected clock: all of its leases have run out.
  await pool.query('update deliveries set due_at = now() where status = 0 and out');
  await pool.query("update webhook_state set due_at = now(), out_until = now(), not_before = '-infinity', changed_at = clock_timestamp()");
  await untilSettled(pool, 30_000);
  expect(receiver.count()).toBe(4 * each + each);
  const before = await stateOf();
  expect(before.deliveries.map(({ status }) => status)).toEqual(new Array(2 * each).fill(1));

  // One half says that it failed for good and all, the other that it is gone, or wants to be left alone.
  const answers: readonly Answer[] = [{ status: 500 }, { status: 410 }, { status: 429, headers: { 'retry-after': '3600' } }, {}];
  for (const [index, answer] of held.entries()) answer(answers[index % answers.length] ?? {});
  process.kill(frozen.pid, 'SIGCONT');
  await eventually(async () => (await pool.query('select from attempts')).rowCount === 5 * each, { timeoutMs: 20_000 });
  expect(await countLate()).toBeGreaterThan(0);
  // It works again, and what it had to say is said.
  await eventually(() => !saysActive(frozen));
  await api.publish({ event_type: 'b', tenant: 'slow', data: 1 });
  await receiver.waitFor(6 * each);
  await untilSettled(pool, 20_000);

  const after = await stateOf();
  const known = new Set(before.deliveries.map(({ event_id: event }) => event));
  expect(after.deliveries.filter(({ event_id: event }) => known.has(event))).toEqual(before.deliveries);
  expect(after.newer).toEqual(expect.arrayContaining(before.newer));
  expect(after.circuits).toEqual(before.circuits);
  expect(await readTallies(pool)).toEqual(await recount(pool));
}, 120_000);
