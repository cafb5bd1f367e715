// What goes out, through the whole product and byte for byte: every payload format with every authentication, with and without a signature of the
// body, with headers of its own. What is secret of it goes to the endpoint, and nowhere else.
import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually, type Received, type Receiver, startReceiver } from '@posthorn/testkit';
import { Webhook } from 'standardwebhooks';
import { type Product, startProduct } from './support/product.js';
import { readTallies, recount, untilQuiet, untilSettled } from './support/truth.js';
import { call, untilWebhook } from './support/webhooks.js';

// Each of these is changed by JSON.parse and JSON.stringify.
const data = String.raw`{"n":12345678901234567890,"f":1.0,"b":1,"a":2,"a":3,"s":"\u0000\ud800"}`;
const context = `{ "z" : 1e2, "a":-0 }`;
const resources = `{"user": {"id":1.0} ,"items":[ {"n":1e3}, 2 ],"other":0}`;
const eventTime = '2025-01-31T11:00:00.000Z';

type BodyParts = { readonly id: string; readonly webhookId: string; readonly environmentId: string; readonly acceptedAt: string };
/** The bodies as the contract has them. */
const bodies: Readonly<Record<string, (parts: BodyParts) => string>> = {
  envelope: () =>
    `{"event_time":"${eventTime}","event_type":"format.sent","current_context":${context},"data":${data},"included":[{"n":1e3},2,{"id":1.0}]}`,
  standard: () => `{"type":"format.sent","timestamp":"${eventTime}","data":${data}}`,
  jsonapi: () => `{"data":${data},"included":[{"n":1e3},2,{"id":1.0}]}`,
  event_payload: ({ id, webhookId, environmentId, acceptedAt }) =>
    `{"id":"${id}","event":"format.sent","payload":${data},"environment_id":"${environmentId}","webhook_id":"${webhookId}","created_at":"${acceptedAt}"}`,
  cloudevents: ({ id, environmentId }) =>
    `{"specversion":"1.0","id":"${id}","source":"/environments/${environmentId}","type":"format.sent","time":"${eventTime}","datacontenttype":"application/json","data":${data}}`,
  data: () => data,
};
const contentTypes: Readonly<Record<string, string>> = {
  jsonapi: 'application/vnd.api+json',
  cloudevents: 'application/cloudevents+json',
};
const carriesResources = (format: string): boolean => format === 'envelope' || format === 'jsonapi';

/** With what the endpoint sees of each; every secret text has this in it. */
const secretMark = 'kept5ecret';
const authentications = [
  { authentication: { type: 'none' }, header: null },
  { authentication: { type: 'api_key', header: 'x-my-key', value: `${secretMark} 1` }, header: ['x-my-key', `${secretMark} 1`] },
  { authentication: { type: 'bearer', token: `${secretMark}-2` }, header: ['authorization', `Bearer ${secretMark}-2`] },
  {
    authentication: { type: 'basic', username: `${secretMark}3`, password: `${secretMark}:4` },
    header: ['authorization', `Basic ${Buffer.from(`${secretMark}3:${secretMark}:4`).toString('base64')}`],
  },
] as const;
const signatureHeaders = [null, { name: 'x-hub-signature', value: 'sha256={hex},v=1' }, { name: 'X-Sig', value: '{base64}' }] as const;
const ownHeaders = [{}, { 'x-topic': 'topic {event_type}', 'X-Own': `${secretMark} 5` }] as const;
const secrets = [undefined, `${secretMark}-signs-this-one`] as const;

let product: Product;
let receiver: Receiver;
const madeSecrets: string[] = [];
beforeAll(async () => {
  product = await startProduct({ workers: 2, env: { LOG_LEVEL: 'trace' } });
  receiver = await startReceiver();
}, 90_000);
afterAll(async () => {
  await product?.stop();
  await receiver?.stop();
}, 60_000);

type Made = {
  readonly id: string;
  readonly secret: string;
  readonly environment_id: string;
  readonly path: string;
  readonly format: string;
  readonly authentication: (typeof authentications)[number];
  readonly signatureHeader: (typeof signatureHeaders)[number];
  readonly headers: Readonly<Record<string, string>>;
};

/** One of each combination; own headers and secrets take turns. */
const makeAll = async (): Promise<readonly Made[]> => {
  const made: Made[] = [];
  for (const format of Object.keys(bodies))
    for (const authentication of authentications)
      for (const signatureHeader of signatureHeaders) {
        const index = made.length;
        const headers = ownHeaders[index % 2] ?? {};
        const secret = secrets[index % 4 < 2 ? 0 : 1];
        const path = `/${index}`;
        const webhook = await product.api.createWebhook({
          url: receiver.url(path),
          tenant: 'formats',
          payload_format: format,
          ...authentication,
          header: undefined,
          signature_header: signatureHeader,
          headers,
          include_resources: carriesResources(format) ? ['items', 'missing', 'user'] : [],
          ...(secret !== undefined && { secret }),
        });
        madeSecrets.push(webhook.secret);
        made.push({ ...(webhook as Made), path, format, authentication, signatureHeader, headers });
      }
  return made;
};

const verify = (secret: string, one: Received): void => {
  const webhook = secret.startsWith('whsec_') ? new Webhook(secret) : new Webhook(secret, { format: 'raw' });
  // The package parses the body too, which is no JSON object in every format.
  expect(() => webhook.verify(one.body.toString(), one.headers)).not.toThrow();
  expect(() => webhook.verify(`${one.body} `, one.headers)).toThrow();
};

const expectedSignature = (template: string, secret: string, body: Buffer): string =>
  template.replace(/\{(hex|base64)\}/, (_, encoding: 'hex' | 'base64') => createHmac('sha256', secret).update(body).digest(encoding));

const expectRequest = (one: Received, webhook: Made, parts: BodyParts): void => {
  expect(one.body.toString()).toBe(bodies[webhook.format]?.(parts));
  expect(one.headers).toMatchObject({
    'content-type': contentTypes[webhook.format] ?? 'application/json',
    'webhook-id': parts.id,
    'posthorn-event-type': 'format.sent',
    'posthorn-delivery-id': `${parts.id}.${webhook.id}`,
    'posthorn-attempt': '1',
    'user-agent': expect.stringMatching(/^Posthorn\//),
    ...(webhook.authentication.header !== null && { [webhook.authentication.header[0]]: webhook.authentication.header[1] }),
    ...('x-topic' in webhook.headers && { 'x-topic': 'topic format.sent', 'x-own': `${secretMark} 5` }),
    ...(webhook.signatureHeader !== null && {
      [webhook.signatureHeader.name.toLowerCase()]: expectedSignature(webhook.signatureHeader.value, webhook.secret, one.body),
    }),
  });
  if (webhook.authentication.header?.[0] !== 'authorization') expect(one.headers.authorization).toBeUndefined();
  const names = one.rawHeaders.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase());
  expect(new Set(names).size).toBe(names.length);
  verify(webhook.secret, one);
};

describe('every payload format, authentication and signature', () => {
  it('goes out as the contract has it, to the byte', async () => {
    const made = await makeAll();
    expect(made).toHaveLength(6 * 4 * 3);
    const id = await product.api.publish(
      `{"event_type":"format.sent","tenant":"formats","data":${data},"current_context":${context},"resources":${resources},"event_time":"${eventTime}"}`,
    );
    await receiver.waitFor(made.length);
    const { accepted_at: acceptedAt } = await call(product, 'GET', `/v1/events/${id}`);
    for (const webhook of made) {
      const received = receiver.received.filter((one) => one.path === webhook.path);
      expect(received).toHaveLength(1);
      const parts = { id, webhookId: webhook.id, environmentId: webhook.environment_id, acceptedAt };
      for (const one of received) expectRequest(one, webhook, parts);
    }
    await untilSettled(product.pool, 10_000);
    await untilQuiet(product.pool);
    expect(await readTallies(product.pool)).toEqual(await recount(product.pool));
  }, 60_000);

  it('goes out as a test too, and the test counts for nothing', async () => {
    const { id, secret } = await product.api.createWebhook({
      url: receiver.url('/test'),
      tenant: 'tested',
      payload_format: 'standard',
      authentication: { type: 'bearer', token: `${secretMark}-2` },
    });
    madeSecrets.push(secret);
    const attempt = await product.api.send('POST', `/v1/webhooks/${id}/test`, `{"event_type":"a.test","data":${data}}`);
    expect(attempt.body).toMatchObject({ kind: 'test', succeeded: true, status_code: 200, delivery_id: null });
    const one = receiver.received.find(({ path }) => path === '/test');
    expect(one?.body.toString()).toMatch(/^\{"type":"a\.test","timestamp":"[^"]+","data":/);
    expect(one?.body.toString().endsWith(`"data":${data}}`)).toBe(true);
    expect(one?.headers.authorization).toBe(`Bearer ${secretMark}-2`);
    if (one !== undefined) verify(secret, one);
    expect(await call(product, 'GET', `/v1/webhooks/${id}`)).toMatchObject({ statistics: { attempts: 0, succeeded: 0 } });
    await untilQuiet(product.pool);
    expect(await readTallies(product.pool)).toEqual(await recount(product.pool));
  });
});

describe('a change of the format between two attempts', () => {
  it('changes the body of later events, and not that of a delivery that was made before', async () => {
    const { api } = product;
    const at = (): readonly Received[] => receiver.received.filter((one) => one.path === '/changed');
    receiver.answer(({ path }) => ({ status: path === '/changed' && at().length === 1 ? 500 : 200 }));
    const { id, secret } = await api.createWebhook({
      url: receiver.url('/changed'),
      tenant: 'changing',
      payload_format: 'envelope',
      include_resources: ['user'],
      retry_schedule_s: [3600],
    });
    madeSecrets.push(secret);
    const event = (type: string) => `{"event_type":"${type}","tenant":"changing","data":${data},"resources":${resources}}`;
    const before = await api.publish(event('changed.before'));
    await untilWebhook(product, id, ({ statistics }) => statistics.attempts === 1);
    await call(product, 'PATCH', `/v1/webhooks/${id}`, { payload_format: 'data', include_resources: [], headers: { 'x-new': 'yes' } });
    const after = await api.publish(event('changed.after'));
    await eventually(() => at().length === 2);
    await call(product, 'POST', `/v1/deliveries/${before}.${id}/retry`);
    const [first, second, third] = await eventually(() => at().length === 3 && at());
    expect(first?.headers['webhook-id']).toBe(before);
    expect(first?.body.toString()).toMatch(
      /^\{"event_time":"[^"]+","event_type":"changed.before","current_context":null,"data":.*,"included":\[\{"id":1\.0\}\]\}$/,
    );
    expect([second?.headers['webhook-id'], second?.body.toString()]).toEqual([after, data]);
    // The same bytes as before under today's headers.
    expect(third?.headers).toMatchObject({
      'webhook-id': before,
      'posthorn-attempt': '2',
      'x-new': 'yes',
      'content-type': 'application/json',
    });
    expect(third?.body).toEqual(first?.body);
    if (third !== undefined) verify(secret, third);
  }, 30_000);
});

describe('what is secret', () => {
  it('stands in no log and in no answer of the API', async () => {
    const { api, apiProcess, workers } = product;
    // A failure too, with all that is kept of it.
    receiver.answer({ status: 500, headers: { 'x-echo': 'no' }, body: 'failed' });
    await api.publish({ event_type: 'format.sent', tenant: 'formats', data: 1 });
    await receiver.waitFor(2 * 6 * 4 * 3);
    await eventually(async () => {
      const { rows } = await product.pool.query<{ n: number }>('select count(*)::int as n from attempts where status_code = 500');
      return (rows[0]?.n ?? 0) >= 6 * 4 * 3;
    });
    const webhooks = (await call(product, 'GET', '/v1/webhooks?limit=200')).data as readonly Made[];
    const answers = ['/v1/webhooks?limit=200', '/v1/deliveries?limit=200', '/openapi.json'].concat(
      webhooks.flatMap(({ id }) => ['', '/attempts', '/timeline', '/stats', '/versions'].map((route) => `/v1/webhooks/${id}${route}`)),
    );
    const texts = await Promise.all(answers.map(async (path) => [path, (await api.get(path)).text] as const));
    const logs = [apiProcess, ...workers].map((one, index) => [`the log of process ${index}`, one.output()] as const);
    const basic = Buffer.from(`${secretMark}3:${secretMark}:4`).toString('base64');
    expect(madeSecrets.length).toBeGreaterThan(70);
    for (const [where, text] of [...texts, ...logs])
      for (const secret of [secretMark, basic, ...madeSecrets]) expect([where, text.includes(secret)]).toEqual([where, false]);
    expect(texts.some(([, text]) => text.includes('x-my-key: <hidden>'))).toBe(true);
    // There is a log, at the lowest level.
    expect(logs.some(([, text]) => text.includes('"level":'))).toBe(true);
  }, 60_000);
});
