// The number of shards is changed under steady publishing while processes come and go: nothing is lost, nothing is sent twice.
import { afterEach, expect, it } from '@jest/globals';
import { eventually, type Receiver, type StartedProcess, startProcess, startReceiver } from '@posthorn/testkit';
import type { ApiClient } from './support/api-client.js';
import { command, type Product, startProduct } from './support/product.js';
import { compareArrived, publishSteadily } from './support/publishing.js';

let product: Product | undefined;
let receiver: Receiver | undefined;
afterEach(async () => {
  await product?.stop();
  await receiver?.stop();
}, 90_000);

const runQueue = (on: Product, ...args: readonly string[]): StartedProcess =>
  startProcess({ args: [command, 'queue', ...args], env: on.env, name: `posthorn queue ${args.join(' ')}` });

const ended = { code: 0, signal: null };

it.each(['redis', 'postgres'] as const)(
  'goes from 2 to 6 and to 3, with the command killed once, and processes with the old and the new number: queue in %s',
  async (queue) => {
    const on = await startProduct({ queue, workers: 2, env: { POSTHORN_QUEUE_SHARDS: '2' } });
    product = on;
    receiver = await startReceiver();
    await on.api.createWebhook({ url: receiver.url(), max_in_flight: 400, timeout_ms: 5_000 });
    const other = await on.startApi();
    let clients: readonly ApiClient[] = [on.api, other.client];
    const publishing = publishSteadily(() => clients);
    const readQueue = async () => (await on.api.get('/v1/deployment')).body.queue;
    await publishing.more(200);

    const grow = runQueue(on, 'shards', '6');
    await eventually(() => grow.output().includes('going from 2 to 6'), { timeoutMs: 30_000 });
    // While it changes, both numbers are right.
    const [old] = on.workers;
    const [, end] = await Promise.all([on.startWorker({ POSTHORN_QUEUE_SHARDS: '6' }), old?.kill(), grow.exited]).then((all) => [
      all[0],
      all[2],
    ]);
    expect([end, grow.output()]).toEqual([ended, expect.stringContaining('Set POSTHORN_QUEUE_SHARDS=6')]);
    await publishing.more(200);
    expect(await readQueue()).toMatchObject({ shards: 6, unserved_shards: [] });

    const killed = runQueue(on, 'shards', '3');
    await eventually(async () => (await readQueue()).shards === 3, { timeoutMs: 30_000 });
    await killed.kill('SIGKILL');
    clients = [on.api, (await on.startApi({ POSTHORN_QUEUE_SHARDS: '3' })).client];
    await publishing.more(200);
    const shrink = runQueue(on, 'shards', '3');
    expect(await shrink.exited).toEqual(ended);
    await publishing.more(200);
    await publishing.stop();
    expect(await compareArrived(on.pool, receiver, publishing.ids)).toEqual({ missing: [], repeats: 0 });

    const status = runQueue(on, 'status');
    expect(await status.exited).toEqual(ended);
    expect(status.output()).toMatch(/shards: 3\nshard 0 {2}0 jobs {2}served by 2\n/);
    expect(status.output()).not.toContain('shard 3');
    const late = on.startWorker({ POSTHORN_QUEUE_SHARDS: '6' });
    await expect(late).rejects.toThrow('queue shards: this process 6, the installation 3');
  },
  240_000,
);
