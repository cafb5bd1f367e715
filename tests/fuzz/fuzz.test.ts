// Every operation of the OpenAPI document is asked with what it allows, with what it does not, and with what nobody should send.
import { randomInt } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { eventually, fuzzSettings, type Receiver, startReceiver } from '@posthorn/testkit';
import { documentCheckFrom } from '../../apps/api/tests/document-check.js';
import { type Product, startProduct } from '../system/support/product.js';
import { type FuzzReport, fuzz } from './fuzz.js';
import { createKnown } from './known.js';
import type { OpenapiDocument } from './requests.js';

const settings = fuzzSettings();
const count = settings.requests ?? 100_000;
/** Of some hundred operations: those that need more luck than a fuzz has, such as a restore of a version. */
const untakenMost = 10;
const seed = settings.seed ?? randomInt(2 ** 30);

let product: Product;
let receiver: Receiver;
let report: FuzzReport;
let document: OpenapiDocument;

const keyOf = async (role: string, tenant?: string): Promise<string> => {
  const made = await product.api.send('POST', '/v1/api-keys', { role, ...(tenant !== undefined && { tenant }) });
  if (made.status !== 201) throw new Error(made.text);
  return made.body.key;
};

beforeAll(async () => {
  product = await startProduct({ workers: 1, queue: 'postgres' });
  receiver = await startReceiver();
  const { api } = product;
  // Something of everything: deliveries that arrived and that did not, and what is told of them.
  receiver.answer(({ path }) => ({ status: path.startsWith('/bad') ? 500 : 200 }));
  // The fuzz may erase any tenant but `bound`, whose keys it has.
  for (const tenant of ['acme', 'bound']) {
    await api.createWebhook({ url: receiver.url('/good'), tenant, name: 'good' });
    await api.createWebhook({ url: receiver.url('/bad'), tenant, name: 'bad', circuit_threshold: 3, retry_schedule_s: [1] });
    for (let index = 0; index < 5; index += 1) await api.publish({ event_type: 'order.created', tenant, data: { index } });
  }
  await eventually(
    async () =>
      (await api.get('/v1/deliveries?limit=200')).body.data.filter((one: { status: string }) => one.status === 'succeeded').length >= 10,
  );
  await Promise.all(product.workers.map((worker) => worker.kill('SIGTERM')));

  const known = createKnown([
    receiver.url('/fuzz'),
    receiver.url('/bad/fuzz'),
    'http://127.0.0.1:9/',
    'https://127.0.0.1:9/',
    'http://10.0.0.1/',
    'http://169.254.169.254/',
  ]);
  for (const [path, kind] of [
    ['/v1/webhooks', '/v1/webhooks'],
    ['/v1/events', '/v1/events'],
    ['/v1/deliveries', '/v1/deliveries'],
  ] as const)
    for (const one of (await api.get(path)).body.data) known.add(kind, one.id);
  const admin = String(product.env.POSTHORN_BOOTSTRAP_KEY);
  const others = await Promise.all([
    keyOf('operator'),
    keyOf('publisher'),
    keyOf('viewer'),
    keyOf('channel', 'bound'),
    keyOf('admin', 'bound'),
  ]);
  document = (await api.get('/openapi.json')).body as OpenapiDocument;
  report = await fuzz({
    url: api.url,
    document,
    keys: [admin, admin, admin, admin, admin, admin, ...others, null, 'ph_test_unknown'],
    known,
    count,
    seed,
    check: documentCheckFrom(document),
  });
}, 900_000);

afterAll(async () => {
  await product?.stop();
  await receiver?.stop();
}, 60_000);

it('never fails, never shows its inside, and answers as the document says', () => {
  process.stdout.write(`fuzz: ${JSON.stringify({ seed, statuses: report.statuses, taken: report.taken.size })}\n`);
  expect({ seed, findings: report.findings }).toEqual({ seed, findings: [] });
  expect(report.requests).toBe(count);
});

it('gets in: of nearly every operation something was taken', () => {
  const all = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
  );
  const untaken = all.filter((operation) => !report.taken.has(operation));
  expect({ untaken, isFew: untaken.length <= untakenMost }).toEqual({ untaken, isFew: true });
});

it('is alive and well afterwards: it accepts an event', async () => {
  await product.api.publish({ event_type: 'order.created', data: {} });
  expect(product.apiProcess.output()).not.toMatch(/"level":(50|60)/);
});
