// What every server process opens first: configuration, keys, logger, database. Opened in order, closed in reverse.
import { type Config, readConfig } from '@posthorn/config';
import { agreeOnDeployment, createDatabase, createHotPool, type Database, encryptionKeyId, type HotPool } from '@posthorn/db';
import { createEgress, type Egress, emptyAllowList, loopbackAllowValue, parseAllowList } from '@posthorn/egress';
import type { QueueLocation } from '@posthorn/queue';
import { createLogger, createMetrics, type Logger, type Metrics } from '@posthorn/telemetry';
import { dataDirectoryOf, developmentEncryptionKey } from './development-keys.js';

export type Role = 'start' | 'api' | 'worker';

export type Resources = {
  readonly config: Config;
  readonly databaseUrl: string;
  readonly queue: QueueLocation;
  readonly encryptionKey: Buffer;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly pool: HotPool;
  readonly db: Database;
  readonly egress: Egress;
  readonly close: () => Promise<void>;
};

/** Where the queue lives by the configuration. */
export const queueLocationOf = (config: Config, databaseUrl: string): QueueLocation =>
  config.redisUrl === null
    ? { kind: 'postgres', url: databaseUrl, connectionsMax: 2 * config.databasePoolMax }
    : { kind: 'redis', url: config.redisUrl };

export const encryptionKeyOf = async (config: Config): Promise<Buffer> =>
  config.encryptionKey ?? (await developmentEncryptionKey(dataDirectoryOf(config)));

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
  const encryptionKey = await encryptionKeyOf(config);
  const egress = createEgress({ allow: allowListOf(config, options.allowLoopback) });
  const logger = createLogger({ level: config.logLevel, role, pretty: !config.production && process.stdout.isTTY });
  const poolOptions = {
    url: databaseUrl,
    max: config.databasePoolMax,
    applicationName: `posthorn ${role}`,
    onError: (error: Error) => logger.warn({ err: error }, 'database.connection_lost'),
  };
  const pool = createHotPool(poolOptions);
  const db = createDatabase(poolOptions);
  const queue = queueLocationOf(config, databaseUrl);
  const close = async (): Promise<void> => {
    await egress.close();
    await Promise.all([pool.end(), db.destroy()]);
  };
  try {
    await agreeOnDeployment(pool, {
      queueBackend: queue.kind,
      queueShards: config.queueShards,
      encryptionKeyId: encryptionKeyId(encryptionKey),
    });
  } catch (error) {
    await close();
    throw error;
  }
  return { config, databaseUrl, queue, encryptionKey, logger, metrics: createMetrics(), pool, db, egress, close };
};
