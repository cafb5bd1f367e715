// Starts the product as an operator would: migrate, one api process, one worker process; then makes its webhooks over the API.
import { fileURLToPath } from 'node:url';
import { freePort } from '@posthorn/testkit';
import { type Child, startChild } from './children.js';
import { type RunningSystem, type Setup, webhookUrl } from './system.js';

const cli = fileURLToPath(new URL('../../apps/cli/bin/posthorn.mjs', import.meta.url));
const bootstrapKey = 'ph_test_benchbenchbenchbenchbench';
const authorization = { authorization: `Bearer ${bootstrapKey}` };
const readyTimeoutMs = 60_000;
const pollEveryMs = 50;
const maxInFlight = 1000;

/** A worker process. */
export interface WorkerProcess extends Child {
  /** Where it answers /metrics. */
  readonly port: number;
}

/** The product on a migrated database, its API up. */
export interface Product {
  /** Of the API. */
  readonly port: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly api: Child;
  /** Starts one more API process and waits until it is ready. */
  startApi(): Promise<{ readonly pid: number; readonly port: number }>;
  /** Starts one more worker process and waits until it is ready. */
  startWorker(): Promise<WorkerProcess>;
  /** Asks the API: POST with a body, else GET. Throws on any answer but 2xx. */
  call<Answer>(path: string, body?: object): Promise<Answer>;
  /** The end of what its processes printed. */
  output(): string;
  stop(): Promise<void>;
}

interface Webhook {
  readonly id: string;
  readonly statistics: { readonly succeeded: number };
}

/** The key under which the product that `launchProduct` starts keeps its secrets: 32 bytes. */
export const encryptionKey = Buffer.alloc(32, 7);

/** Migrates, starts both processes, waits until they are ready and makes `fanOut` webhooks that match every event. */
export async function startProduct(setup: Setup): Promise<RunningSystem> {
  const product = await launchProduct(setup);
  const worker = await product.startWorker();
  const webhookIds: string[] = [];
  for (let index = 0; index < setup.fanOut; index += 1) {
    const body = { url: webhookUrl(setup.sinkOrigin, index), event_types: ['order.placed'], max_in_flight: maxInFlight };
    webhookIds.push((await product.call<Webhook>('/v1/webhooks', body)).id);
  }
  return {
    ...product,
    pids: { api: product.api.pid, worker: worker.pid },
    countSucceeded: async () => {
      const webhooks = await Promise.all(webhookIds.map((id) => product.call<Webhook>(`/v1/webhooks/${id}`)));
      return webhooks.reduce((sum, webhook) => sum + webhook.statistics.succeeded, 0);
    },
  };
}

/** Migrates, starts the API and waits until it is ready. */
export async function launchProduct(
  setup: Pick<Setup, 'databaseUrl' | 'redisUrl'> & { readonly env?: Readonly<Record<string, string>> },
): Promise<Product> {
  const port = await freePort();
  const env = {
    DATABASE_URL: setup.databaseUrl,
    ...(setup.redisUrl === undefined ? { POSTHORN_QUEUE: 'postgres' } : { REDIS_URL: setup.redisUrl }),
    PORT: String(port),
    POSTHORN_BOOTSTRAP_KEY: bootstrapKey,
    POSTHORN_ENCRYPTION_KEY: encryptionKey.toString('base64'),
    POSTHORN_EGRESS_ALLOW: '127.0.0.1/32',
    // Its own requests are not what is measured.
    POSTHORN_MANAGEMENT_REQUESTS_PER_S: '0',
    LOG_LEVEL: 'warn',
    ...setup.env,
  };
  const start = (command: string, more: Readonly<Record<string, string>> = {}): Child =>
    startChild({ name: `posthorn ${command}`, script: cli, args: [command], env: { ...env, ...more } });

  const migration = start('migrate');
  if ((await migration.exited) !== 0) throw new Error(`posthorn migrate failed:\n${migration.output()}`);
  const api = start('api');
  const others: Child[] = [];
  await untilReady(api, port);
  const startOther = async (command: string, portName: string): Promise<WorkerProcess> => {
    const otherPort = await freePort();
    const child = start(command, { [portName]: String(otherPort) });
    others.push(child);
    await untilReady(child, otherPort);
    return { ...child, port: otherPort };
  };
  return {
    port,
    headers: authorization,
    api,
    startApi: () => startOther('api', 'PORT'),
    startWorker: () => startOther('worker', 'POSTHORN_WORKER_PORT'),
    call: (path, body) => call(`http://127.0.0.1:${port}${path}`, body),
    output: () => [api, ...others].map((child) => child.output()).join(''),
    stop: async () => {
      await Promise.all([api, ...others].map((child) => child.stop()));
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
