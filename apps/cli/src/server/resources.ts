// What every server process opens first: configuration, keys, logger, database. Opened in order, closed in reverse.
import { type Config, readConfig } from '@posthorn/config';
import {
  agreeOnDeployment,
  createDatabases,
  createHotPool,
  createKeyRing,
  type Database,
  type HotPool,
  type KeyRing,
  type PoolUse,
} from '@posthorn/db';
import { createEgress, type Egress, emptyAllowList, loopbackAllowValue, parseAllowList } from '@posthorn/egress';
import type { QueueLocation } from '@posthorn/queue';
import {
  createErrorLog,
  createLogger,
  createMetrics,
  type Logger,
  logProcess,
  type Metrics,
  openTraces,
  type Traces,
} from '@posthorn/telemetry';
import { dataDirectoryOf } from './data-directory.js';
import { developmentEncryptionKey } from './development-keys.js';
import { lookAtQueue } from './look-at-queue.js';

export type Role = 'start' | 'api' | 'worker';

export type Resources = {
  readonly config: Config;
  readonly databaseUrl: string;
  readonly queue: QueueLocation;
  readonly keyRing: KeyRing;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly pool: HotPool;
  readonly db: Database;
  /** Behind the wall, for the API. */
  readonly walledDb: Database;
  /** Of the pool of both. */
  readonly manageUse: () => PoolUse;
  readonly egress: Egress;
  /** Null: nothing is traced. */
  readonly traces: Traces | null;
  readonly close: () => Promise<void>;
};

/** Where the queue lives by the configuration. */
export const queueLocationOf = (config: Config, databaseUrl: string): QueueLocation =>
  config.redisUrl === null
    ? { kind: 'postgres', url: databaseUrl, connectionsMax: 2 * config.databasePoolMax }
    : { kind: 'redis', url: config.redisUrl };

/** The keys of this process; the first seals until the installation's row names another. */
export const keyRingOf = async (config: Config): Promise<KeyRing> => {
  const key = config.encryptionKey ?? (await developmentEncryptionKey(dataDirectoryOf(config)));
  return config.nextEncryptionKey === null ? createKeyRing(key) : createKeyRing(key, config.nextEncryptionKey);
};

const allowListOf = (config: Config, loopback: boolean) => {
  const value = config.egressAllow ?? (loopback ? loopbackAllowValue : undefined);
  if (value === undefined) return emptyAllowList;
  const parsed = parseAllowList(value);
  if (!parsed.ok) throw new Error(`POSTHORN_EGRESS_ALLOW: ${parsed.message}`);
  return parsed.allow;
};

export const isLoopbackHost = (host: string): boolean => host === 'localhost' || host === '::1' || host.startsWith('127.');

/** Opens everything but the servers; refuses a deployment that this process would contradict. */
export const openResources = async (
  role: Role,
  databaseUrl: string,
  options: { readonly allowLoopback: boolean; readonly config?: Config },
): Promise<Resources> => {
  const config = options.config ?? readConfig();
  const keyRing = await keyRingOf(config);
  const egress = createEgress({ allow: allowListOf(config, options.allowLoopback) });
  const logger = createLogger({ level: config.logLevel, role, pretty: !config.production && process.stdout.isTTY });
  logProcess(logger);
  const logError = createErrorLog(logger);
  const traces = config.traces === null ? null : await openTraces(config.traces, role, (error) => logError('traces.failed', error));
  const poolOptions = {
    url: databaseUrl,
    max: config.databasePoolMax,
    applicationName: `posthorn ${role}`,
    onError: (error: Error) => logger.warn({ err: error }, 'database.connection_lost'),
  };
  const pool = createHotPool(poolOptions);
  const { db, walledDb, use: manageUse } = createDatabases(poolOptions);
  const queue = queueLocationOf(config, databaseUrl);
  const close = async (): Promise<void> => {
    await Promise.all([egress.close(), traces?.stop()]);
    await Promise.all([pool.end(), db.destroy()]);
  };
  try {
    await lookAtQueue(queue, logger);
    const ours = { queueBackend: queue.kind, queueShards: config.queueShards, encryptionKeyIds: keyRing.ids };
    keyRing.sealWith(await agreeOnDeployment(pool, ours));
  } catch (error) {
    await close();
    throw error;
  }
  return {
    config,
    databaseUrl,
    queue,
    keyRing,
    logger,
    metrics: createMetrics(role),
    pool,
    db,
    walledDb,
    manageUse,
    egress,
    traces,
    close,
  };
};
