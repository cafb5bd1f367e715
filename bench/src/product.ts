// Starts the product as an operator would: migrate, one api process, one worker process; then makes its webhooks over the API.
import { fileURLToPath } from 'node:url';
import { freePort } from '@posthorn/testkit';
import { type Child, startChild } from './children.js';
import { type RunningSystem, type Setup, webhookUrl } from './system.js';

const cli = fileURLToPath(new URL('../../apps/cli/bin/posthorn.mjs', import.meta.url));
const bootstrapKey = 'ph_test_benchbenchbenchbenchbench';
const encryptionKey = Buffer.alloc(32, 7).toString('base64');
const authorization = { authorization: `Bearer ${bootstrapKey}` };
const readyTimeoutMs = 60_000;
const pollEveryMs = 50;
const maxInFlight = 1000;

interface Webhook {
  readonly id: string;
  readonly statistics: { readonly succeeded: number };
}

/** Migrates, starts both processes, waits until they are ready and makes `fanOut` webhooks that match every event. */
export async function startProduct(setup: Setup): Promise<RunningSystem> {
  const port = await freePort();
  const workerPort = await freePort();
  const env = {
    DATABASE_URL: setup.databaseUrl,
    ...(setup.redisUrl === undefined ? { POSTHORN_QUEUE: 'postgres' } : { REDIS_URL: setup.redisUrl }),
    PORT: String(port),
    POSTHORN_WORKER_PORT: String(workerPort),
    POSTHORN_BOOTSTRAP_KEY: bootstrapKey,
    POSTHORN_ENCRYPTION_KEY: encryptionKey,
    POSTHORN_EGRESS_ALLOW: '127.0.0.1/32',
    LOG_LEVEL: 'warn',
  };
  const start = (command: string): Child => startChild({ name: `posthorn ${command}`, script: cli, args: [command], env });

  const migration = start('migrate');
  if ((await migration.exited) !== 0) throw new Error(`posthorn migrate failed:\n${migration.output()}`);
  const api = start('api');
  const worker = start('worker');
  await Promise.all([untilReady(api, port), untilReady(worker, workerPort)]);

  const origin = `http://127.0.0.1:${port}`;
  const webhookIds: string[] = [];
  for (let index = 0; index < setup.fanOut; index += 1) {
    const body = { url: webhookUrl(setup.sinkOrigin, index), event_types: ['order.placed'], max_in_flight: maxInFlight };
    webhookIds.push((await call<Webhook>(`${origin}/v1/webhooks`, body)).id);
  }
  return {
    port,
    headers: authorization,
    pids: { api: api.pid, worker: worker.pid },
    countSucceeded: async () => {
      const webhooks = await Promise.all(webhookIds.map((id) => call<Webhook>(`${origin}/v1/webhooks/${id}`)));
      return webhooks.reduce((sum, webhook) => sum + webhook.statistics.succeeded, 0);
    },
    output: () => api.output() + worker.output(),
    stop: async () => {
      await Promise.all([api.stop(), worker.stop()]);
    },
  };
}

async function untilReady(child: Child, port: number): Promise<void> {
  let ended = false;
  void child.exited.then(() => {
    ended = true;
  });
  const giveUpAt = performance.now() + readyTimeoutMs;
  while (!ended && performance.now() < giveUpAt) {
    const answer = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined);
    if (answer?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, pollEveryMs));
  }
  throw new Error(`${child.name} ${ended ? 'ended' : 'did not become ready'}:\n${child.output()}`);
}

async function call<Answer>(url: string, body?: object): Promise<Answer> {
  const headers = { ...authorization, 'content-type': 'application/json' };
  const response = await fetch(
    url,
    body === undefined ? { headers: authorization } : { method: 'POST', headers, body: JSON.stringify(body) },
  );
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
  return (await response.json()) as Answer;
}
