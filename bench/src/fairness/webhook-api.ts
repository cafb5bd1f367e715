// A hundred thousand webhooks made over the API, one request each: how long that takes, and how fast they are listed afterwards.
import { percentile } from '../percentiles.js';
import { launchProduct, type Product } from '../product.js';
import { type Servers, withRig } from '../rig.js';
import { webhookUrl } from '../system.js';
import type { Figure, Scenario } from './scenario.js';

const tenants = 100;
const makersMax = 16;
const warmUps = 20;
const reads = 300;
const lists = [
  ['newest first', ''],
  ['by name', '?sort=name'],
  ['last changed first', '?sort=-updated_at'],
  ['of one tenant', '?tenant=tenant0'],
  ['for one event type', '?event_type=order.7'],
  ['by status', '?status=active'],
] as const;

/** See `story`. */
export const webhookApi: Scenario = {
  name: 'webhook-api',
  story:
    `100,000 webhooks of ${tenants} tenants are made over the API, ${makersMax} requests at a time. Then the first page (50) of their list is read ` +
    `${reads} times, one request after the other, in each of several orders and with each of several filters.`,
  run: (servers, quick) => measure(servers, quick ? 5_000 : 100_000),
};

function measure(servers: Servers, webhooks: number): Promise<readonly Figure[]> {
  return withRig(servers, 'redis', async ({ database, redis, sink, opened }) => {
    const product = await opened(launchProduct({ databaseUrl: database.url, redisUrl: redis?.url }), (it) => it.stop());
    const startedAt = performance.now();
    await makeAll(product, webhooks, webhookUrl(`http://127.0.0.1:${sink.port}`, 0));
    const elapsedS = (performance.now() - startedAt) / 1000;
    const { rows } = await database.pool.query<{ count: number }>('select count(*)::int as count from webhooks');
    if (rows[0]!.count !== webhooks) throw new Error(`of ${webhooks} webhooks there are ${rows[0]!.count}`);
    const figures: Figure[] = [
      { name: 'webhooks made', unit: 'one a request', value: webhooks },
      { name: 'time to make them', unit: 's', value: elapsedS, bar: { of: 'value', relation: '≤', limit: 600 } },
    ];
    for (const [order, query] of lists) figures.push(await readList(product, order, query));
    return figures;
  });
}

async function makeAll(product: Product, webhooks: number, url: string): Promise<void> {
  let next = 0;
  const make = async (): Promise<void> => {
    for (let index = next++; index < webhooks; index = next++) {
      const tenant = `tenant${index % tenants}`;
      await product.call('/v1/webhooks', {
        tenant,
        name: `webhook ${index}`,
        code: `webhook_${index}`,
        url,
        event_types: [`order.${index % 50}`],
      });
    }
  };
  await Promise.all(Array.from({ length: makersMax }, make));
}

async function readList(product: Product, order: string, query: string): Promise<Figure> {
  const durations: number[] = [];
  for (let read = 0; read < warmUps + reads; read += 1) {
    const startedAt = performance.now();
    const { data } = await product.call<{ data: readonly unknown[] }>(`/v1/webhooks${query}`);
    if (data.length === 0) throw new Error(`the list ${query} is empty`);
    if (read >= warmUps) durations.push(performance.now() - startedAt);
  }
  return {
    name: `first page ${order}: p99`,
    unit: 'ms',
    value: percentile(durations, 0.99),
    bar: { of: 'value', relation: '≤', limit: 50 },
  };
}
