// How processes end: on time, in order, and without a word too little.
import { createServer, type Server } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { createHotPool } from '@posthorn/db';
import {
  type Answer,
  createTestDatabase,
  eventually,
  type Receiver,
  type StartedProcess,
  startProcess,
  startReceiver,
} from '@posthorn/testkit';
import { request } from 'undici';
import { startOwnPostgres } from './support/own-postgres.js';
import { command, type Product, startPosthorn, startProduct, urlOf } from './support/product.js';
import { readTallies, recount, untilSettled } from './support/truth.js';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
}, 60_000);

const starting = {
  POSTHORN_QUEUE: 'postgres',
  PORT: '0',
  POSTHORN_WORKER_PORT: '0',
  POSTHORN_ENCRYPTION_KEY: Buffer.alloc(32, 7).toString('base64'),
};

const opened = async (starting: Promise<Product>): Promise<Product> => {
  const product = await starting;
  closers.push(product.stop);
  return product;
};
const receiving = async (options: Parameters<typeof startReceiver>[0] = {}): Promise<Receiver> => {
  const receiver = await startReceiver(options);
  closers.push(receiver.stop);
  return receiver;
};

describe('a worker with requests that take longer than its stop may', () => {
  it('cuts them, records them as cut, and another one makes them again: the only requests that come twice', async () => {
    const product = await opened(startProduct({ workers: 2, env: { POSTHORN_SHUTDOWN_S: '5' } }));
    const { api, pool, workers } = product;
    let isHanging = true;
    const receiver = await receiving({ answer: ({ path }) => (path === '/hangs' && isHanging ? { hang: true } : {}) });
    const webhook = await api.createWebhook({
      url: receiver.url('/hangs'),
      timeout_ms: 30_000,
      event_types: ['hangs'],
      retry_schedule_s: [3_600],
    });
    await api.createWebhook({ url: receiver.url('/fine'), event_types: ['fine'] });
    // As many as one worker sends at once to an endpoint that has not answered yet.
    const hanging = await Promise.all(Array.from({ length: 4 }, () => api.publish({ event_type: 'hangs', data: 1 })));
    const fine = await Promise.all(Array.from({ length: 4 }, () => api.publish({ event_type: 'fine', data: 1 })));
    await receiver.waitFor(8);
    // They have left their dispatches: each is a delivery under a lease.
    await eventually(async () => (await pool.query('select 1 from deliveries where out')).rowCount === 4);
    isHanging = false;
    // One of the two had them, or both: both are restarted, in turn.
    for (const worker of [...workers]) {
      expect(await worker.kill('SIGTERM')).toEqual({ code: 0, signal: null });
      await product.startWorker();
    }
    await untilSettled(pool, 30_000);
    const arrived = (path: string) =>
      receiver.received.filter((one) => one.path === path).map(({ headers }) => `${headers['webhook-id']} ${headers['posthorn-attempt']}`);
    expect(arrived('/fine').sort()).toEqual(fine.map((id) => `${id} 1`).sort());
    expect(arrived('/hangs').sort()).toEqual(hanging.flatMap((id) => [`${id} 1`, `${id} 2`]).sort());
    const { rows } = await pool.query(
      'select n, kind, ok, error_kind, error, count(*)::int from attempts where webhook_id = $1 group by 1, 2, 3, 4, 5 order by n',
      [webhook.id],
    );
    expect(rows).toEqual([
      { n: 1, kind: 0, ok: false, error_kind: 8, error: 'Posthorn stopped before the answer was complete.', count: 4 },
      { n: 2, kind: 1, ok: true, error_kind: null, error: null, count: 4 },
    ]);
    // No failure of the endpoint: neither of its circuit nor of the schedule.
    const deliveries = await pool.query('select distinct failures from deliveries where webhook_id = $1', [webhook.id]);
    expect(deliveries.rows).toEqual([{ failures: 0 }]);
    expect((await api.get(`/v1/webhooks/${webhook.id}`)).body).toMatchObject({ circuit_failure_count: 0 });
    expect(await readTallies(pool)).toEqual(await recount(pool));
  }, 120_000);

  it('says once, when it starts, that a stop may be shorter than a request', async () => {
    const product = await opened(startProduct({ workers: 0, env: { POSTHORN_SHUTDOWN_S: '5' } }));
    await product.api.createWebhook({ url: 'http://127.0.0.1:9/', timeout_ms: 4_000 });
    const patient = await product.startWorker();
    expect(patient.output()).not.toContain('shutdown.shorter_than_timeout');
    await product.api.createWebhook({ url: 'http://127.0.0.1:9/', timeout_ms: 30_000 });
    const hasty = await product.startWorker();
    expect(hasty.output().match(/shutdown\.shorter_than_timeout/g)).toHaveLength(1);
  }, 90_000);
});

describe('a stop that cannot be completed', () => {
  it('ends all the same when its time is over, with a code of its own, and says what was open', async () => {
    const server = await startOwnPostgres('shutdown');
    closers.push(server.stop);
    const product = await opened(startProduct({ databaseUrl: server.url, env: { POSTHORN_SHUTDOWN_S: '4' } }));
    const { api, workers } = product;
    const answers: ((answer: Answer) => void)[] = [];
    const receiver = await receiving({ answer: () => new Promise<Answer>((resolve) => answers.push(resolve)) });
    await api.createWebhook({ url: receiver.url() });
    await api.publish({ event_type: 'a', data: 1 });
    await eventually(() => answers.length === 1);
    await server.kill();
    for (const answer of answers) answer({});
    const [worker] = workers;
    expect(await worker?.kill('SIGTERM')).toEqual({ code: 75, signal: null });
    expect(worker?.output()).toMatch(/not stopped within 4 s; still open: .*results to commit: \d/);
    await server.restart();
  }, 90_000);
});

describe('an API that is asked to stop', () => {
  it('answers what it has, refuses the rest with a problem, and is not ready meanwhile', async () => {
    const product = await opened(startProduct({ workers: 0 }));
    const { api, env } = product;
    const stopping = startPosthorn('api', env);
    closers.push(() => stopping.kill());
    await stopping.ready;
    const url = urlOf(stopping);
    const headers = { authorization: `Bearer ${env.POSTHORN_BOOTSTRAP_KEY}`, 'content-type': 'application/json' };
    let answer: (answer: Answer) => void = () => undefined;
    const receiver = await receiving({
      answer: () =>
        new Promise<Answer>((resolve) => {
          answer = resolve;
        }),
    });
    const webhook = await api.createWebhook({ url: receiver.url() });
    const stream = await request(`${url}/v1/stream`, { headers });
    const streamEnd = stream.body.text();
    const test = request(`${url}/v1/webhooks/${webhook.id}/test`, { method: 'POST', headers, body: '{}' });
    await receiver.waitFor(1);
    const ended = stopping.kill('SIGTERM');
    const unready = await eventually(async () => {
      const { statusCode, body } = await request(`${url}/readyz`);
      const text = await body.text();
      return statusCode === 503 ? JSON.parse(text) : undefined;
    });
    expect(unready).toMatchObject({ status: 'not ready', problems: { process: 'it is stopping' } });
    expect((await request(`${url}/healthz`)).statusCode).toBe(200);
    for (const [path, body] of [
      ['/v1/events', '{"event_type":"a","data":1}'],
      ['/v1/events/batch', '{"events":[{"event_type":"a","data":1}]}'],
    ] as const) {
      const refused = await request(`${url}${path}`, { method: 'POST', headers, body });
      expect(refused.statusCode).toBe(503);
      expect(refused.headers).toMatchObject({
        'content-type': expect.stringMatching(/^application\/problem\+json/),
        'retry-after': '1',
        connection: 'close',
      });
      expect(await refused.body.json()).toMatchObject({ code: 'overloaded', detail: expect.stringContaining('stopping') });
    }
    await streamEnd;
    answer({ status: 202 });
    const tested = await test;
    expect([tested.statusCode, await tested.body.json()]).toEqual([200, expect.objectContaining({ status_code: 202 })]);
    expect(await ended).toEqual({ code: 0, signal: null });
    const { rows } = await product.pool.query('select status_code from attempts where webhook_id = $1', [webhook.id]);
    expect(rows).toEqual([{ status_code: 202 }]);
  }, 90_000);
});

describe('a process that is asked to end while it starts', () => {
  /** A server that takes connections and never says a word. */
  const startSilent = async (): Promise<Server> => {
    const server = createServer((socket) => void socket.on('error', () => undefined));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closers.push(async () => {
      server.close();
    });
    return server;
  };
  const expectEndsEarly = async (process: StartedProcess, signal: NodeJS.Signals): Promise<void> => {
    expect(await process.kill(signal)).toEqual({ code: 0, signal: null });
    expect(process.output()).toContain(`stopping (${signal}) before it was ready`);
  };

  it.each(['api', 'worker'] as const)(
    '%s ends at once while it waits for Postgres',
    async (role) => {
      const env = { ...starting, DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' };
      const waiting = startPosthorn(role, env);
      closers.push(() => waiting.kill('SIGKILL'));
      await eventually(() => waiting.output().includes('waiting: '), { timeoutMs: 60_000 });
      await expectEndsEarly(waiting, role === 'api' ? 'SIGINT' : 'SIGTERM');
    },
    90_000,
  );

  it('a migration ends at once, undone, and with a code that says so', async () => {
    const database = await createTestDatabase();
    closers.push(database.drop);
    const pool = createHotPool({ url: database.url, max: 2, applicationName: 'test', onError: () => undefined });
    closers.push(() => pool.end());
    await pool.query('drop schema public cascade; create schema public');
    const holder = await pool.connect();
    closers.push(async () => holder.release(true));
    // It comes to this table, and waits.
    await holder.query('begin; create table webhooks ()');
    const migrating = startProcess({
      args: [command, 'migrate'],
      env: { ...starting, DATABASE_URL: database.url },
      name: 'posthorn migrate',
    });
    closers.push(() => migrating.kill('SIGKILL'));
    const waiting = `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
    await eventually(async () => (await pool.query(waiting)).rowCount === 1, { timeoutMs: 60_000 });
    expect(await migrating.kill('SIGTERM')).toEqual({ code: 75, signal: null });
    expect(migrating.output()).toBe('error: interrupted by SIGTERM: run it again\n');
    await holder.query('rollback');
    await eventually(async () => (await pool.query(`select 1 from pg_class where relname = 'webhooks'`)).rowCount === 0);
  }, 90_000);

  it('ends at once while Postgres takes the connection and says nothing', async () => {
    const silent = await startSilent();
    const address = silent.address() as { readonly port: number };
    let isAsked = false;
    silent.once('connection', () => {
      isAsked = true;
    });
    const waiting = startPosthorn('worker', { ...starting, DATABASE_URL: `postgres://nobody@127.0.0.1:${address.port}/none` });
    closers.push(() => waiting.kill('SIGKILL'));
    await eventually(() => isAsked, { timeoutMs: 60_000 });
    await expectEndsEarly(waiting, 'SIGTERM');
  }, 90_000);
});
