// The product as its processes: `posthorn api` and any number of `posthorn worker`, on a database and a queue of the test's own.
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll } from '@jest/globals';
import { createHotPool, type HotPool } from '@posthorn/db';
import { migrateQueue } from '@posthorn/queue';
import {
  createTestDatabase,
  makeTemporaryDirectory,
  type ProcessEnd,
  type Receiver,
  type RedisServer,
  type StartedProcess,
  startProcess,
  startReceiver,
  startRedis,
} from '@posthorn/testkit';
import { type ApiClient, createApiClient } from './api-client.js';
import { expectNoPrintedSecrets } from './printed-secrets.js';

type Env = Readonly<Record<string, string>>;

export type ProductOptions = {
  /** Workers that run from the start; default 1. */
  readonly workers?: number;
  /** Default `redis`: a server of this product's own. */
  readonly queue?: 'redis' | 'postgres';
  /** A Redis to run on, which stays the caller's to stop; default: one of its own. */
  readonly redis?: RedisServer;
  /** A Redis Cluster to run on instead, which stays the caller's to stop. */
  readonly clusterUrl?: string;
  /** A migrated database to run on; default: a test database of its own. */
  readonly databaseUrl?: string;
  readonly env?: Readonly<Record<string, string>>;
};

export type Product = {
  readonly api: ApiClient;
  readonly apiProcess: StartedProcess;
  /** In the order in which they were started, those that have ended included. */
  readonly workers: readonly StartedProcess[];
  readonly databaseUrl: string;
  /** Of the test, for looking. */
  readonly pool: HotPool;
  /** Throws on the Postgres queue, and on a cluster. */
  readonly redis: RedisServer;
  /** The variables that its processes run with. */
  readonly env: Readonly<Record<string, string>>;
  /** Starts one more, with these variables changed, and resolves when it is ready. */
  startWorker(changed?: Env): Promise<StartedProcess>;
  /** The same of an API, with a client of its own. */
  startApi(changed?: Env): Promise<{ readonly process: StartedProcess; readonly client: ApiClient }>;
  /** Rejects, once all has ended, if a process of this file printed a secret. */
  stop(): Promise<void>;
};

export const command = fileURLToPath(new URL('../../../apps/cli/bin/posthorn.mjs', import.meta.url));
const workerReady = /posthorn worker is ready/;
const apiReady = /posthorn api listens on (http:[^\s"]+)/;
const startedWithinMs = 60_000;

export const newAdminKey = (): string => `ph_test_${randomBytes(24).toString('hex')}`;

/** Whose output nobody has looked at yet. */
const unseen: { readonly name: string; readonly env: Env; readonly process: StartedProcess }[] = [];

/** Starts one process of the product; it is not waited for. */
export const startPosthorn = (role: 'api' | 'worker', env: Env): StartedProcess => {
  const name = `posthorn ${role}`;
  const readyWhen = role === 'api' ? apiReady : workerReady;
  const process = startProcess({ args: [command, role], env, name, readyWhen, readyTimeoutMs: startedWithinMs });
  unseen.push({ name, env, process });
  return process;
};

/** Throws if one of the processes that this file has started printed a secret. */
const lookAtOutputs = async (): Promise<void> => {
  expectNoPrintedSecrets(unseen.splice(0).map(({ name, env, process }) => ({ name, env, output: process.output() })));
};

/** The URL of an API process that is ready. */
export const urlOf = (api: StartedProcess): string => apiReady.exec(api.output())?.[1] ?? '';

type Closer = () => Promise<unknown>;

/** Starts everything and resolves when it is ready; whatever was started is stopped again if that fails. */
export async function startProduct(options: ProductOptions = {}): Promise<Product> {
  // The first is the last to run: when all processes have ended.
  const closers: Closer[] = [lookAtOutputs];
  const stop = async (): Promise<void> => {
    let failure: { readonly error: unknown } | null = null;
    for (const close of closers.splice(0).reverse()) {
      await close().catch((error: unknown) => {
        failure ??= { error };
      });
    }
    if (failure !== null) throw (failure as { error: unknown }).error;
  };
  try {
    return await openProduct(options, closers, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function openProduct(options: ProductOptions, closers: Closer[], stop: () => Promise<void>): Promise<Product> {
  const databaseUrl = options.databaseUrl ?? (await ownDatabase(closers));
  const isElsewhere = options.queue === 'postgres' || options.clusterUrl !== undefined;
  const redis = isElsewhere ? null : (options.redis ?? (await startRedis()));
  if (options.queue === 'postgres') await migrateQueue({ kind: 'postgres', url: databaseUrl, connectionsMax: 1 });
  else if (redis !== null && options.redis === undefined) closers.push(redis.stop);
  const folder = await makeTemporaryDirectory('system');
  closers.push(folder.cleanup);
  const key = newAdminKey();
  const env = { ...environment(databaseUrl, options.clusterUrl ?? redis?.url ?? null, folder.path, key), ...options.env };
  const pool = createHotPool({ url: databaseUrl, max: 2, applicationName: 'test', onError: () => undefined });
  closers.push(() => pool.end());

  const started = (role: 'api' | 'worker', changed: Env = {}): StartedProcess => {
    const one = startPosthorn(role, { ...env, ...changed });
    closers.push(() => endOf(one));
    return one;
  };
  const workers: StartedProcess[] = [];
  const startWorker = async (changed?: Env): Promise<StartedProcess> => {
    const worker = started('worker', changed);
    workers.push(worker);
    await worker.ready;
    return worker;
  };
  const startApi: Product['startApi'] = async (changed) => {
    const process = started('api', changed);
    await process.ready;
    const client = createApiClient(urlOf(process), key);
    closers.push(client.close);
    return { process, client };
  };
  const apiProcess = started('api');
  await Promise.all([apiProcess.ready, ...Array.from({ length: options.workers ?? 1 }, () => startWorker())]);
  const api = createApiClient(urlOf(apiProcess), key);
  closers.push(api.close);
  return {
    api,
    apiProcess,
    workers,
    databaseUrl,
    pool,
    get redis(): RedisServer {
      if (redis === null) throw new Error('this product has no Redis of its own');
      return redis;
    },
    env,
    startWorker,
    startApi,
    stop,
  };
}

async function ownDatabase(closers: Closer[]): Promise<string> {
  const database = await createTestDatabase();
  closers.push(database.drop);
  return database.url;
}

const environment = (databaseUrl: string, redisUrl: string | null, folder: string, key: string): Record<string, string> => ({
  DATABASE_URL: databaseUrl,
  ...(redisUrl === null ? { POSTHORN_QUEUE: 'postgres' } : { REDIS_URL: redisUrl }),
  PORT: '0',
  POSTHORN_WORKER_PORT: '0',
  POSTHORN_DATA_DIR: folder,
  POSTHORN_BOOTSTRAP_KEY: key,
  POSTHORN_ENCRYPTION_KEY: Buffer.alloc(32, 7).toString('base64'),
  POSTHORN_EGRESS_ALLOW: '127.0.0.1/32',
  POSTHORN_SHUTDOWN_S: '10',
  // Tests make webhooks by the hundred.
  POSTHORN_MANAGEMENT_REQUESTS_PER_S: '0',
  LOG_LEVEL: 'warn',
});

/** Ends a process in order; one that was frozen by its test goes on first. */
const endOf = (one: StartedProcess): Promise<ProcessEnd> => {
  void one.kill('SIGCONT');
  return one.kill('SIGTERM');
};

/**
 * A product with two workers and a receiver, for all tests of a file: started before the first, stopped after the last. Its members are there
 * once the tests run.
 */
export const useProductAndReceiver = (): { readonly product: Product; readonly receiver: Receiver } => {
  let product: Product | undefined;
  let receiver: Receiver | undefined;
  const ready = <T>(it: T | undefined): T => {
    if (it === undefined) throw new Error('not started yet: ask for it in a test');
    return it;
  };
  beforeAll(async () => {
    product = await startProduct({ workers: 2 });
    receiver = await startReceiver();
  }, 90_000);
  afterAll(async () => {
    await product?.stop();
    await receiver?.stop();
  }, 60_000);
  return {
    get product() {
      return ready(product);
    },
    get receiver() {
      return ready(receiver);
    },
  };
};
