// Several machines: two APIs and three workers, one of which serves all shards and two a half each, on a Redis Cluster of three masters.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually, type Receiver, type RedisCluster, type StartedProcess, startReceiver, startRedisCluster } from '@posthorn/testkit';
import { request } from 'undici';
import type { ApiClient } from './support/api-client.js';
import { type Product, startProduct } from './support/product.js';
import { compareArrived, publishSteadily } from './support/publishing.js';

const shards = 6;
/** Of six shards at three masters of a third of the slots each. */
const shardsOfSecondMaster = [1, 5];
let cluster: RedisCluster;
let product: Product;
let receiver: Receiver;
let clients: readonly ApiClient[];

beforeAll(async () => {
  cluster = await startRedisCluster();
}, 90_000);
afterAll(() => cluster?.stop());

beforeEach(async () => {
  product = await startProduct({
    clusterUrl: cluster.url,
    workers: 0,
    env: { POSTHORN_QUEUE_SHARDS: `${shards}`, LOG_LEVEL: 'info' },
  });
  receiver = await startReceiver();
  const [other] = await Promise.all([
    product.startApi(),
    product.startWorker(),
    product.startWorker({ POSTHORN_WORKER_SHARDS: '0-2' }),
    product.startWorker({ POSTHORN_WORKER_SHARDS: '3,4,5' }),
  ]);
  clients = [product.api, other.client];
  // A short timeout makes short leases.
  await product.api.createWebhook({ url: receiver.url(), max_in_flight: 400, timeout_ms: 5_000 });
}, 180_000);
afterEach(async () => {
  await product?.stop();
  await receiver?.stop();
}, 90_000);

/** What a worker says of itself. */
const askWorker = async (worker: StartedProcess | undefined, path: '/readyz' | '/metrics'): Promise<string> =>
  (await request(`${/health on (http:[^)]+)\)/.exec(worker?.output() ?? '')?.[1]}${path}`)).body.text();
type Readiness = { readonly status: string; readonly degraded: Readonly<Record<string, string>> };
const readiness = async (worker: StartedProcess | undefined): Promise<Readiness> => JSON.parse(await askWorker(worker, '/readyz'));
const shardsMeasured = async (worker: StartedProcess | undefined, how: 'unserved' | 'unreachable'): Promise<number> =>
  Number(new RegExp(`^posthorn_queue_shards_${how} (\\d+)$`, 'm').exec(await askWorker(worker, '/metrics'))?.[1]);

const readQueue = async (): Promise<Record<string, unknown>> => (await product.api.get('/v1/deployment')).body.queue;

describe('on a cluster', () => {
  it('each event is delivered once, and every process says which shards it serves', async () => {
    const publishing = publishSteadily(() => clients);
    await publishing.more(600);
    await publishing.stop();
    expect(await compareArrived(product.pool, receiver, publishing.ids)).toEqual({ missing: [], repeats: 0 });
    const { body } = await product.api.get('/v1/deployment');
    const served = body.processes
      .filter(({ role }: { role: string }) => role === 'worker')
      .map((each: { shards: number[] }) => each.shards);
    expect(served).toEqual(
      expect.arrayContaining([
        [0, 1, 2, 3, 4, 5],
        [0, 1, 2],
        [3, 4, 5],
      ]),
    );
    expect(body.queue).toMatchObject({ shards, unserved_shards: [] });
    const isWhole = async (): Promise<boolean> => {
      const { is_reachable: isReachable, unreachable_shards: unreachable } = await readQueue();
      return isReachable === true && unreachable?.toString() === '';
    };
    await eventually(isWhole, { timeoutMs: 30_000 });
  }, 180_000);

  it('says which shards nobody serves any more', async () => {
    const [all, half] = product.workers;
    await Promise.all([all, half].map((worker) => worker?.kill()));
    await eventually(async () => (await readQueue()).unserved_shards?.toString() === '0,1,2', { timeoutMs: 30_000 });
    await eventually(() => product.workers.at(-1)?.output().includes('"msg":"queue.shards_unserved"'), { timeoutMs: 60_000 });
    const other = product.workers.at(-1);
    await eventually(async () => (await readiness(other)).degraded.shards?.includes('no worker serves 0, 1, 2'), { timeoutMs: 30_000 });
    expect(await readiness(other)).toMatchObject({ status: 'ready' });
    await eventually(async () => (await shardsMeasured(other, 'unserved')) === 3, { timeoutMs: 30_000 });
    const publishing = publishSteadily(() => clients);
    await publishing.more(100);
    await publishing.stop();
    await product.startWorker({ POSTHORN_WORKER_SHARDS: '0-2' });
    expect(await compareArrived(product.pool, receiver, publishing.ids)).toEqual({ missing: [], repeats: 0 });
    await eventually(async () => (await readQueue()).unserved_shards?.toString() === '', { timeoutMs: 30_000 });
    await eventually(async () => (await shardsMeasured(other, 'unserved')) === 0, { timeoutMs: 30_000 });
  }, 180_000);

  it.each(['kept', 'lost'] as const)(
    'a master that goes and comes back with its data %s: the others go on meanwhile, nothing is lost, and nothing sent twice',
    async (data) => {
      const publishing = publishSteadily(() => clients);
      await publishing.more(200);
      const [, master] = cluster.masters;
      await master!.kill();
      await eventually(async () => (await readQueue()).unreachable_shards?.toString() === shardsOfSecondMaster.toString(), {
        timeoutMs: 30_000,
      });
      // A process finds out shard by shard, and while it does not know yet, /readyz says what it knew a moment ago.
      const saysSo = async (ask: () => Promise<Readiness>): Promise<void> => {
        const said = await eventually(
          async () => {
            const one = await ask();
            return one.degraded.queue?.includes('shards 1, 5 not reachable') && one;
          },
          { timeoutMs: 30_000 },
        );
        expect(said).toMatchObject({ status: 'ready', problems: {} });
      };
      await saysSo(async () => (await product.api.get('/readyz')).body);
      for (const worker of product.workers) {
        await saysSo(() => readiness(worker));
        await eventually(async () => (await shardsMeasured(worker, 'unreachable')) === 2, { timeoutMs: 30_000 });
      }
      // All that was accepted while it was known to be gone arrives before it is back, and so does what it was to hand out.
      await publishing.more(200);
      const accepted = [...publishing.ids];
      await eventually(
        () => {
          const arrived = new Set(receiver.received.map((one) => one.headers['webhook-id']));
          const missing = accepted.filter((id) => !arrived.has(id));
          if (missing.length > 0) throw new Error(`${missing.length} have not arrived: ${missing.slice(0, 5)}`);
          return true;
        },
        { timeoutMs: 90_000, everyMs: 200 },
      );
      await master!.restart(data);
      await eventually(async () => (await readQueue()).unreachable_shards?.toString() === '', { timeoutMs: 60_000 });
      await publishing.more(200);
      await publishing.stop();
      expect(await compareArrived(product.pool, receiver, publishing.ids)).toEqual({ missing: [], repeats: 0 });
    },
    300_000,
  );
});
