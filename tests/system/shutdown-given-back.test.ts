// What a worker has taken and not begun when it is asked to stop: it is given back, so that another worker has it at once and not when its lease is over.
import { afterEach, expect, it } from '@jest/globals';
import { eventually, type StartedProcess, startReceiver } from '@posthorn/testkit';
import { startProduct } from './support/product.js';
import { countTaken } from './support/redis.js';
import { untilSettled } from './support/truth.js';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
}, 60_000);

it('a dispatch whose job was taken is due when its worker has stopped, and is sent once', async () => {
  const product = await startProduct();
  closers.push(product.stop);
  const receiver = await startReceiver();
  closers.push(receiver.stop);
  const { api, pool, redis } = product;
  const worker = product.workers[0] as StartedProcess;
  await api.createWebhook({ url: receiver.url() });
  // The circuits cannot be read any more: the worker begins nothing as long as that is so.
  const holder = await pool.connect();
  closers.push(async () => holder.release(true));
  await holder.query('begin; lock table webhook_state in access exclusive mode');
  const health = /health on (http:[^\s")]+)/.exec(worker.output())?.[1];
  await eventually(async () => (await (await fetch(`${health}/readyz`)).text()).includes('circuits'), { timeoutMs: 30_000 });
  const id = await api.publish({ event_type: 'a', data: 1 });
  await eventually(async () => (await countTaken(redis.url)) === 1, { timeoutMs: 20_000 });
  const ended = worker.kill('SIGTERM');
  await eventually(() => worker.output().includes('stopping (SIGTERM)'));
  await holder.query('rollback');
  expect(await ended).toEqual({ code: 0, signal: null });

  const { rows } = await pool.query('select claim, lease_until <= now() as is_due from dispatches');
  expect(rows).toEqual([{ claim: 0, is_due: true }]);
  expect(await countTaken(redis.url)).toBe(0);
  await product.startWorker();
  await untilSettled(pool, 60_000);
  expect(receiver.received.map(({ headers }) => [headers['webhook-id'], headers['posthorn-attempt']])).toEqual([[id, '1']]);
}, 120_000);
