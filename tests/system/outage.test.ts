// A server that Posthorn needs is gone: without Postgres nothing is acknowledged, without Redis everything is; and both go on by themselves.
import { afterEach, describe, expect, it } from '@jest/globals';
import { eventually, startReceiver } from '@posthorn/testkit';
import { createApiClient, inParallel } from './support/api-client.js';
import { startOwnPostgres } from './support/own-postgres.js';
import { type Product, startPosthorn, startProduct, urlOf } from './support/product.js';
import { untilSettled } from './support/truth.js';

const closers: (() => Promise<unknown>)[] = [];
/** In reverse: what a test opened last goes first. */
const closeAll = async (): Promise<void> => {
  for (const close of closers.splice(0).reverse()) await close();
};
afterEach(closeAll);

const opened = async (starting: Promise<Product>): Promise<Product> => {
  const product = await starting;
  closers.push(product.stop);
  return product;
};

const idsOf = (received: readonly { readonly headers: Readonly<Record<string, string>> }[]) =>
  received.map((one) => one.headers['webhook-id'] ?? '');

describe('without Postgres', () => {
  it('answers 503 with Retry-After, never 202, and delivers all that was acknowledged once it is back', async () => {
    const server = await startOwnPostgres('outage');
    closers.push(server.stop);
    const product = await opened(startProduct({ databaseUrl: server.url }));
    const { api, pool } = product;
    const receiver = await startReceiver();
    closers.push(receiver.stop);
    await api.createWebhook({ url: receiver.url() });

    const acknowledged: string[] = [];
    const refusals: { status: number; retryAfter: string | undefined; code: string }[] = [];
    let publishing = true;
    const publish = async (): Promise<void> => {
      while (publishing) {
        const { status, headers, body } = await api.send('POST', '/v1/events', { event_type: 'a', data: acknowledged.length });
        if (status === 202) acknowledged.push(body.id);
        else refusals.push({ status, retryAfter: headers['retry-after'], code: body?.code });
      }
    };
    const publishers = Promise.all([publish(), publish(), publish()]);
    await receiver.waitFor(100);
    await server.kill();
    // A server process that was committing when the postmaster died may finish: what it answers is durable, and on its way here.
    const refusedBefore = refusals.length;
    await eventually(() => refusals.length > refusedBefore + 50);
    const acknowledgedBefore = acknowledged.length;
    await eventually(() => refusals.length > refusedBefore + 100);
    expect(acknowledged.length - acknowledgedBefore).toBe(0);
    expect((await api.get('/readyz')).status).toBe(503);
    expect((await api.get('/healthz')).status).toBe(200);

    await server.restart();
    await eventually(() => acknowledged.length > acknowledgedBefore + 100, { timeoutMs: 20_000 });
    publishing = false;
    await publishers;
    await untilSettled(pool, 45_000);
    const arrived = new Set(idsOf(receiver.received));
    expect(acknowledged.filter((id) => !arrived.has(id))).toEqual([]);
    expect(refusals.filter((one) => one.status !== 503 || one.code !== 'database_unavailable' || one.retryAfter === undefined)).toEqual([]);
    expect(product.apiProcess.output()).not.toMatch(/unhandled|uncaught/i);
  }, 120_000);
});

describe('without Redis', () => {
  it('accepts all the same, and delivers each event once when Redis is back', async () => {
    const { api, pool, redis } = await opened(startProduct());
    const receiver = await startReceiver();
    closers.push(receiver.stop);
    await api.createWebhook({ url: receiver.url() });
    const before = await api.publish({ event_type: 'a', data: 'before' });
    await receiver.waitFor(1);
    await redis.kill();
    const ids = await inParallel(200, 8, (index) => api.publish({ event_type: 'a', data: index }));
    expect((await api.get('/readyz')).body).toMatchObject({ status: 'ready', degraded: { queue: expect.any(String) } });
    await redis.restart();
    await receiver.waitFor(201, 30_000);
    await untilSettled(pool, 30_000);
    expect(idsOf(receiver.received).sort()).toEqual([before, ...ids].sort());
  }, 90_000);

  it('starts all the same, and works once Redis is there', async () => {
    const product = await opened(startProduct());
    const { api, pool, redis, env, workers } = product;
    const receiver = await startReceiver();
    closers.push(receiver.stop);
    await api.createWebhook({ url: receiver.url() });
    await redis.kill();
    await workers[0]?.kill('SIGTERM');
    const second = startPosthorn('api', env);
    closers.push(() => second.kill('SIGTERM'));
    await Promise.all([second.ready, product.startWorker()]);
    const client = createApiClient(urlOf(second), env.POSTHORN_BOOTSTRAP_KEY ?? '');
    closers.push(client.close);
    const ids = await inParallel(50, 8, (index) => client.publish({ event_type: 'a', data: index }));
    await redis.restart();
    await receiver.waitFor(50, 30_000);
    await untilSettled(pool, 30_000);
    expect(idsOf(receiver.received).sort()).toEqual([...ids].sort());
    // The queue carries again: what is published now does not wait for the scheduler of a worker that never saw Redis.
    await eventually(async () => (await client.get('/readyz')).body.degraded.queue === undefined);
    await client.publish({ event_type: 'a', data: 'after' });
    await receiver.waitFor(51);
  }, 90_000);
});
