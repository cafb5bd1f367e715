// The encryption key is changed while events go out: the command is killed in the middle and run again, and neither a delivery nor a secret is lost.
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { verify } from '@posthorn/client';
import { encryptionKeyId } from '@posthorn/db';
import { eventually, type Received, type Receiver, type StartedProcess, startProcess, startReceiver } from '@posthorn/testkit';
import pg from 'pg';
import { type ApiClient, createApiClient } from './support/api-client.js';
import { command, type Product, startPosthorn, startProduct, urlOf } from './support/product.js';
import { untilSettled } from './support/truth.js';

const oldKey = Buffer.alloc(32, 7);
const newKey = randomBytes(32);
const [oldId, newId] = [oldKey, newKey].map(encryptionKeyId);
const webhooksAtFirst = 12;
/** Requests that may be on their way while more is published. */
const underWayMax = 200;

let product: Product;
let receiver: Receiver;
let locker: pg.Client;
const started: StartedProcess[] = [];
const clients: ApiClient[] = [];
beforeAll(async () => {
  product = await startProduct({ workers: 2, env: { POSTHORN_ENCRYPTION_KEY_NEXT: newKey.toString('base64') } });
  receiver = await startReceiver();
  locker = new pg.Client({ connectionString: product.databaseUrl });
  await locker.connect();
}, 90_000);
afterAll(async () => {
  for (const client of clients) await client.close();
  for (const one of started) await one.kill('SIGTERM');
  await locker?.end();
  await product?.stop();
  await receiver?.stop();
}, 60_000);

const secretsCommand = (name: 'rotate' | 'status', env: Readonly<Record<string, string>> = product.env): StartedProcess => {
  const one = startProcess({ args: [command, 'secrets', name], env, name: `posthorn secrets ${name}` });
  started.push(one);
  return one;
};
const run = async (name: 'rotate' | 'status', env?: Readonly<Record<string, string>>) => {
  const one = secretsCommand(name, env);
  const { code } = await one.exited;
  return { code, output: one.output() };
};
const secretsUnder = async (keyId: string | undefined): Promise<number> =>
  (await product.pool.query<{ n: number }>('select count(*)::int as n from webhook_secrets where key_id = $1', [keyId])).rows[0]?.n ?? 0;

/** Every secret that a webhook ever had, by its path. */
const secretsOf = new Map<string, string[]>();
const createWebhook = async (path: string, eventType = 'a'): Promise<string> => {
  const { id, secret } = await product.api.createWebhook({
    url: receiver.url(path),
    event_types: [eventType],
    authentication: { type: 'bearer', token: `token of ${path}`.replaceAll(' ', '_') },
    headers: { 'x-own': `header of ${path}` },
  });
  secretsOf.set(path, [secret]);
  return id;
};
/** What is wrong with a request that arrived; null: nothing. */
const faultOf = ({ path, headers, body }: Received): string | null => {
  const result = verify({ headers, body, secret: secretsOf.get(path) ?? [], toleranceS: 600 });
  if (!result.ok) return `${path}: ${result.message}`;
  if (headers.authorization !== `Bearer token_of_${path}` || headers['x-own'] !== `header of ${path}`) return `${path}: other headers`;
  return null;
};

/** Publishes event after event, not far ahead of their arrival, until it is stopped; resolves with their ids. */
const publishSteadily = (api: ApiClient) => {
  let isOn = true;
  const ids: string[] = [];
  const publishing = (async () => {
    const before = receiver.count();
    while (isOn) {
      ids.push(
        ...(await api.publishBatch([
          { event_type: 'a', data: 1 },
          { event_type: 'a', data: 2 },
        ])),
      );
      await receiver.waitFor(before + ids.length * webhooksAtFirst - underWayMax, 60_000);
    }
  })();
  return {
    stop: async () => {
      isOn = false;
      await publishing;
      return ids;
    },
  };
};

/** Makes, changes and rotates webhooks, one after the other, until it is stopped; throws if the API refuses one. */
const writeSecretsSteadily = (webhookIds: readonly string[]) => {
  let isOn = true;
  let written = 0;
  const writing = (async () => {
    for (; isOn; written += 3) {
      const at = written % webhookIds.length;
      await createWebhook(`/later-${written}`, 'b');
      const rotated = await product.api.send('POST', `/v1/webhooks/${webhookIds[at]}/rotate-secret`, { overlap_s: 0 });
      expect([rotated.status, rotated.text]).toEqual([200, expect.any(String)]);
      secretsOf.get(`/first-${at}`)?.push(rotated.body.secret);
      const changed = await product.api.send('PATCH', `/v1/webhooks/${webhookIds[at]}`, {
        headers: { 'x-own': `header of /first-${at}`, 'x-n': `${written}` },
      });
      expect([changed.status, changed.text]).toEqual([200, expect.any(String)]);
    }
  })();
  return {
    written: () => written,
    stop: async () => {
      isOn = false;
      await writing;
    },
  };
};

it('goes from one encryption key to another under load, and on with the new one alone', async () => {
  const webhookIds: string[] = [];
  for (let n = 0; n < webhooksAtFirst; n++) webhookIds.push(await createWebhook(`/first-${n}`));
  const cursorBefore = (await product.api.get('/v1/webhooks?limit=1')).body.next_cursor;
  const publishing = publishSteadily(product.api);
  const writing = writeSecretsSteadily(webhookIds.slice(0, 5));
  await receiver.waitFor(100, 30_000);

  // One secret cannot be had, so that the command is killed in the middle for sure.
  await locker.query('begin');
  await locker.query(`select from webhook_secrets where webhook_id = $1 for update`, [webhookIds.at(-1)]);
  const killed = secretsCommand('rotate');
  await eventually(async () => (await secretsUnder(oldId)) === 3 && (await secretsUnder(newId)) > 3 * (webhooksAtFirst - 2), {
    timeoutMs: 60_000,
  });
  await killed.kill('SIGKILL');
  const status = await run('status');
  expect(status.output).toMatch(new RegExp(`^${newId}  \\d+ secrets  seals  POSTHORN_ENCRYPTION_KEY_NEXT$`, 'm'));
  expect(status.output).toMatch(new RegExp(`^${oldId}  3 secrets  POSTHORN_ENCRYPTION_KEY$`, 'm'));
  expect(status.output).toContain(`going from key ${oldId} to ${newId}`);
  const [written, arrived] = [writing.written(), receiver.count()];
  // All goes on in between, under two keys, and nobody starts with one of them.
  await eventually(() => writing.written() > written + 6 && receiver.count() > arrived + 100, { timeoutMs: 60_000 });
  for (const key of [oldKey, newKey]) {
    const alone = startPosthorn('worker', {
      ...product.env,
      POSTHORN_ENCRYPTION_KEY: key.toString('base64'),
      POSTHORN_ENCRYPTION_KEY_NEXT: '',
    });
    expect(await alone.exited).toEqual({ code: 76, signal: null });
    expect(alone.output()).toMatch(/encryption key: .*POSTHORN_ENCRYPTION_KEY_NEXT/);
  }

  await locker.query('commit');
  const done = await run('rotate');
  expect(done).toEqual({
    code: 0,
    output: expect.stringMatching(new RegExp(`3 secrets sealed anew with key ${newId}\nNo secret is left`)),
  });
  expect([await secretsUnder(oldId), await secretsUnder(newId)]).toEqual([0, expect.any(Number)]);
  const cursorBetween = (await product.api.get('/v1/webhooks?limit=1')).body.next_cursor;
  await writing.stop();
  const ids = await publishing.stop();

  // The processes are exchanged while more events come.
  const env = { ...product.env, POSTHORN_ENCRYPTION_KEY: newKey.toString('base64'), POSTHORN_ENCRYPTION_KEY_NEXT: '' };
  const next = [startPosthorn('api', env), startPosthorn('worker', env)];
  started.push(...next);
  await Promise.all(next.map(({ ready }) => ready));
  const api = createApiClient(urlOf(next[0]!), product.env.POSTHORN_BOOTSTRAP_KEY ?? '');
  clients.push(api);
  const publishingOn = publishSteadily(api);
  for (const worker of product.workers) await worker.kill('SIGTERM');
  await product.apiProcess.kill('SIGTERM');
  const before = receiver.count();
  await eventually(() => receiver.count() > before + 100, { timeoutMs: 60_000 });
  ids.push(...(await publishingOn.stop()));
  await untilSettled(product.pool, 100_000);

  // Every webhook of the beginning has every event, each as it was signed for it.
  const got = new Map<string, Set<string>>();
  for (const { path, headers } of receiver.received) got.set(path, (got.get(path) ?? new Set()).add(headers['webhook-id'] ?? ''));
  for (let n = 0; n < webhooksAtFirst; n++) expect(ids.filter((id) => !got.get(`/first-${n}`)?.has(id))).toEqual([]);
  expect(receiver.received.map(faultOf).filter((fault) => fault !== null)).toEqual([]);
  const { rows } = await product.pool.query('select status, count(*)::int as n from deliveries group by 1');
  expect(rows).toEqual([{ status: 1, n: expect.any(Number) }]);
  // Nothing that was shown before is another thing now; what was signed with the new key goes on.
  for (const [n, id] of webhookIds.entries())
    expect((await api.get(`/v1/webhooks/${id}/secret`)).body.secret).toBe(secretsOf.get(`/first-${n}`)?.at(-1));
  expect((await api.get(`/v1/webhooks?limit=1&cursor=${cursorBetween}`)).status).toBe(200);
  expect((await api.get(`/v1/webhooks?limit=1&cursor=${cursorBefore}`)).body.code).toBe('invalid_cursor');
}, 300_000);

it('does not begin while a process runs that has one key alone, nor without a second key', async () => {
  const env = { ...product.env, POSTHORN_ENCRYPTION_KEY: newKey.toString('base64'), POSTHORN_ENCRYPTION_KEY_NEXT: '' };
  const without = await run('rotate', env);
  expect(without).toEqual({ code: 78, output: expect.stringContaining('error: POSTHORN_ENCRYPTION_KEY_NEXT is not set') });
  const back = await run('rotate', { ...env, POSTHORN_ENCRYPTION_KEY_NEXT: oldKey.toString('base64') });
  expect(back).toEqual({ code: 1, output: expect.stringMatching(/error: these processes have not both keys: (api|worker) \d+ on /) });
  expect(await secretsUnder(oldId)).toBe(0);
}, 60_000);

it('names the key of secrets that it cannot open, when all others are done', async () => {
  for (const one of started) await one.kill('SIGTERM');
  await product.pool.query('alter table webhook_secrets disable trigger webhook_secrets_key');
  await product.pool.query(
    `update webhook_secrets set key_id = 'deadbeef' where id in (select id from webhook_secrets order by id limit 2)`,
  );
  await product.pool.query('alter table webhook_secrets enable trigger webhook_secrets_key');
  const env = {
    ...product.env,
    POSTHORN_ENCRYPTION_KEY: newKey.toString('base64'),
    POSTHORN_ENCRYPTION_KEY_NEXT: oldKey.toString('base64'),
  };
  const back = await run('rotate', env);
  expect(back.code).toBe(1);
  expect(back.output).toMatch(/error: there are 2 secrets sealed with key deadbeef, which is neither of the two; all others are done$/m);
  expect([await secretsUnder(newId), await secretsUnder('deadbeef')]).toEqual([0, 2]);
}, 60_000);
