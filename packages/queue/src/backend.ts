// Where the queues live: Redis (one client for all queues of a process), a Redis Cluster, or BullMQ's own tables in Postgres (one pool).
import { type BackendFactory, createPostgresBackend, createRedisBackend, type IQueueBackend, runMigrations } from 'bullmq';
import pg from 'pg';
import { openRedisClient, type RedisClient } from './redis-client.js';

export type QueueLocation =
  /** Several addresses, comma-separated: nodes of a Redis Cluster. */
  { readonly kind: 'redis'; readonly url: string } | { readonly kind: 'postgres'; readonly url: string; readonly connectionsMax: number };

/** What BullMQ's constructors take; the connection's type is the factory's own business. */
export type Backend = {
  readonly connection: never;
  readonly factory: BackendFactory<IQueueBackend, never>;
  /** The Redis client, for the generation keys; null on Postgres, whose data are lost together with the truth or not at all. */
  readonly redis: RedisClient | null;
  /** Calls back once the backend can be used for the first time: BullMQ's queues never recover from a first command that failed. */
  readonly whenReady: (open: () => void) => void;
  /** So many of BullMQ's workers wait for jobs: on Postgres each keeps a connection to itself, which the others must not lack. */
  readonly reserve: (workers: number) => void;
  readonly close: () => Promise<void>;
};

// Producers fail fast: an enqueue that fails costs latency, one that hangs costs the answer to the producer.
const producerOptions = { maxRetriesPerRequest: 1, enableOfflineQueue: false, commandTimeout: 2_000, connectTimeout: 2_000 };
// Consumers wait for ever: BullMQ's blocking reads need it.
const consumerOptions = { maxRetriesPerRequest: null, connectTimeout: 5_000 };

const openRedis = (url: string, role: 'producer' | 'consumer', onError: (error: Error) => void): Backend => {
  const redis = openRedisClient(url, { ...(role === 'producer' ? producerOptions : consumerOptions), keepAlive: 10_000 }, onError);
  return {
    connection: redis as never,
    factory: createRedisBackend as BackendFactory<IQueueBackend, never>,
    redis,
    whenReady: (open) => void (redis.status === 'ready' ? open() : redis.once('ready', open)),
    reserve: () => undefined,
    close: async () => redis.disconnect(),
  };
};

const openPostgres = (url: string, connectionsMax: number, onError: (error: Error) => void): Backend => {
  const pool = new pg.Pool({
    connectionString: url,
    max: connectionsMax,
    application_name: 'posthorn queue',
    options: '-c search_path=bullmq',
    keepAlive: true,
  });
  pool.on('error', onError);
  // Every queue and worker listens on it.
  pool.setMaxListeners(0);
  return {
    connection: pool as never,
    factory: createPostgresBackend as BackendFactory<IQueueBackend, never>,
    redis: null,
    whenReady: (open) => open(),
    reserve: (workers) => {
      pool.options.max = connectionsMax + workers;
    },
    close: () => pool.end(),
  };
};

/** Opens the backend for producers or consumers; errors of the connection go to `onError`, and it reconnects by itself. */
export const openBackend = (location: QueueLocation, role: 'producer' | 'consumer', onError: (error: Error) => void): Backend =>
  location.kind === 'redis' ? openRedis(location.url, role, onError) : openPostgres(location.url, location.connectionsMax, onError);

/** Makes or updates the queue's tables in Postgres; nothing to do on Redis. Safe to run from several processes at once. */
export const migrateQueue = async (location: QueueLocation): Promise<void> => {
  if (location.kind === 'redis') return;
  const pool = new pg.Pool({ connectionString: location.url, max: 1 });
  try {
    const client = await pool.connect();
    try {
      await runMigrations(client);
    } finally {
      client.release();
    }
  } finally {
    await pool.end();
  }
};
