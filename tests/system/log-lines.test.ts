// Whatever strangers send, and however a process dies: in production each line that it writes is one JSON object, of bounded length.

import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type LogLine, logCatalogue, logLimits } from '@posthorn/telemetry';
import {
  eventually,
  type MailServer,
  makeTemporaryDirectory,
  type Receiver,
  type StartedProcess,
  startMailServer,
  startReceiver,
  type TemporaryDirectory,
} from '@posthorn/testkit';
import { type Product, startPosthorn, startProduct } from './support/product.js';

const forged = '\r\n{"level":60,"msg":"forged"}\n';
const nasty = `\u001b[2J\u001b]0;owned\u0007 \u2028 \u202e \u0085 ${'x'.repeat(2_000)}`;
const crashDetail = 'Failing row contains (c4n4ry)';

let product: Product;
let receiver: Receiver;
let mails: MailServer;
let folder: TemporaryDirectory;

/** Makes a process die as the signal says: by an exception, or by a promise that nobody waits for. */
const crashing = `
  const broken = () => Object.assign(new Error('broken\\n{"level":60,"msg":"forged"}'), { detail: '${crashDetail}', parameters: ['c4n4ry'] });
  process.on('SIGUSR2', () => { process.emitWarning('careful\\nnow'); console.error('printed\\nby a library'); setImmediate(() => { throw broken(); }); });
  process.on('SIGWINCH', () => { Promise.reject(broken()); });
`;

beforeAll(async () => {
  folder = await makeTemporaryDirectory('log-lines');
  const script = join(folder.path, 'crashing.mjs');
  writeFileSync(script, crashing);
  mails = await startMailServer({ answer: () => ({ code: 451, message: `try again ${nasty.slice(0, 300)}` }) });
  receiver = await startReceiver({
    answer: {
      status: 500,
      headers: {
        'x-answer': Buffer.from(nasty)
          .toString('latin1')
          .replace(/\p{Cc}/gu, ' '),
      },
      body: Buffer.from(`${forged}${nasty}\xff\0`, 'latin1'),
    },
  });
  product = await startProduct({
    workers: 1,
    env: {
      NODE_ENV: 'production',
      LOG_LEVEL: 'trace',
      NODE_OPTIONS: `--import=${script}`,
      SMTP_URL: mails.url,
      POSTHORN_NOTIFICATION_WINDOW_S: '1',
    },
  });
}, 90_000);
afterAll(async () => {
  await product?.stop();
  await Promise.all([receiver?.stop(), mails?.stop(), folder?.cleanup()]);
}, 60_000);

/** The lines of a process, parsed; throws at one that is no JSON object, or too long. */
const linesOf = (one: StartedProcess): readonly Record<string, unknown>[] =>
  one
    .output()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      expect(line.length).toBeLessThanOrEqual(logLimits.lineCharsMax);
      expect(line).not.toMatch(/[\p{Cc}\u2028\u2029\u202e]/u);
      const parsed: unknown = JSON.parse(line);
      expect(parsed).toMatchObject({
        level: expect.any(Number),
        time: expect.any(String),
        role: expect.any(String),
        msg: expect.any(String),
      });
      return parsed as Record<string, unknown>;
    });
const onEachLine = ['level', 'time', 'role', 'pid', 'msg'];

/** What of a line is not as the catalogue says. */
const strangeIn = (line: Readonly<Record<string, unknown>>): readonly string[] => {
  const { level, msg, cut_chars: cut } = line;
  const declared: LogLine | undefined = logCatalogue[msg as keyof typeof logCatalogue];
  if (declared === undefined) return [`${msg} is not in the catalogue`];
  if (cut !== undefined) return [];
  const levels = { 20: 'debug', 30: 'info', 40: 'warn', 50: 'error', 60: 'fatal' } as const;
  const may = new Set([...onEachLine, ...Object.keys(declared.facts), ...Object.keys(declared.maybe ?? {})]);
  return [
    ...(declared.levels.includes(levels[level as keyof typeof levels]) ? [] : [`${msg} is of level ${level}`]),
    ...Object.keys(line)
      .filter((key) => !may.has(key))
      .map((key) => `${msg} has ${key}`),
    ...[...onEachLine, ...Object.keys(declared.facts)].filter((key) => !(key in line)).map((key) => `${msg} has no ${key}`),
  ];
};
const messagesOf = (one: StartedProcess): readonly unknown[] => linesOf(one).map(({ msg }) => msg);

/** Bytes as they are, on a connection of their own; resolves when it is closed. */
const sendRaw = (bytes: Buffer): Promise<void> =>
  new Promise((resolve) => {
    const socket = connect(Number(new URL(product.api.url).port), '127.0.0.1', () => socket.end(bytes));
    socket
      .resume()
      .on('error', () => undefined)
      .once('close', () => resolve());
  });

describe('the log of a process in production', () => {
  it('is lines of JSON whatever is sent to it, answered and said by mail', async () => {
    const { api } = product;
    await api.createWebhook({
      url: receiver.url(`/${encodeURIComponent(forged)}?a=${encodeURIComponent(nasty.slice(0, 60))}`),
      name: nasty.slice(0, 100).replace(/\p{Cc}/gu, ' '),
      retry_schedule_s: [],
      circuit_threshold: 1,
      notification: { email: 'owner@example.com', success: false, fail: true },
    });
    await api.publishBatch(Array.from({ length: 20 }, (_, n) => ({ event_type: 'a', data: { n, text: forged + nasty } })));
    await receiver.waitFor(1);
    for (const path of [
      `/${encodeURIComponent(forged)}`,
      '/v1/%ff%00',
      `/v1/webhooks/${encodeURIComponent(nasty)}`,
      `/v1/deliveries?cursor=${encodeURIComponent(forged)}`,
    ])
      expect((await api.get(path)).status).toBeGreaterThanOrEqual(400);
    for (const body of [forged, nasty, Buffer.from([0xff, 0xfe, 0]), `{"name":"${'x'.repeat(50_000)}"}`])
      expect((await api.send('POST', '/v1/webhooks', body)).status).toBeGreaterThanOrEqual(400);
    await sendRaw(Buffer.from(`GET /\u001b[2J HTTP/1.1\r\nhost: a\u2028\r\nx-request-id: ${forged}\r\n\r\n`));
    await sendRaw(
      Buffer.from(
        `GET /v1/events HTTP/1.1\r\nhost: a\r\nx-request-id: \xff\xfe\x1b[1m\r\nuser-agent: ${'y'.repeat(100_000)}\r\n\r\n`,
        'latin1',
      ),
    );
    await sendRaw(Buffer.from('\0\0\0\xff', 'latin1'));
    await product.redis.kill();
    await api.publish({ event_type: 'a', data: nasty });
    const [worker] = product.workers as [StartedProcess];
    await eventually(() => messagesOf(product.apiProcess).includes('queue.error') && messagesOf(worker).includes('worker.error'), {
      timeoutMs: 20_000,
    });
    await product.redis.restart();
    await eventually(() => worker.output().includes('try again'), { timeoutMs: 30_000 });
    for (const one of [product.apiProcess, worker]) {
      const lines = linesOf(one);
      expect(lines.filter(({ msg, level }) => msg === 'forged' || level === 60)).toEqual([]);
      expect(lines.filter(({ msg }) => msg === 'process.says')).not.toEqual([]);
      expect(lines.flatMap(strangeIn)).toEqual([]);
      expect(lines.map(({ msg }) => msg)).toContain(one === worker ? 'dispatch.ended' : 'request.answered');
    }
  }, 90_000);

  it.each(['SIGUSR2', 'SIGWINCH'] as const)(
    'ends with a line when it dies (%s)',
    async (signal) => {
      const worker = startPosthorn('worker', product.env);
      await worker.ready;
      expect((await worker.kill(signal)).code).toBe(1);
      const lines = linesOf(worker);
      expect(lines.at(-1)).toMatchObject({
        level: 60,
        msg: 'process.crashed',
        err: { message: 'broken\\u000a{"level":60,"msg":"forged"}' },
      });
      expect(worker.output()).not.toContain('c4n4ry');
      expect(lines.flatMap(strangeIn)).toEqual([]);
      if (signal === 'SIGUSR2') expect(lines.map(({ msg }) => msg)).toEqual(expect.arrayContaining(['process.printed', 'process.warning']));
    },
    60_000,
  );

  it('says in a line why it cannot start', async () => {
    const api = startPosthorn('api', { ...product.env, DATABASE_URL: product.databaseUrl.replace(/\/\/[^:]+:/, '//nobody:') });
    expect((await api.exited).code).toBe(78);
    expect(linesOf(api).at(-1)).toMatchObject({ level: 60, msg: 'process.failed', err: { message: expect.stringContaining('nobody') } });
  }, 60_000);
});
