// Clients that mean harm, against a process of its own: each is refused with a clear answer or its connection is closed, while others are answered
// as ever and the event loop is not held up.
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestDatabase, eventually, makeTemporaryDirectory, type StartedProcess, startProcess, startRedis } from '@posthorn/testkit';
import { type ApiClient, createApiClient, inParallel } from './support/api-client.js';
import { command, newAdminKey, urlOf } from './support/product.js';
import { drip, openRaw, type Raw, say, type Talk } from './support/raw-client.js';

const probe = fileURLToPath(new URL('support/event-loop-probe.mjs', import.meta.url));
/** What the issue asks for, and how much more it may be on a machine that is busy with other things, by what it was before. */
const lagMsMax = 100;
const lagFactorMax = 3;
const closers: (() => Promise<unknown>)[] = [];
const key = newAdminKey();
let server: StartedProcess;
let api: ApiClient;
let port: number;

beforeAll(async () => {
  const database = await createTestDatabase();
  closers.push(database.drop);
  const redis = await startRedis();
  closers.push(redis.stop);
  const folder = await makeTemporaryDirectory('hostile-clients');
  closers.push(folder.cleanup);
  server = startProcess({
    args: ['--import', probe, command, 'api'],
    env: {
      DATABASE_URL: database.url,
      REDIS_URL: redis.url,
      PORT: '0',
      POSTHORN_DATA_DIR: folder.path,
      POSTHORN_BOOTSTRAP_KEY: key,
      POSTHORN_ENCRYPTION_KEY: Buffer.alloc(32, 7).toString('base64'),
      LOG_LEVEL: 'warn',
    },
    name: 'posthorn api',
    readyWhen: /posthorn api listens on (http:\S+)/,
    readyTimeoutMs: 60_000,
  });
  closers.push(() => server.kill('SIGTERM'));
  await server.ready;
  api = createApiClient(urlOf(server), key);
  closers.push(api.close);
  port = Number(new URL(api.url).port);
}, 120_000);
afterAll(async () => {
  for (const close of closers.reverse()) await close();
});

type Lag = { readonly told: number; readonly p50: number; readonly p99: number; readonly max: number };
let told = 0;
/** How late the event loop was since this was asked last. */
const readLag = (): Promise<Lag> => {
  process.kill(server.pid, 'SIGUSR2');
  told += 1;
  return eventually(() => {
    const lags = [...server.output().matchAll(/event loop (\{.*\})/g)].map(([, json = '']) => JSON.parse(json) as Lag);
    return lags.find((lag) => lag.told === told);
  });
};

const id = '01890a5d-ac96-774b-bcce-b302099a8057';
const authorized = `authorization: Bearer ${key}\r\n`;
const head = (method: string, path: string, ...lines: readonly string[]): string =>
  `${method} ${path} HTTP/1.1\r\nhost: a\r\n${authorized}${lines.map((line) => `${line}\r\n`).join('')}\r\n`;
const posts = (path: string, ...lines: readonly string[]): string => head('POST', path, 'content-type: application/json', ...lines);
const closing = 'connection: close';

/** Where bodies are taken, each read in its own way. */
const bodyRoutes = [
  '/v1/events',
  '/v1/events/batch',
  '/v1/webhooks',
  '/v1/webhooks/import',
  `/v1/webhooks/${id}/test`,
  '/v1/explain',
  '/v1/event-types',
  '/v1/replays',
  '/v1/tenants',
  '/v1/api-keys',
  '/api/webhooks',
  '/webhook',
  '/compat/cot/webhooks',
  '/compat/flow/webhooks',
  '/console/session',
  `/unsubscribe/${id}`,
];
const brackets = Buffer.alloc(2 * 1024 * 1024, '[');
const inEvents = Buffer.concat([Buffer.from('{"events":'), brackets]);
const numbers = Buffer.from(`{"events":[${'0,'.repeat(2 * 1024 * 1024)}0]}`);
const members = Buffer.from(`{${Array.from({ length: 300_000 }, (_, index) => `"k${index}":0`).join()}}`);
const bomb = gzipSync(Buffer.alloc(200 * 1024 * 1024));
const withBody = (path: string, body: Buffer, ...lines: readonly string[]) =>
  say(port, posts(path, `content-length: ${body.length}`, closing, ...lines), body);

type Attack = readonly [what: string, statuses: readonly (number | null)[], work: () => Promise<readonly Talk[]>];
const times = <T>(count: number, work: (index: number) => Promise<T>): Promise<readonly T[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => work(index)));
const one = async (work: Promise<Talk>): Promise<readonly Talk[]> => [await work];

/** null: closed without a word. */
const attacks: readonly Attack[] = [
  ['headers byte by byte', [408], () => times(50, () => drip(port, 'GET /v1/webhooks HTTP/1.1\r\nx: ', 'a', 300))],
  ['a body byte by byte', [408], () => times(50, () => drip(port, posts('/v1/webhooks', 'content-length: 60000'), ' ', 300))],
  [
    '2 MB of [ at every route',
    [413, 422, 401, 404],
    () => times(bodyRoutes.length, (index) => withBody(bodyRoutes[index] ?? '', brackets)),
  ],
  ['2 MB of [ as events', [422], () => one(withBody('/v1/events/batch', inEvents))],
  ['two million numbers as events', [422], () => one(withBody('/v1/events/batch', numbers))],
  ['300,000 members', [422], () => one(withBody('/v1/events/batch', members))],
  ['300,000 members to import', [413, 422], () => one(withBody('/v1/webhooks/import', members))],
  ['a gzip bomb', [415, 413], () => times(bodyRoutes.length, (index) => withBody(bodyRoutes[index] ?? '', bomb, 'content-encoding: gzip'))],
  ['10,000 headers', [431], () => times(10, () => say(port, `GET / HTTP/1.1\r\nhost: a\r\n${'x: y\r\n'.repeat(10_000)}\r\n`))],
  [
    '1,000 headers that are short',
    [431],
    () => times(10, () => say(port, head('GET', '/v1/webhooks', closing, ...Array.from({ length: 1_000 }, () => 'x:')))),
  ],
  ['a header of 1 MB', [431], () => times(10, () => say(port, head('GET', '/', `x: ${'a'.repeat(1024 * 1024)}`)))],
  ['a path of 1 MB', [431], () => times(10, () => say(port, head('GET', `/${'a'.repeat(1024 * 1024)}`)))],
  ['bytes that are not UTF-8', [400], () => one(withBody('/v1/webhooks', Buffer.from('{"name":"\xff\xfe"}', 'latin1')))],
  ['NUL in a body', [400], () => one(withBody('/v1/webhooks', Buffer.from('{"name":"\0"}')))],
  ['NUL in a header', [400], () => one(say(port, head('GET', '/v1/webhooks', 'x: a\0b')))],
  ['two lengths', [400], () => one(say(port, posts('/v1/events', 'content-length: 2', 'content-length: 3'), '{}}'))],
  [
    'a length and chunks',
    [400],
    () => one(say(port, posts('/v1/events', 'content-length: 2', 'transfer-encoding: chunked'), '2\r\n{}\r\n0\r\n\r\n')),
  ],
  ['a length that is none', [400], () => one(say(port, posts('/v1/events', 'content-length: -1'), '{}'))],
  ['chunks that are none', [400], () => one(say(port, posts('/v1/events', 'transfer-encoding: chunked'), 'zz\r\n{}\r\n'))],
  ['no HTTP', [400], () => one(say(port, 'SSH-2.0-OpenSSH_9.2\r\n'))],
];

/** A body in chunks that never ends, as fast as it is taken. */
const endlessChunks = async (): Promise<Talk> => {
  const { socket, closed } = await openRaw(port);
  const chunk = `10000\r\n${' '.repeat(65_536)}\r\n`;
  socket.write(posts('/v1/webhooks', 'transfer-encoding: chunked'));
  const more = (): void => {
    while (!socket.destroyed && socket.write(chunk));
  };
  socket.on('drain', more);
  more();
  return closed;
};

/** So many requests before the first answer is read; how many were answered. */
const pipelined = async (count: number): Promise<number> => {
  const { socket } = await openRaw(port);
  let seen = 0;
  socket.on('data', (text: string) => {
    seen += text.split('HTTP/1.1 200').length - 1;
  });
  socket.write(head('GET', '/healthz').repeat(count));
  await eventually(() => seen >= count || socket.destroyed, { timeoutMs: 60_000 });
  socket.destroy();
  return seen;
};

/** Asks and publishes, one after the other, until it is told to stop; every answer is what it would be on a quiet day. */
const healthy = () => {
  let isOver = false;
  const latencies: number[] = [];
  const done = (async () => {
    while (!isOver) {
      const beganMs = performance.now();
      expect((await api.get('/v1/webhooks')).status).toBe(200);
      await api.publish({ event_type: 'order.placed', data: {} });
      latencies.push(performance.now() - beganMs);
    }
  })();
  return {
    stop: async (): Promise<readonly number[]> => {
      isOver = true;
      await done;
      return latencies.sort((left, right) => left - right);
    },
  };
};

describe('clients that mean harm', () => {
  it('are refused, one and all at once, while others are answered', async () => {
    const before = healthy();
    await times(500, () => api.get('/healthz'));
    const usual = await before.stop();
    await readLag();
    const quiet = healthy();
    await times(2_000, () => api.get('/healthz'));
    await quiet.stop();
    const baseline = await readLag();

    const others = healthy();
    const idle: Promise<readonly Raw[]> = inParallel(5_000, 100, () => openRaw(port));
    const [results, endless, few, many] = await Promise.all([
      Promise.all(attacks.map(async ([what, statuses, work]) => ({ what, statuses, talks: await work() }))),
      endlessChunks(),
      pipelined(50),
      pipelined(10_000),
    ]);
    const idleTalks = await Promise.all((await idle).map(({ closed }) => closed));
    const latencies = await others.stop();
    const lag = await readLag();
    const summary = {
      baseline,
      lag,
      healthy: latencies.length,
      p99Ms: Math.round(latencies[Math.floor(latencies.length * 0.99)] ?? 0),
      usual: usual.length,
    };
    process.stderr.write(`hostile clients: ${JSON.stringify(summary)}\n`);

    for (const { what, statuses, talks } of results)
      for (const { status, said } of talks)
        expect({ what, status, said: said.slice(0, 300), isExpected: statuses.includes(status) }).toMatchObject({ isExpected: true });
    expect(endless.status).toBe(413);
    expect(few).toBe(50);
    expect(many).toBeLessThan(10_000);
    for (const { status } of idleTalks) expect([408, null]).toContain(status);
    expect(latencies.length).toBeGreaterThan(20);
    expect(lag.p99).toBeLessThan(Math.max(lagMsMax, lagFactorMax * baseline.p99));
    expect((await api.get('/readyz')).status).toBe(200);
  }, 240_000);

  it('are told what was wrong, in the form of every other problem', async () => {
    const { said } = await say(port, `GET / HTTP/1.1\r\nhost: a\r\n${'x: y\r\n'.repeat(10_000)}\r\n`);
    const [, body = ''] = said.split('\r\n\r\n');
    expect(JSON.parse(body)).toMatchObject({ status: 431, code: 'headers_too_large' });
  });
});
