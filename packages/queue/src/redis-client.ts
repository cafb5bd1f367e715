// Opening a client of one Redis, or of a Redis Cluster: several addresses in REDIS_URL, comma-separated, are nodes of a cluster, and so is a single one
// with `?cluster=true`. The client learns of all other nodes by itself.
import { Cluster, Redis } from 'ioredis';

export type RedisClient = Redis | Cluster;

/** How each of its connections behaves. */
export type RedisConnectionOptions = {
  /** Null: a command waits for a server that is away. */
  readonly maxRetriesPerRequest: number | null;
  /** Whether what is asked before the client is ready waits until it is; default true. */
  readonly enableOfflineQueue?: boolean;
  readonly commandTimeout?: number;
  readonly connectTimeout: number;
  readonly keepAlive?: number;
};

/** What an address says; the first one says for all who connects, and whether with TLS. */
export type RedisAddress = {
  readonly nodes: readonly { readonly host: string; readonly port: number }[];
  readonly options: { readonly username?: string; readonly password?: string; readonly tls?: Record<string, never> };
};

const portDefault = 6_379;
const clusterParameter = 'cluster';

const parse = (text: string): URL => {
  const url = new URL(text);
  if (url.protocol !== 'redis:' && url.protocol !== 'rediss:') throw new TypeError('not redis:// or rediss://');
  return url;
};

/** Whether the text names a cluster. Throws a TypeError on what is no address. */
export const namesCluster = (text: string): boolean => text.includes(',') || parse(text).searchParams.get(clusterParameter) === 'true';

/** Reads the addresses of a cluster's nodes; those after the first may be `host:port` alone. Throws a TypeError on what is none. */
export const readClusterAddress = (text: string): RedisAddress => {
  const [first = '', ...others] = text.split(',').map((each) => each.trim());
  const { protocol, username, password } = parse(first);
  const urls = [first, ...others].map((each) => parse(each.includes('://') ? each : `${protocol}//${each}`));
  return {
    nodes: urls.map(({ hostname, port }) => ({ host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? portDefault : Number(port) })),
    options: {
      ...(username !== '' && { username: decodeURIComponent(username) }),
      ...(password !== '' && { password: decodeURIComponent(password) }),
      ...(protocol === 'rediss:' && { tls: {} }),
    },
  };
};

const retryDelayMs = (times: number): number => Math.min(100 + times * 100, 2_000);
/** How often a command is sent again, to another node or after 100 ms, while the master of its slot is gone, for those that do not wait for ever. */
const redirectionsMax = 4;
const slotsRefreshTimeoutMs = 2_000;
/** Masters may change without a command of ours that would tell. */
const slotsRefreshEveryMs = 10_000;

/** Opens a client, which connects again by itself. @param onError is told what goes wrong with its connections */
export const openRedisClient = (url: string, options: RedisConnectionOptions, onError: (error: Error) => void): RedisClient => {
  const client = namesCluster(url) ? openCluster(url, options) : new Redis(url, { ...options, retryStrategy: retryDelayMs });
  client.on('error', onError);
  return client;
};

const openCluster = (url: string, { enableOfflineQueue = true, ...options }: RedisConnectionOptions): Cluster => {
  const address = readClusterAddress(url);
  return new Cluster([...address.nodes], {
    redisOptions: { ...options, ...address.options },
    enableOfflineQueue,
    ...(options.maxRetriesPerRequest !== null && { maxRedirections: redirectionsMax }),
    clusterRetryStrategy: retryDelayMs,
    slotsRefreshTimeout: slotsRefreshTimeoutMs,
    slotsRefreshInterval: slotsRefreshEveryMs,
  });
};
