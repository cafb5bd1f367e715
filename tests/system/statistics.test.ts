// Statistics equal a recount of deliveries and attempts, by whatever they are cut, in every interval, and whether they are settled or not: after retries,
// retries by hand, replays, the end of what waited too long, the erasure of an event and of a tenant.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { uuidv7 } from '@posthorn/core';
import { expireDeliveries, settleStatistics } from '@posthorn/db';
import { eventually, type Receiver, startReceiver } from '@posthorn/testkit';
import { type Product, startProduct } from './support/product.js';
import { countsOf, recountAttempts, recountBy } from './support/statistics-recount.js';
import { readTallies, recount, untilQuiet } from './support/truth.js';
import { call, listDeliveries, publishMany, untilWebhook } from './support/webhooks.js';

const slot = 5;
let product: Product;
let receiver: Receiver;
const hooks: Record<string, string> = {};
const events: Record<string, readonly string[]> = {};

beforeAll(async () => {
  product = await startProduct({ workers: 2 });
  receiver = await startReceiver({
    answer: ({ path }, index) => ({ status: path === '/flaky' && index % 3 > 0 ? 503 : path === '/refusing' ? 404 : 200 }),
  });
  const make = async (name: string, tenant: string, fields: object) => {
    const url = name === 'gone' ? 'http://127.0.0.1:9/' : receiver.url(`/${name}`);
    hooks[name] = (await product.api.createWebhook({ tenant, url, circuit_threshold: 1_000, retry_schedule_s: [1, 1], ...fields })).id;
  };
  await make('good', 'acme', {});
  await make('flaky', 'acme', { event_types: ['order.*'] });
  await make('refusing', 'globex', { retry_schedule_s: [3_600] });
  await make('gone', 'globex', { event_types: ['order.paid'], retry_schedule_s: [] });
  await make('off', 'globex', {});
  await call(product, 'POST', `/v1/webhooks/${hooks.off}/disable`);
  for (const [tenant, count] of [
    ['acme', 120],
    ['globex', 60],
  ] as const)
    events[tenant] = await publishMany(product, count, (index) => ({
      tenant,
      event_type: ['order.placed', 'order.paid', 'user.made'][index % 3]!,
      data: index,
    }));
  await untilWebhook(product, hooks.flaky!, ({ statistics }) => statistics.succeeded + statistics.failed === 80, 40_000);
  await untilWebhook(product, hooks.gone!, ({ statistics }) => statistics.failed === 20, 20_000);
  await untilWebhook(product, hooks.refusing!, ({ statistics }) => statistics.attempts === 60, 20_000);
}, 120_000);
afterAll(async () => {
  await product?.stop();
  await receiver?.stop();
}, 60_000);

const fromDayAgo = (): string => new Date(Date.now() - 23 * 3_600_000).toISOString();
const read = (query: string) => call(product, 'GET', `/v1/stats?from=${fromDayAgo()}&${query}`);
const tenantKey = `(select t.key from tenants t where t.id = r.tenant_id)`;
const groupings = { webhook: 'r.webhook_id::text', tenant: tenantKey, event_type: 'e.event_type' } as const;

/** Compares all that can be asked. */
const expectRecount = async (): Promise<void> => {
  await untilQuiet(product.pool);
  const all = (await recountBy(product.pool, { key: `'all'`, where: 'true' })).all;
  for (const interval of ['minute', 'hour', 'day']) {
    const answer = await read(`interval=${interval}`);
    expect(countsOf(answer.totals)).toEqual(all);
    const attempts = answer.data.filter((bucket: { attempts: number }) => bucket.attempts > 0);
    expect(Object.fromEntries(attempts.map((bucket: { at: string; attempts: number }) => [bucket.at, bucket.attempts]))).toEqual(
      await recountAttempts(product.pool, interval),
    );
    for (const [grouping, key] of Object.entries(groupings)) {
      const { groups } = await read(`interval=${interval}&group_by=${grouping}`);
      const shown = groups.map((group: { key: string }) => [group.key, countsOf(group as never)]);
      expect(Object.fromEntries(shown)).toEqual(await recountBy(product.pool, { key, where: 'true' }));
    }
    const part = { 'tenant=acme': `${tenantKey} = 'acme'`, 'event_type=order.paid': `e.event_type = 'order.paid'` };
    const parts = {
      ...part,
      [`webhook_id=${hooks.good}&event_type=order.placed`]: `r.webhook_id = '${hooks.good}' and e.event_type = 'order.placed'`,
    };
    for (const [query, where] of Object.entries(parts)) {
      const { part: counted } = await recountBy(product.pool, { key: `'part'`, where });
      if (counted !== undefined) expect(countsOf((await read(`interval=${interval}&${query}`)).totals)).toEqual(counted);
    }
  }
  expect(await readTallies(product.pool)).toEqual(await recount(product.pool));
};

/** Before anything is settled, when some of it is, and when all is. */
const expectRecountSettled = async (): Promise<void> => {
  await expectRecount();
  await settleStatistics(product.pool, 4, -3_600);
  await expectRecount();
  while ((await settleStatistics(product.pool, 50, -3_600)) > 0);
  await expectRecount();
};

// The steps of one story, in order.
describe('statistics equal a recount', () => {
  it('after retries, successes, refusals, failures to connect and what was skipped', async () => {
    await expectRecountSettled();
    const { totals } = await read('interval=hour');
    expect(totals).toMatchObject({ created: 120 + 80 + 60 + 20 + 60, skipped: 60, errors: { connect: 20 } });
    expect(totals.retries).toBeGreaterThan(20);
    expect(totals.status_codes['4xx']).toBe(60);
  }, 60_000);

  it('after retries by hand and replays, of what succeeded too', async () => {
    receiver.answer({ status: 200 });
    for (const { id } of (await listDeliveries(product, hooks.refusing!)).slice(0, 7))
      await call(product, 'POST', `/v1/deliveries/${id}/retry`);
    await untilWebhook(product, hooks.refusing!, ({ statistics }) => statistics.succeeded === 7);
    const filter = { webhook_id: hooks.good, event_type: 'order.paid' };
    const { id } = await call(product, 'POST', '/v1/replays', { filter });
    await eventually(async () => {
      const replay = await call(product, 'GET', `/v1/replays/${id}`);
      if (replay.status !== 'done' || replay.deliveries.pending > 0) throw new Error(JSON.stringify(replay));
      return replay;
    });
    await expectRecountSettled();
    expect((await read('interval=hour')).totals.reopened).toBeGreaterThanOrEqual(40);
  }, 60_000);

  it('after what waited too long has ended, and an event was erased', async () => {
    const waiting = (await listDeliveries(product, hooks.refusing!)).filter(({ status }) => status === 'pending');
    expect(waiting).toHaveLength(53);
    expect((await product.api.send('DELETE', `/v1/events/${waiting[0]!.event_id}`)).status).toBe(204);
    expect(await expireDeliveries(product.pool, uuidv7(Date.now(), Buffer.alloc(10)), 30, slot)).toBe(30);
    await expectRecountSettled();
    expect((await read('interval=hour')).totals).toMatchObject({ cancelled: 1 });
  }, 60_000);

  it('after a tenant was erased', async () => {
    expect((await product.api.send('DELETE', '/v1/tenants/globex')).status).toBe(202);
    await eventually(async () => {
      const { rows } = await product.pool.query('select 1 from deliveries where status = 0');
      if (rows.length > 0) throw new Error(`${rows.length} deliveries wait`);
      return true;
    });
    await expectRecountSettled();
    const { groups } = await read('interval=day&group_by=tenant');
    expect(groups.map(({ key }: { key: string }) => key.replace(/\/.*/, '')).sort()).toEqual(['acme', 'erased']);
  }, 60_000);
});
