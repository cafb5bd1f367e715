// The server processes: api, worker, and both in one (start). Each is opened in order and stopped in reverse.
import { join } from 'node:path';
import { createApi } from '@posthorn/api';
import type { Config } from '@posthorn/config';
import { migrate, startEmbeddedPostgres } from '@posthorn/db';
import { loopbackAllowValue } from '@posthorn/egress';
import { migrateQueue } from '@posthorn/queue';
import { createWorker, startHealthServer, type Worker } from '@posthorn/worker';
import type { Terminal } from '../terminal.js';
import { readBuild } from './build.js';
import { findConsole } from './console-directory.js';
import { adminKeyFile, dataDirectoryOf } from './development-keys.js';
import { ensureFirstKey } from './first-key.js';
import { measure } from './measuring.js';
import { saying } from './process-lines.js';
import { isLoopbackHost, openResources, queueLocationOf, type Resources, type Role } from './resources.js';
import { untilShutdown } from './shutdown.js';
import { waitForDatabase } from './wait-for-database.js';
import { welcome } from './welcome.js';

type Running = { readonly stop: () => Promise<void> };

const waitForDatabaseMs = 120_000;

const newApi = (resources: Resources) =>
  createApi({
    ...resources,
    queueShards: resources.config.queueShards,
    idempotencyHours: resources.config.idempotencyHours,
    smtpUrl: resources.config.smtpUrl,
    operatorEmail: resources.config.operatorEmail,
    rateLimits: resources.config,
    shedsLoad: true,
    trustProxy: resources.config.trustProxy,
    consoleDirectory: findConsole(),
    build: readBuild(resources.config.commit),
    listenUrl: resources.config.databaseDirectUrl ?? resources.databaseUrl,
    publicUrl: resources.config.publicUrl.replace(/\/$/, ''),
  });

const newWorker = (resources: Resources) =>
  createWorker({
    ...resources,
    queueShards: resources.config.queueShards,
    jobsMax: resources.config.workerJobsMax,
    retentionDays: resources.config.retentionDays,
    build: readBuild(resources.config.commit),
    mail: resources.config,
  });

const measureOn = (role: Role, resources: Resources, { lookAtQueue }: Pick<Worker, 'lookAtQueue'>): void =>
  measure({
    ...resources,
    role,
    lookAtQueue,
    build: readBuild(resources.config.commit),
    connectionsMax: resources.config.databasePoolMax,
    retentionDays: resources.config.retentionDays,
  });

const untilStopped = (config: Config, running: Running, terminal: Terminal): Promise<number> =>
  untilShutdown({ stop: running.stop, withParent: config.underNpmStart, say: terminal.warn });

const requireDatabaseUrl = (config: Config): string => {
  if (config.databaseUrl === null)
    throw new Error('DATABASE_URL is not set: this command needs a Postgres server (posthorn start brings its own)');
  return config.databaseUrl;
};

/** Brings schema and queue of `url` to this version. */
export const migrateAll = async (config: Config, url: string): Promise<readonly string[]> => {
  await migrateQueue(queueLocationOf(config, url));
  return migrate(url);
};

/** `posthorn api`: until a signal; returns the exit code. */
export const runApi = (screen: Terminal): Promise<number> =>
  saying('api', screen, (config, terminal) => serveApi(config, terminal, screen));

/** `posthorn worker`: until a signal; returns the exit code. */
export const runWorker = (screen: Terminal): Promise<number> => saying('worker', screen, serveWorker);

/** `posthorn start`: everything in one process, on the embedded database unless DATABASE_URL is set. */
export const runStart = (screen: Terminal): Promise<number> =>
  saying('start', screen, (config, terminal) => serveStart(config, terminal, screen));

/** @param screen where an admin key is printed, which belongs in no log */
const serveApi = async (config: Config, terminal: Terminal, screen: Terminal): Promise<number> => {
  const url = requireDatabaseUrl(config);
  await waitForDatabase(url, waitForDatabaseMs, terminal.warn);
  const resources = await openResources('api', url, { allowLoopback: false, config });
  const made = await ensureFirstKey(resources.db, config.bootstrapKey, dataDirectoryOf(config));
  const api = await newApi(resources);
  measureOn('api', resources, api);
  const port = await api.listen(config.host, config.port);
  terminal.print(`posthorn api listens on http://${config.host}:${port}`);
  if (made !== null && config.bootstrapKey === null)
    screen.print(`admin key: ${made} (kept in ${join(dataDirectoryOf(config), adminKeyFile)})`);
  return untilStopped(
    config,
    {
      stop: async () => {
        await api.stop();
        await resources.close();
      },
    },
    terminal,
  );
};

const serveWorker = async (config: Config, terminal: Terminal): Promise<number> => {
  const url = requireDatabaseUrl(config);
  await waitForDatabase(url, waitForDatabaseMs, terminal.warn);
  const resources = await openResources('worker', url, { allowLoopback: false, config });
  const worker = await newWorker(resources);
  measureOn('worker', resources, worker);
  const health = await startHealthServer({
    host: config.host,
    port: config.workerPort,
    problems: worker.problems,
    metrics: resources.metrics.text,
  });
  await worker.start();
  terminal.print(`posthorn worker is ready (health on http://${config.host}:${health.port})`);
  return untilStopped(
    config,
    {
      stop: async () => {
        await worker.stop(config.shutdownS * 1000);
        await health.close();
        await resources.close();
      },
    },
    terminal,
  );
};

const serveStart = async (config: Config, terminal: Terminal, screen: Terminal): Promise<number> => {
  const directory = dataDirectoryOf(config);
  const embedded = config.databaseUrl === null ? await startEmbeddedPostgres({ directory: join(directory, 'postgres') }) : null;
  const url = config.databaseUrl ?? embedded?.url ?? '';
  try {
    await migrateAll(config, config.databaseDirectUrl ?? url);
    const loopback = embedded !== null && isLoopbackHost(config.host);
    const resources = await openResources('start', url, { allowLoopback: loopback, config });
    const made = await ensureFirstKey(resources.db, config.bootstrapKey, directory);
    const api = await newApi(resources);
    const worker = await newWorker(resources);
    measureOn('start', resources, worker);
    const port = await api.listen(config.host, config.port);
    await worker.start();
    for (const line of welcome({
      host: config.host,
      port,
      keyFile: join(config.dataDirectory, adminKeyFile),
      madeKey: config.bootstrapKey === null ? made : null,
    }))
      screen.print(line);
    if (loopback && config.egressAllow === undefined)
      terminal.print(
        `Webhooks may point to this machine (${loopbackAllowValue}), since this is a local start; POSTHORN_EGRESS_ALLOW changes that.`,
      );
    return await untilStopped(
      config,
      {
        stop: async () => {
          await api.stop();
          await worker.stop(config.shutdownS * 1000);
          await resources.close();
        },
      },
      terminal,
    );
  } finally {
    await embedded?.stop();
  }
};
