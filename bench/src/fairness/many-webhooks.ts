// A hundred thousand webhooks, every one of them known to the worker: what does it cost to do nothing?
import { cpuSecondsOfTree } from '../cpu.js';
import { residentMb } from '../process-memory.js';
import { launchProduct, type Product } from '../product.js';
import { type Servers, withRig } from '../rig.js';
import type { SinkAnswer } from '../sink.js';
import { webhookUrl } from '../system.js';
import { untilReached } from '../until-reached.js';
import type { Figure, Scenario } from './scenario.js';
import { insertTenants, type TenantRows } from './webhook-rows.js';
import { eventTypeOf } from './world.js';

const bigTenantWebhooks = 1_000;
const smallTenantWebhooks = 100;
const eventsPerTenant = 3;
const publishersMax = 16;
/** What is still under way after the last record (idle connections, V8 giving memory back in steps) is over by then. */
const settleMs = 60_000;
const idleMs = 20_000;
const sampleEveryMs = 500;

/** See `story`. */
export const manyWebhooks: Scenario = {
  name: 'many-webhooks',
  story:
    '100,000 webhooks in one environment: one tenant with 1,000, 990 with 100 each. Every tenant gets 3 events, so that the worker has ' +
    'compiled them all; 60 s later its CPU time and memory are watched for 20 s in which nothing happens.',
  run: (servers, quick) => measure(servers, quick ? 10_000 : 100_000),
};

function measure(servers: Servers, webhooks: number): Promise<readonly Figure[]> {
  return withRig(servers, 'redis', async ({ database, redis, sink, opened }) => {
    const product = await opened(launchProduct({ databaseUrl: database.url, redisUrl: redis?.url }), (it) => it.stop());
    const tenants = tenantsOf(webhooks);
    await insertTenants(database.pool, tenants, webhookUrl(`http://127.0.0.1:${sink.port}`, 0), eventTypeOf);
    const worker = await product.startWorker();
    await publishToAll(product, tenants);
    const events = tenants.length * eventsPerTenant;
    await untilReached('requests at the sink', events, product, async () => (await sink.ask<SinkAnswer>({ name: 'progress' })).requests);
    await untilReached('deliveries succeeded', events, product, async () => {
      const { rows } = await database.pool.query<{ count: number }>(`select count(*)::int as count from deliveries where status = 1`);
      return rows[0]!.count;
    });
    const { counted } = await sink.ask<SinkAnswer>({ name: 'report' });
    if (counted?.ids !== events || counted.duplicates > 0)
      throw new Error(`of ${events} events ${counted?.ids} came to the sink, ${counted?.duplicates} of them twice`);
    await passTime(settleMs);
    return watchIdle(worker.pid);
  });
}

function tenantsOf(webhooks: number): readonly TenantRows[] {
  const small = (webhooks - bigTenantWebhooks) / smallTenantWebhooks;
  const big = { key: 'big', webhooks: bigTenantWebhooks };
  return [big, ...Array.from({ length: small }, (_, index) => ({ key: `small${index}`, webhooks: smallTenantWebhooks }))];
}

async function publishToAll(product: Product, tenants: readonly TenantRows[]): Promise<void> {
  const events = Array.from({ length: eventsPerTenant }, (_, index) =>
    tenants.map(({ key }) => ({ tenant: key, event_type: eventTypeOf(index), data: { id: index } })),
  ).flat();
  const publish = async (): Promise<void> => {
    for (let event = events.shift(); event !== undefined; event = events.shift()) await product.call('/v1/events', event);
  };
  await Promise.all(Array.from({ length: publishersMax }, publish));
}

async function watchIdle(pid: number): Promise<readonly Figure[]> {
  const startedAt = performance.now();
  const cpuBefore = cpuSecondsOfTree(pid);
  let residentMostMb = 0;
  while (performance.now() - startedAt < idleMs) {
    residentMostMb = Math.max(residentMostMb, residentMb(pid).now);
    await passTime(sampleEveryMs);
  }
  const cpuAfter = cpuSecondsOfTree(pid);
  if (cpuBefore === null || cpuAfter === null) throw new Error('no CPU times on this system');
  const elapsedS = (performance.now() - startedAt) / 1000;
  return [
    {
      name: 'worker: idle CPU',
      unit: '% of a core',
      value: (100 * (cpuAfter - cpuBefore)) / elapsedS,
      bar: { of: 'value', relation: '<', limit: 1 },
    },
    { name: 'worker: resident memory, idle', unit: 'MB', value: residentMostMb, bar: { of: 'value', relation: '≤', limit: 300 } },
    { name: 'worker: most resident memory since its start', unit: 'MB', value: residentMb(pid).most },
  ];
}

const passTime = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
