// What is older than POSTHORN_RETENTION_DAYS, in the running product: what waits of it ends, is counted and told; then it is gone, and everything that is asked
// about it says so. Events are made old by moving their ids back, since an id tells the time and so the day.
import { expect, it } from '@jest/globals';
import { eventually, startReceiver } from '@posthorn/testkit';
import { startProduct } from './support/product.js';
import { readTallies, untilQuiet } from './support/truth.js';
import { call, listDeliveries, untilWebhook } from './support/webhooks.js';

const retentionDays = 8;
const agedDays = 10;

/** Moves an id back by days. */
const aged = (column: string): string =>
  `(lpad(to_hex(('x' || lpad(left(replace(${column}::text, '-', ''), 12), 16, '0'))::bit(64)::bigint - ${agedDays} * 86400000::bigint), 12, '0')
    || substr(replace(${column}::text, '-', ''), 13))::uuid`;

it('ends, counts and tells what waits too long, drops its day, and answers as if it had never been', async () => {
  const product = await startProduct({ env: { POSTHORN_RETENTION_DAYS: String(retentionDays) } });
  const receiver = await startReceiver({ answer: ({ path }) => ({ status: path === '/broken' ? 500 : 200 }) });
  try {
    const { api, pool } = product;
    const told = await api.createWebhook({ url: receiver.url('/told'), event_types: ['posthorn.deliveries_expired'] });
    const good = await api.createWebhook({ url: receiver.url('/good') });
    const paused = await api.createWebhook({ url: receiver.url('/good') });
    const broken = await api.createWebhook({
      ...{ url: receiver.url('/broken'), circuit_threshold: 1, circuit_recovery: 'manual', retry_schedule_s: [3_600] },
    });
    await call(product, 'POST', `/v1/webhooks/${paused.id}/pause`);
    await api.publish({ event_type: 'order.placed', data: 0 });
    await untilWebhook(product, broken.id, ({ circuit_state }) => circuit_state === 'open');
    await api.publishBatch(Array.from({ length: 19 }, (_, n) => ({ event_type: 'order.placed', data: n })));
    await untilWebhook(product, good.id, ({ statistics }) => statistics.succeeded === 20);
    await untilWebhook(product, broken.id, ({ statistics }) => statistics.held === 20);
    await untilQuiet(pool);
    const before = await readTallies(pool);
    await product.workers[0]?.kill('SIGTERM');

    await pool.query(`select make_partitions(current_date - ${agedDays + 2}, current_date)`);
    await pool.query(`update events set id = ${aged('id')} where event_type = 'order.placed'`);
    for (const table of ['deliveries', 'attempts'])
      await pool.query(`update ${table} set event_id = ${aged('event_id')} where webhook_id = any ($1)`, [[good.id, paused.id, broken.id]]);
    const page = (await api.get('/v1/events?limit=5')).body;
    const worker = await product.startWorker();

    for (const { id } of [paused, broken]) await untilWebhook(product, id, ({ statistics }) => statistics.failed === 20, 30_000);
    const tallies = await readTallies(pool);
    const expected = before.map((tally) => ([paused.id, broken.id].includes(tally.webhook_id) ? { ...tally, failed: 20 } : tally));
    expect(tallies.filter(({ webhook_id }) => webhook_id !== told.id)).toEqual(expected.filter(({ webhook_id }) => webhook_id !== told.id));
    await eventually(() => receiver.received.filter(({ path }) => path === '/told').length === 2);
    const bodies = receiver.received.filter(({ path }) => path === '/told').map(({ body }) => JSON.parse(body.toString()).data);
    expect(bodies.map(({ webhook_id }) => webhook_id).sort()).toEqual([paused.id, broken.id].sort());
    expect(bodies.map(({ count }) => count)).toEqual([20, 20]);
    for (const { id } of [paused, broken]) {
      const { data } = await call(product, 'GET', `/v1/webhooks/${id}/timeline`);
      expect(data[0]).toMatchObject({ kind: 'expired', details: { count: 20 } });
      expect((await call(product, 'GET', `/v1/notifications?webhook_id=${id}&kind=deliveries_expired`)).data).toMatchObject([
        { count: 20 },
      ]);
    }

    // It is still there, and nothing of it goes out any more.
    const [delivery] = await listDeliveries(product, paused.id);
    expect(delivery).toMatchObject({ status: 'failed', reason: 'expired' });
    await call(product, 'POST', `/v1/webhooks/${paused.id}/resume`);
    expect((await api.send('POST', `/v1/deliveries/${delivery!.id}/retry`)).status).toBe(409);
    const replay = async (filter: object) => {
      const { id } = await call(product, 'POST', '/v1/replays', { filter });
      return eventually(async () => {
        const one = await call(product, 'GET', `/v1/replays/${id}`);
        return one.status === 'done' && one;
      });
    };
    expect(await replay({ webhook_id: paused.id })).toMatchObject({ opened: 0, refused: 20 });

    // As if a minute had passed; a worker looks for days to drop when it begins.
    await pool.query(`update retention set moved_at = now() - interval '2 minutes'`);
    await worker.kill('SIGTERM');
    await product.startWorker();
    await eventually(async () => (await pool.query(`select from events where event_type = 'order.placed'`)).rowCount === 0, {
      timeoutMs: 30_000,
    });
    await eventually(async () => (await pool.query('select from attempts where webhook_id = $1', [good.id])).rowCount === 0);

    for (const path of [
      `/v1/events/${delivery!.event_id}`,
      `/v1/events/${delivery!.event_id}/deliveries`,
      `/v1/events/${delivery!.event_id}/explain?webhook_id=${paused.id}`,
      `/v1/deliveries/${delivery!.id}`,
    ])
      expect([path, (await api.get(path)).status]).toEqual([path, 404]);
    expect((await api.send('POST', `/v1/deliveries/${delivery!.id}/retry`)).status).toBe(404);
    expect((await api.send('DELETE', `/v1/events/${delivery!.event_id}`)).status).toBe(404);
    expect(await call(product, 'GET', `/v1/events?limit=5&cursor=${page.next_cursor}`)).toEqual({ data: [], next_cursor: null });
    expect(await listDeliveries(product, good.id)).toEqual([]);
    expect((await call(product, 'GET', `/v1/webhooks/${good.id}/attempts`)).data).toEqual([]);
    expect(await replay({ webhook_id: good.id, from: '2001-01-01T00:00:00Z' })).toMatchObject({ opened: 0, refused: 0 });
    expect(await replay({ event_id: delivery!.event_id })).toMatchObject({ opened: 0, refused: 0 });
    expect((await readTallies(pool)).filter(({ webhook_id }) => webhook_id !== told.id)).toEqual(
      tallies.filter(({ webhook_id }) => webhook_id !== told.id),
    );

    const count = () => receiver.received.filter(({ path }) => path === '/good').length;
    expect(count()).toBe(20);
    await api.publish({ event_type: 'order.placed', data: 'new' });
    await eventually(() => count() === 22);
  } finally {
    await product.stop();
    await receiver.stop();
  }
}, 180_000);
