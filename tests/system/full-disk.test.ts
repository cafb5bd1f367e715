// The disk of Postgres is full: nothing is acknowledged that is not stored, the processes live on and say what is wrong, and once there is room everything that was
// acknowledged is delivered.
import { randomBytes } from 'node:crypto';
import { chown, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect } from '@jest/globals';
import { eventually, type Receiver, startReceiver } from '@posthorn/testkit';
import { request } from 'undici';
import { startOwnPostgres } from './support/own-postgres.js';
import { type Product, startProduct } from './support/product.js';
import { changedUrl, fillDisk, itWithDisk, mountSmallDisk, runSql } from './support/sick-postgres.js';
import { untilSettled } from './support/truth.js';

const onDisk = await itWithDisk();
const diskMiB = 96;
/** Of one event, in bytes that cannot be compressed. */
const eventBytes = 100_000;

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
}, 60_000);

type Answered = { readonly acknowledged: string[]; readonly refused: { status: number; code: string; retryAfter: string | undefined }[] };

const publish = async ({ api }: Product, { acknowledged, refused }: Answered): Promise<void> => {
  const { status, headers, body } = await api.send('POST', '/v1/events', {
    event_type: 'a',
    data: randomBytes(eventBytes).toString('base64'),
  });
  if (status === 202) acknowledged.push(body.id);
  else refused.push({ status, code: body?.code, retryAfter: headers['retry-after'] });
};

const expectAllArrived = async (product: Product, receiver: Receiver, { acknowledged, refused }: Answered): Promise<void> => {
  await untilSettled(product.pool, 60_000);
  const arrived = new Set(receiver.received.map(({ headers }) => headers['webhook-id']));
  expect(acknowledged.filter((id) => !arrived.has(id))).toEqual([]);
  expect(
    refused.filter(({ status, code, retryAfter }) => status !== 503 || code !== 'database_unavailable' || retryAfter === undefined),
  ).toEqual([]);
  for (const one of [product.apiProcess, ...product.workers]) expect(one.output()).not.toMatch(/unhandled|uncaught/i);
};

const expectAlive = async ({ api, workers }: Product): Promise<void> => {
  expect((await api.get('/healthz')).status).toBe(200);
  for (const worker of workers) {
    const url = /health on (http:[^)\s]+)\)/.exec(worker.output())?.[1];
    expect((await request(`${url}/healthz`)).statusCode).toBe(200);
  }
};

const opened = async (databaseUrl: string): Promise<{ readonly product: Product; readonly receiver: Receiver }> => {
  const product = await startProduct({ databaseUrl });
  closers.push(product.stop);
  const receiver = await startReceiver();
  closers.push(receiver.stop);
  await product.api.createWebhook({ url: receiver.url() });
  return { product, receiver };
};

describe('a full disk', () => {
  onDisk(
    'of the tables refuses events with 503, is told by /readyz, and loses nothing',
    async () => {
      const server = await startOwnPostgres('full-disk');
      closers.push(server.stop);
      const disk = await mountSmallDisk(diskMiB, server.owner);
      closers.push(disk.remove);
      const location = join(disk.path, 'tables');
      await mkdir(location);
      await chown(location, server.owner.uid, server.owner.gid);
      const own = new URL(server.url).pathname.slice(1);
      const elsewhere = changedUrl(server.url, { database: 'postgres' });
      await runSql(elsewhere, `create tablespace small location '${location}'`, `create database tight template ${own} tablespace small`);
      const { product, receiver } = await opened(changedUrl(server.url, { database: 'tight' }));
      const answered: Answered = { acknowledged: [], refused: [] };
      for (let count = 0; count < 20; count++) await publish(product, answered);
      await receiver.waitFor(20);
      expect(answered.refused).toEqual([]);

      const makeRoom = await fillDisk(disk.path);
      // What is left in pages that there are already is used up first.
      await eventually(
        async () => {
          await publish(product, answered);
          return answered.refused.length >= 20;
        },
        { timeoutMs: 30_000 },
      );
      const readiness = await product.api.get('/readyz');
      expect({ status: readiness.status, body: readiness.body }).toMatchObject({
        status: 503,
        body: { problems: { postgres: expect.stringMatching(/disk is full/) } },
      });
      await expectAlive(product);

      await makeRoom();
      const before = answered.acknowledged.length;
      await eventually(
        async () => {
          await publish(product, answered);
          return answered.acknowledged.length >= before + 10;
        },
        { timeoutMs: 30_000 },
      );
      await expectAllArrived(product, receiver, answered);
      await eventually(async () => (await product.api.get('/readyz')).status === 200, { timeoutMs: 30_000 });
    },
    180_000,
  );
});
