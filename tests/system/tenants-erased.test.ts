// Erasing a tenant in the running product, and settings of the environment that change under its webhooks.
import { expect, it } from '@jest/globals';
import { eventually, startReceiver } from '@posthorn/testkit';
import { useProductAndReceiver } from './support/product.js';
import { call, untilWebhook } from './support/webhooks.js';

const world = useProductAndReceiver();

it('opens circuits at the threshold that the environment has now, where a webhook has none of its own', async () => {
  const { api } = world.product;
  const broken = await startReceiver({ answer: () => ({ status: 500 }) });
  const { id: environmentId } = (await api.get('/v1/environments')).body.data[0];
  for (const threshold of [2, 3]) {
    const settings = { circuit_threshold: threshold, retry_schedule_s: [3_600] };
    expect((await api.send('PATCH', `/v1/environments/${environmentId}`, { settings })).status).toBe(200);
    const tenant = `threshold-${threshold}`;
    const plain = await api.createWebhook({ tenant, url: broken.url('/plain') });
    const own = await api.createWebhook({ tenant, url: broken.url('/own'), circuit_threshold: 5 });
    for (let count = 1; count <= threshold; count++) {
      await api.publish({ event_type: 'a', data: count, tenant });
      await untilWebhook(world.product, own.id, (webhook) => webhook.circuit_failure_count === count);
      const state = count < threshold ? 'closed' : 'open';
      await untilWebhook(world.product, plain.id, (webhook) => webhook.circuit_failure_count === count && webhook.circuit_state === state);
    }
    expect((await api.get(`/v1/webhooks/${own.id}`)).body.circuit_state).toBe('closed');
  }
  await broken.stop();
});

it('acts on webhooks that workers know already', async () => {
  const { api } = world.product;
  const tenant = 'known';
  const slow = await startReceiver({ answer: () => ({ delayMs: 2_500 }) });
  const { id } = await api.createWebhook({ tenant, url: slow.url(), circuit_threshold: 100 });
  await api.publish({ event_type: 'a', data: 1, tenant });
  await untilWebhook(world.product, id, ({ statistics }) => statistics.succeeded === 1);
  const { id: environmentId } = (await api.get('/v1/environments')).body.data[0];
  await call(world.product, 'PATCH', `/v1/environments/${environmentId}`, { settings: { timeout_ms: 1_000, retry_schedule_s: [] } });
  await api.publish({ event_type: 'a', data: 2, tenant });
  await untilWebhook(world.product, id, ({ statistics }) => statistics.failed === 1);
  await call(world.product, 'PATCH', `/v1/environments/${environmentId}`, { settings: { timeout_ms: null, retry_schedule_s: null } });
  await api.publish({ event_type: 'a', data: 3, tenant });
  await untilWebhook(world.product, id, ({ statistics }) => statistics.succeeded === 2);
  await slow.stop();
});

it('erases a tenant that events go to, ends what waits, and lets its name begin anew', async () => {
  const { api, pool } = world.product;
  const tenant = 'acme';
  const down = await startReceiver({ answer: () => ({ status: 500 }) });
  const { id: webhookId } = await api.createWebhook({ tenant, url: down.url(), circuit_threshold: 1_000 });
  const { id: goodId } = await api.createWebhook({ tenant, url: world.receiver.url('/old') });
  const events = await api.publishBatch(Array.from({ length: 50 }, (_, n) => ({ event_type: 'a', data: { secret: n }, tenant })));
  await untilWebhook(world.product, webhookId, ({ statistics }) => statistics.pending === 50);
  await untilWebhook(world.product, goodId, ({ statistics }) => statistics.succeeded === 50);
  const before = (await api.get(`/v1/tenants/${tenant}`)).body.id;
  expect((await api.send('DELETE', `/v1/tenants/${tenant}`)).status).toBe(202);

  const { id: newId } = await api.createWebhook({ tenant, url: world.receiver.url('/new') });
  expect((await api.get(`/v1/tenants/${tenant}`)).body.id).not.toBe(before);
  await api.publish({ event_type: 'a', data: 'new', tenant });
  await untilWebhook(world.product, newId, ({ statistics }) => statistics.succeeded === 1);
  expect(world.receiver.received.filter(({ path }) => path === '/new')).toHaveLength(1);
  expect(world.receiver.received.filter(({ path }) => path === '/old')).toHaveLength(50);

  const left = async () =>
    (
      await pool.query<{ events: number; attempts: number; waiting: number }>(
        `select (select count(*)::int from events where tenant_id = $1 and (data <> 'null' or erased_at is null)) as events,
                (select count(*)::int from attempts where tenant_id = $1 and (request_headers <> '' or response_headers is not null or response_body is not null)) as attempts,
                (select count(*)::int from deliveries where tenant_id = $1 and status = 0) as waiting`,
        [before],
      )
    ).rows[0];
  await eventually(async () => Object.values((await left()) ?? { none: 1 }).every((count) => count === 0));
  expect((await api.get(`/v1/events/${events[0]}`)).body.data).toBeNull();
  await down.stop();
});
