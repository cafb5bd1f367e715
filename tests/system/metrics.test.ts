// The metrics of real processes: what is declared is there and nothing else is, labels keep to their lists, and the values are right.
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type MetricDefinition, metricList } from '@posthorn/telemetry';
import { eventually, type Receiver, startReceiver } from '@posthorn/testkit';
import { request } from 'undici';
import { type Family, parseExposition, sumOf } from './support/exposition.js';
import { type Product, startProduct, urlOf } from './support/product.js';
import { countWaiting, untilQuiet } from './support/truth.js';
import { call, untilWebhook } from './support/webhooks.js';

type Families = ReadonlyMap<string, Family>;

const published = 40;
const threshold = 3;

let product: Product;
let receiver: Receiver;
let broken: Receiver;
let api: Families;
let workers: readonly Families[];

const scrape = async (url: string): Promise<Families> => {
  const { statusCode, headers, body } = await request(`${url}/metrics`);
  expect([statusCode, headers['content-type']]).toEqual([200, expect.stringContaining('text/plain; version=0.0.4')]);
  return parseExposition(await body.text());
};
/** A slow server leaves what it is asked for to the next time. */
const scrapeWhole = (url: string): Promise<Families> =>
  eventually(
    async () => {
      const families = await scrape(url);
      const read = ['posthorn_postgres_reachable', 'posthorn_queue_reachable', 'posthorn_webhooks', 'posthorn_database_size_bytes'];
      return read.every((metric) => sumOf(families, metric) > 0) ? families : undefined;
    },
    { timeoutMs: 60_000, everyMs: 500 },
  );
const workerUrl = (output: string): string => /health on (http:[^)]+)\)/.exec(output)?.[1] ?? '';
const inWorkers = (metric: string, labels: Readonly<Record<string, string>> = {}): number =>
  workers.reduce((sum, worker) => sum + sumOf(worker, metric, labels), 0);

beforeAll(async () => {
  [product, receiver, broken] = await Promise.all([
    startProduct({ workers: 2 }),
    startReceiver(),
    startReceiver({ answer: { status: 503 } }),
  ]);
  await product.api.createWebhook({ url: receiver.url('/all') });
  await product.api.createWebhook({ url: receiver.url('/some'), event_types: ['b.*'] });
  const { id: paused } = await product.api.createWebhook({ url: receiver.url('/paused'), event_types: ['b.*'] });
  await call(product, 'POST', `/v1/webhooks/${paused}/pause`);
  const { id: disabled } = await product.api.createWebhook({ url: receiver.url('/disabled'), event_types: ['b.*'] });
  await call(product, 'POST', `/v1/webhooks/${disabled}/disable`);
  const failing = { url: broken.url(), event_types: ['c.*'], circuit_threshold: threshold, retry_schedule_s: [3600] };
  const { id: opening } = await product.api.createWebhook(failing);
  for (let n = 0; n < published / 2; n++) await product.api.publish({ event_type: 'a.one', data: n });
  await product.api.publishBatch(Array.from({ length: published / 2 - threshold }, (_, n) => ({ event_type: 'b.one', data: n })));
  for (let n = 0; n < threshold; n++) await product.api.publish({ event_type: 'c.one', data: n });
  await untilWebhook(product, opening, ({ circuit_state: circuit }) => circuit === 'open');
  await product.api.send('POST', '/v1/events', { event_type: 'posthorn.own', data: 1 });
  await product.api.send('POST', '/v1/events', '{');
  await product.api.get('/nowhere/at/all');
  await untilQuiet(product.pool);
  // Each is asked for the first time here, so that nothing it shows is of before.
  const urls = [urlOf(product.apiProcess), ...product.workers.map((each) => workerUrl(each.output()))];
  [api, ...workers] = (await Promise.all(urls.map(scrapeWhole))) as [Families, ...Families[]];
}, 120_000);
afterAll(async () => {
  await product?.stop();
  await Promise.all([receiver?.stop(), broken?.stop()]);
}, 60_000);

const declared = Object.values<MetricDefinition>(metricList);
const openapi = JSON.parse(readFileSync(new URL('../../docs/openapi.json', import.meta.url), 'utf8')) as { paths: Record<string, unknown> };

describe('the list of metrics', () => {
  it.each(['api', 'worker'] as const)('is what the %s shows, and nothing more', (role) => {
    for (const families of role === 'api' ? [api] : workers) {
      const shown = [...families.keys()].filter((name) => !/^(process|nodejs)_/.test(name)).sort();
      expect(shown).toEqual(
        declared
          .filter(({ roles }) => roles.includes(role))
          .map(({ name }) => name)
          .sort(),
      );
      expect(families.has('nodejs_eventloop_lag_p99_seconds')).toBe(true);
    }
  });

  it('has the types, the help and the labels', () => {
    const isFrom = (value: string, from: string): boolean =>
      from.startsWith('paths of the API') ? value === 'other' || value in openapi.paths : /^[\w.-]+$/.test(value);
    const strange = [api, ...workers].flatMap((families) =>
      declared.flatMap(({ name, type, help, labels }) => {
        const family = families.get(name);
        if (family === undefined) return [];
        expect([name, family.type, family.help]).toEqual([name, type, help]);
        return family.samples.flatMap((sample) => {
          const own = Object.entries(sample.labels).filter(([label]) => !(type === 'histogram' && label === 'le'));
          const isListed = own.every(([label, value]) => {
            const values = labels[label];
            if (values === undefined) return false;
            return 'from' in values ? isFrom(value, values.from) : values.includes(value);
          });
          return isListed && own.length === Object.keys(labels).length ? [] : [sample];
        });
      }),
    );
    expect(strange).toEqual([]);
  });

  it('shows 0 and not nothing', () => {
    const missing = [api, ...workers].flatMap((families) =>
      declared.filter(({ name, labels }) => {
        const family = families.get(name);
        return family !== undefined && family.samples.length === 0 && Object.values(labels).every((values) => !('from' in values));
      }),
    );
    expect(missing).toEqual([]);
    expect(sumOf(api, 'posthorn_requests_refused_total', { code: 'overloaded' })).toBe(0);
  });
});

describe('the values of metrics', () => {
  it('count what was published', () => {
    expect(sumOf(api, 'posthorn_events_accepted_total')).toBe(published);
    expect(sumOf(api, 'posthorn_commit_batch_events_sum')).toBe(published);
    expect(sumOf(api, 'posthorn_events_rejected_total')).toBe(2);
    expect(sumOf(api, 'posthorn_events_rejected_total', { code: 'not_json' })).toBe(1);
    const publishes = { route: '/v1/events', method: 'POST' };
    expect(sumOf(api, 'posthorn_http_requests_total', { ...publishes, status: '2xx' })).toBe(published / 2 + threshold);
    expect(sumOf(api, 'posthorn_http_requests_total', { ...publishes, status: '4xx' })).toBe(2);
    expect(sumOf(api, 'posthorn_http_requests_total', { route: 'other', status: '4xx' })).toBeGreaterThanOrEqual(1);
    expect(sumOf(api, 'posthorn_http_request_seconds_count', publishes)).toBe(published / 2 + threshold + 2);
  });

  it('count what was delivered', () => {
    expect(inWorkers('posthorn_attempts_total')).toBe(receiver.count() + broken.count());
    expect(inWorkers('posthorn_attempts_total', { outcome: 'succeeded', answer: '2xx' })).toBe(receiver.count());
    expect(inWorkers('posthorn_attempts_total', { outcome: 'retry', answer: '5xx' })).toBe(threshold);
    expect(inWorkers('posthorn_attempt_seconds_count')).toBe(receiver.count() + broken.count());
    expect(inWorkers('posthorn_delivery_seconds_count')).toBe(receiver.count());
    expect(inWorkers('posthorn_attempt_phase_seconds_count', { phase: 'first_byte' })).toBe(receiver.count() + broken.count());
    // What is told of the circuit is an event of our own, which is fanned out as well.
    expect(inWorkers('posthorn_events_fanned_out_total')).toBeGreaterThanOrEqual(published);
    expect(inWorkers('posthorn_dispatches_total', { outcome: 'finished' })).toBeGreaterThan(0);
    expect(inWorkers('posthorn_dispatches_total', { outcome: 'broken' })).toBe(0);
    expect(inWorkers('posthorn_flush_seconds_count')).toBeGreaterThan(0);
    expect(inWorkers('posthorn_flush_errors_total')).toBe(0);
  });

  it('tell the same of the whole in every process', async () => {
    const waiting = await countWaiting(product.pool);
    for (const families of [api, ...workers]) {
      expect(sumOf(families, 'posthorn_webhooks', { state: 'enabled' })).toBe(3);
      expect(sumOf(families, 'posthorn_webhooks', { state: 'paused' })).toBe(1);
      expect(sumOf(families, 'posthorn_webhooks', { state: 'disabled' })).toBe(1);
      expect(sumOf(families, 'posthorn_circuits', { state: 'open' })).toBe(1);
      expect(sumOf(families, 'posthorn_circuits', { state: 'closed' })).toBe(3);
      expect(sumOf(families, 'posthorn_deliveries_waiting', { state: 'held' })).toBe(waiting);
      expect(sumOf(families, 'posthorn_deliveries_waiting', { state: 'pending' })).toBe(0);
      expect(sumOf(families, 'posthorn_processes', { role: 'worker' })).toBe(2);
      expect(sumOf(families, 'posthorn_processes', { role: 'api' })).toBe(1);
      // Or one less after midnight.
      expect([6, 7]).toContain(sumOf(families, 'posthorn_partitions_ahead_days'));
      expect(sumOf(families, 'posthorn_partitions_overdue_days')).toBe(0);
      expect(sumOf(families, 'posthorn_database_size_bytes')).toBeGreaterThan(1e6);
      expect(sumOf(families, 'posthorn_queue_reachable')).toBe(1);
      expect(sumOf(families, 'posthorn_queue_shards_unserved')).toBe(0);
      expect(sumOf(families, 'posthorn_queue_shards_unreachable')).toBe(0);
      expect(sumOf(families, 'posthorn_postgres_reachable')).toBe(1);
      expect(sumOf(families, 'posthorn_redis_memory_bytes', { kind: 'used' })).toBeGreaterThan(1e5);
      expect(sumOf(families, 'posthorn_redis_evicted_keys')).toBe(0);
      expect(sumOf(families, 'posthorn_pool_connections')).toBeGreaterThan(0);
      expect(sumOf(families, 'posthorn_pool_connections_max', { pool: 'hot' })).toBeGreaterThan(0);
      expect(sumOf(families, 'posthorn_build_info')).toBe(1);
    }
    expect(inWorkers('posthorn_scheduler_rounds_total')).toBeGreaterThan(0);
  });

  const untilApi = (is: (families: Families) => boolean) =>
    eventually(async () => is(await scrape(urlOf(product.apiProcess))), { timeoutMs: 60_000, everyMs: 500 });

  it('tell of work that nobody takes, while no worker lives, and that it is over', async () => {
    for (const worker of product.workers) void worker.kill('SIGSTOP');
    for (let n = 0; n < 5; n++) await product.api.publish({ event_type: 'a.one', data: n });
    await untilApi(
      (families) =>
        sumOf(families, 'posthorn_ready_work', { lane: 'first' }) > 0 &&
        sumOf(families, 'posthorn_oldest_ready_age_seconds', { lane: 'first' }) > 1 &&
        sumOf(families, 'posthorn_scheduler_held') === 0 &&
        sumOf(families, 'posthorn_processes', { role: 'worker' }) === 0,
    );
    for (const worker of product.workers) void worker.kill('SIGCONT');
    await untilApi(
      (families) =>
        sumOf(families, 'posthorn_ready_work') === 0 &&
        sumOf(families, 'posthorn_oldest_ready_age_seconds') === 0 &&
        sumOf(families, 'posthorn_scheduler_held') === 1 &&
        sumOf(families, 'posthorn_processes', { role: 'worker' }) === 2,
    );
  }, 150_000);
});
