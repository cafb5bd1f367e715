// The address guard through the product, where one loopback port alone is allowed: refused when it is written, and when it is called, whatever
// stands in the configuration by then. Not one byte reaches the sink.
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type RawServer, type Receiver, startRawServer, startReceiver } from '@posthorn/testkit';
import { type Product, startProduct } from './support/product.js';
import { readTallies, recount, untilQuiet } from './support/truth.js';
import { call, listAttempts, listDeliveries, untilWebhook } from './support/webhooks.js';

let product: Product;
let receiver: Receiver;
/** Takes every connection and counts it. */
let sink: RawServer;

beforeAll(async () => {
  receiver = await startReceiver();
  sink = await startRawServer({ script: ['request', { send: 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n' }, 'again'], host: '0.0.0.0' });
  product = await startProduct({ workers: 2, env: { POSTHORN_EGRESS_ALLOW: `127.0.0.1/32:${receiver.port}` } });
}, 90_000);
afterAll(async () => {
  await product?.stop();
  await Promise.all([receiver?.stop(), sink?.stop()]);
}, 60_000);
afterEach(async () => {
  expect(sink.connections()).toBe(0);
  await untilQuiet(product.pool);
  expect(await readTallies(product.pool)).toEqual(await recount(product.pool));
});

const publish = (tenant: string): Promise<string> => product.api.publish({ event_type: 'a', tenant, data: 1 });
const blockedProblem = { status: 422, code: 'blocked_address', errors: [{ pointer: '/url' }] };

/** As an importer, a restored backup or an attacker with SQL would: past every check of the API. */
const writeUrl = (webhookId: string, url: string): Promise<unknown> =>
  product.pool.query(
    `with changed as (update webhooks set url = $2 where id = $1 returning tenant_id)
     update tenants t set webhooks_version = webhooks_version + 1 from changed where t.id = changed.tenant_id`,
    [webhookId, url],
  );

describe('a URL that is written', () => {
  it.each([
    ['another port', () => `http://127.0.0.1:${sink.port}/`],
    ['another spelling', () => `http://0x7f.1:${sink.port}/`],
    ['an IPv6 way to say it', () => `http://[::ffff:127.0.0.1]:${sink.port}/`],
    ['another loopback address', () => `http://127.0.0.2:${receiver.port}/`],
    ['the unspecified address', () => `http://0.0.0.0:${receiver.port}/`],
    ['a private address', () => 'http://10.0.0.1/'],
    ['the metadata address', () => 'http://169.254.169.254/latest/meta-data/'],
  ])('is refused for %s, on POST and on PATCH', async (_what, url) => {
    const { api } = product;
    expect((await api.send('POST', '/v1/webhooks', { url: url() })).body).toMatchObject(blockedProblem);
    const { id } = await api.createWebhook({ url: `http://localhost:${sink.port}/`, tenant: 'written' });
    const refused = await api.send('PATCH', `/v1/webhooks/${id}`, { url: url() });
    expect(refused.body).toMatchObject(blockedProblem);
    expect(await call(product, 'GET', `/v1/webhooks/${id}`)).toMatchObject({ url: `http://localhost:${sink.port}/`, version: 1 });
  });
});

describe('a URL that is called', () => {
  it.each([
    ['a name that leads to a loopback port that is not allowed', (port: number) => `http://localhost:${port}/`],
    ['an address that came past the API', (port: number) => `http://127.0.0.1:${port}/`],
    ['an address in disguise that came past the API', (port: number) => `http://2130706433:${port}/`],
    ['the metadata address', () => 'http://169.254.169.254/'],
  ])(
    'is blocked, attempt by attempt: %s',
    async (_what, url) => {
      const { api } = product;
      const tenant = `called-${crypto.randomUUID()}`;
      const { id } = await api.createWebhook({ url: receiver.url(`/${tenant}`), tenant, retry_schedule_s: [1] });
      await publish(tenant);
      await untilWebhook(product, id, ({ statistics }) => statistics.succeeded === 1);
      await writeUrl(id, url(sink.port));
      const event = await publish(tenant);
      await untilWebhook(product, id, ({ statistics }) => statistics.failed === 1);
      const attempts = await listAttempts(product, `${event}.${id}`);
      expect(attempts.map(({ error_kind, status_code }) => [error_kind, status_code])).toEqual([
        ['blocked', null],
        ['blocked', null],
      ]);
      // The owner is told why, and not what stands behind a name.
      for (const { error } of attempts) {
        expect(error).toMatch(/address guard|never called/);
        if (url(sink.port).includes('localhost')) expect(error).not.toMatch(/127\.0\.0\.1|::1/);
      }
      expect((await listDeliveries(product, id)).find((one) => one.event_id === event)).toMatchObject({ reason: 'blocked_address' });
      const test = await api.send('POST', `/v1/webhooks/${id}/test`);
      expect(test.body).toMatchObject({ succeeded: false, error_kind: 'blocked', status_code: null });
    },
    30_000,
  );

  it('is not where a redirect leads: the redirect is the answer, and a failure', async () => {
    const { api } = product;
    receiver.answer({ status: 302, headers: { location: `http://127.0.0.1:${sink.port}/` } });
    const { id } = await api.createWebhook({ url: receiver.url('/redirect'), tenant: 'redirected', retry_schedule_s: [1] });
    const event = await publish('redirected');
    await untilWebhook(product, id, ({ statistics }) => statistics.failed === 1);
    const attempts = await listAttempts(product, `${event}.${id}`);
    expect(attempts.map(({ status_code }) => status_code)).toEqual([302, 302]);
    expect(receiver.received.filter((one) => one.path === '/redirect')).toHaveLength(2);
    receiver.answer({});
  }, 30_000);
});
