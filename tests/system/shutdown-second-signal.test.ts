// A process that is asked to end twice: within two seconds it is one wish (npm passes Ctrl-C on beside the terminal), later it ends at once, with a code that says
// that it left something undone. What it left is made again.
import { afterEach, describe, expect, it } from '@jest/globals';
import { type Answer, eventually, type ProcessEnd, type Receiver, type StartedProcess, startReceiver } from '@posthorn/testkit';
import { request } from 'undici';
import { type Product, startPosthorn, startProduct, urlOf } from './support/product.js';
import { readTallies, recount, untilSettled } from './support/truth.js';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
}, 60_000);

/** A stop that waits for longer than the test runs. */
const env = { POSTHORN_SHUTDOWN_S: '600' };
const stopping = 'stopping (SIGTERM)';

const opened = async (starting: Promise<Product>): Promise<Product> => {
  const product = await starting;
  closers.push(product.stop);
  return product;
};
/** Answers when it is told to. */
const holding = async (): Promise<{ readonly receiver: Receiver; readonly answer: () => void }> => {
  const waiting: ((answer: Answer) => void)[] = [];
  let isHolding = true;
  const receiver = await startReceiver({ answer: () => (isHolding ? new Promise<Answer>((resolve) => waiting.push(resolve)) : {}) });
  closers.push(receiver.stop);
  return {
    receiver,
    answer: () => {
      isHolding = false;
      for (const one of waiting) one({});
    },
  };
};

/** Signals again and again until it ends. */
const insist = async (process: StartedProcess): Promise<ProcessEnd> => {
  let end: ProcessEnd | undefined;
  void process.exited.then((ended) => {
    end = ended;
  });
  return eventually(
    () => {
      if (end === undefined) void process.kill('SIGTERM');
      return end;
    },
    { timeoutMs: 30_000, everyMs: 100 },
  );
};

describe('a worker with an open request that is asked to end', () => {
  it('twice at once stops in order', async () => {
    const product = await opened(startProduct({ env }));
    const { receiver, answer } = await holding();
    const webhook = await product.api.createWebhook({ url: receiver.url(), timeout_ms: 30_000 });
    await product.api.publish({ event_type: 'a', data: 1 });
    await receiver.waitFor(1);
    const worker = product.workers[0] as StartedProcess;
    void worker.kill('SIGINT');
    const ended = worker.kill('SIGTERM');
    await eventually(() => /stopping \(SIG(INT|TERM)\)/.test(worker.output()));
    answer();
    expect(await ended).toEqual({ code: 0, signal: null });
    expect(worker.output().match(/stopping|ending at once/g)).toEqual(['stopping']);
    const { rows } = await product.pool.query('select n, ok, error_kind from attempts where webhook_id = $1', [webhook.id]);
    expect(rows).toEqual([{ n: 1, ok: true, error_kind: null }]);
  }, 90_000);

  it('again ends at once, with a code that says so; another one makes the request again', async () => {
    const product = await opened(startProduct({ env }));
    const { receiver, answer } = await holding();
    await product.api.createWebhook({ url: receiver.url(), timeout_ms: 30_000 });
    const id = await product.api.publish({ event_type: 'a', data: 1 });
    await receiver.waitFor(1);
    const worker = product.workers[0] as StartedProcess;
    void worker.kill('SIGTERM');
    await eventually(() => worker.output().includes(stopping));
    expect(await insist(worker)).toEqual({ code: 75, signal: null });
    expect(worker.output()).toContain('ending at once (SIGTERM)');
    answer();
    await product.startWorker();
    await untilSettled(product.pool, 90_000);
    const { rows } = await product.pool.query('select status from deliveries where event_id = $1', [id]);
    expect(rows).toEqual([{ status: 1 }]);
    // Nobody saw the first answer: it was sent once more, under the same id.
    expect(receiver.received.map(({ headers }) => headers['webhook-id'])).toEqual([id, id]);
    expect(await readTallies(product.pool)).toEqual(await recount(product.pool));
  }, 200_000);
});

describe('an API with a request to answer that is asked to end', () => {
  it('twice at once answers it; again ends at once, with a code that says so', async () => {
    const product = await opened(startProduct({ workers: 0, env }));
    const { receiver, answer } = await holding();
    const webhook = await product.api.createWebhook({ url: receiver.url(), timeout_ms: 30_000 });
    const headers = { authorization: `Bearer ${product.env.POSTHORN_BOOTSTRAP_KEY}`, 'content-type': 'application/json' };
    const startTested = async () => {
      const api = startPosthorn('api', product.env);
      closers.push(() => api.kill('SIGKILL'));
      await api.ready;
      const arrived = receiver.count();
      const test = request(`${urlOf(api)}/v1/webhooks/${webhook.id}/test`, { method: 'POST', headers, body: '{}' }).then(
        ({ statusCode }) => statusCode,
        (error: NodeJS.ErrnoException) => error.code,
      );
      await receiver.waitFor(arrived + 1);
      return { api, test };
    };

    const [patient, hasty] = [await startTested(), await startTested()];
    void patient.api.kill('SIGINT');
    const ended = patient.api.kill('SIGTERM');
    await eventually(() => /stopping \(SIG(INT|TERM)\)/.test(patient.api.output()));
    void hasty.api.kill('SIGTERM');
    await eventually(() => hasty.api.output().includes(stopping));
    expect(await insist(hasty.api)).toEqual({ code: 75, signal: null });
    expect(hasty.api.output()).toContain('ending at once (SIGTERM)');
    expect(await hasty.test).toBe('UND_ERR_SOCKET');

    answer();
    expect(await patient.test).toBe(200);
    expect(await ended).toEqual({ code: 0, signal: null });
    expect(patient.api.output()).not.toContain('ending at once');
  }, 120_000);
});
