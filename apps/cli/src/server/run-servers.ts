// The server processes: api, worker, and both in one (start). Each is opened in order and stopped in reverse.
import { join } from 'node:path';
import { createApi } from '@posthorn/api';
import type { Config } from '@posthorn/config';
import { migrate, startEmbeddedPostgres } from '@posthorn/db';
import { loopbackAllowValue } from '@posthorn/egress';
import { migrateQueue } from '@posthorn/queue';
import { createWorker, startHealthServer, type Worker } from '@posthorn/worker';
import { CommandError } from '../exit-codes.js';
import type { Terminal } from '../terminal.js';
import { readBuild } from './build.js';
import { findConsole } from './console-directory.js';
import { adminKeyFile, dataDirectoryOf } from './data-directory.js';
import { ensureFirstKey } from './first-key.js';
import { measure } from './measuring.js';
import { saying } from './process-lines.js';
import { isLoopbackHost, openResources, queueLocationOf, type Resources, type Role } from './resources.js';
import { warnOfShortStop } from './short-stop.js';
import { type Server, type ServingOptions, type StopTimes, serve } from './shutdown.js';
import { type WaitingOptions, waitForDatabase } from './wait-for-database.js';
import { welcome } from './welcome.js';

/** @param worker in the same process */
const newApi = (resources: Resources, worker?: Pick<Worker, 'problems'>) =>
  createApi({
    ...resources,
    ...(worker !== undefined && { workerProblems: worker.problems }),
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
    workerShards: resources.config.workerShards,
    jobsMax: resources.config.workerJobsMax,
    retentionDays: resources.config.retentionDays,
    idempotencyHours: resources.config.idempotencyHours,
    build: readBuild(resources.config.commit),
    mail: resources.config,
    tracesTellEndpoints: resources.config.traces?.tellsEndpoints ?? false,
  });

/** Runs what `start` opens for as long as nobody asks it to end. */
const serveUntilAsked = (config: Config, terminal: Terminal, start: ServingOptions['start']): Promise<number> =>
  serve({ start, stopMs: config.shutdownS * 1_000, withParent: config.underNpmStart, say: terminal.warn });

/** Stops the parts together, cuts what endpoints have not answered when the time for that is over, and closes the resources last. */
const stopParts = async (resources: Resources, { cutAfterMs }: StopTimes, parts: readonly Promise<void>[]): Promise<void> => {
  const cutting = setTimeout(resources.egress.cut, cutAfterMs);
  await Promise.all(parts);
  clearTimeout(cutting);
  await resources.close();
};

const measureOn = (role: Role, resources: Resources, { lookAtQueue }: Pick<Worker, 'lookAtQueue'>): void =>
  measure({
    ...resources,
    role,
    lookAtQueue,
    build: readBuild(resources.config.commit),
    connectionsMax: resources.config.databasePoolMax,
    retentionDays: resources.config.retentionDays,
  });

const requireDatabaseUrl = (config: Config): string => {
  if (config.databaseUrl === null)
    throw new CommandError(
      'configuration',
      'DATABASE_URL is not set: this command needs a Postgres server (posthorn start brings its own)',
    );
  return config.databaseUrl;
};

const waitingOf = (config: Config, terminal: Terminal, untilMigrated: boolean): WaitingOptions => ({
  untilMigrated,
  timeoutMs: config.startWaitS * 1_000,
  say: terminal.warn,
});

/** Brings schema and queue of `url` to this version, once Postgres is there; refuses one that would lose events or is a newer version's. */
export const migrateAll = async (config: Config, url: string, terminal: Terminal): Promise<readonly string[]> => {
  await waitForDatabase(url, waitingOf(config, terminal, false));
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
const serveApi = (config: Config, terminal: Terminal, screen: Terminal): Promise<number> => {
  const url = requireDatabaseUrl(config);
  return serveUntilAsked(config, terminal, async (): Promise<Server> => {
    await waitForDatabase(url, waitingOf(config, terminal, true));
    const resources = await openResources('api', url, { allowLoopback: false, config });
    const made = await ensureFirstKey(resources.db, config.bootstrapKey, dataDirectoryOf(config));
    const api = await newApi(resources);
    measureOn('api', resources, api);
    const port = await api.listen(config.host, config.port);
    terminal.print(`posthorn api listens on http://${config.host}:${port}`);
    if (made !== null && config.bootstrapKey === null)
      screen.print(`admin key: ${made} (kept in ${join(dataDirectoryOf(config), adminKeyFile)})`);
    return { stop: (times) => stopParts(resources, times, [api.stop(times.closeAfterMs)]), open: api.open };
  });
};

const serveWorker = (config: Config, terminal: Terminal): Promise<number> => {
  const url = requireDatabaseUrl(config);
  return serveUntilAsked(config, terminal, async (): Promise<Server> => {
    await waitForDatabase(url, waitingOf(config, terminal, true));
    const resources = await openResources('worker', url, { allowLoopback: false, config });
    const worker = await newWorker(resources);
    measureOn('worker', resources, worker);
    const health = await startHealthServer({
      host: config.host,
      port: config.workerPort,
      problems: worker.problems,
      degraded: worker.degraded,
      metrics: resources.metrics.text,
    });
    await warnOfShortStop(resources);
    // The last that is waited for: a stop that comes while it starts has no requests to wait for.
    await worker.start();
    terminal.print(`posthorn worker is ready (health on http://${config.host}:${health.port})`);
    return { stop: (times) => stopParts(resources, times, [worker.stop().then(health.close)]), open: worker.open };
  });
};

const serveStart = (config: Config, terminal: Terminal, screen: Terminal): Promise<number> =>
  serveUntilAsked(config, terminal, async (closeAtEnd): Promise<Server> => {
    const directory = dataDirectoryOf(config);
    const embedded =
      config.databaseUrl === null ? await startEmbeddedPostgres({ directory: join(directory, 'postgres'), onStoppable: closeAtEnd }) : null;
    const url = config.databaseUrl ?? embedded?.url ?? '';
    await migrateAll(config, config.databaseDirectUrl ?? url, terminal);
    const loopback = embedded !== null && isLoopbackHost(config.host);
    const resources = await openResources('start', url, { allowLoopback: loopback, config });
    const made = await ensureFirstKey(resources.db, config.bootstrapKey, directory);
    const worker = await newWorker(resources);
    const api = await newApi(resources, worker);
    measureOn('start', resources, worker);
    const port = await api.listen(config.host, config.port);
    await warnOfShortStop(resources);
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
    return {
      stop: (times) => stopParts(resources, times, [api.stop(times.closeAfterMs), worker.stop()]),
      open: () => [...api.open(), ...worker.open()],
    };
  });
