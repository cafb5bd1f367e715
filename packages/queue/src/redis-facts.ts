// What a Redis is and how it is set, for those who look whether it may hold jobs: at the start, in /readyz, `posthorn doctor`.
import { Cluster, type Redis } from 'ioredis';
import { openRedisClient, type RedisClient } from './redis-client.js';

/** The oldest version that BullMQ runs on, and the oldest that its authors advise, as `major.minor`. */
export const oldestRedis = '5.0';
export const advisedRedis = '6.2';

export type RedisFacts = {
  /** `host:port`; of a cluster there is one of these for each master. */
  readonly address: string;
  /** As the server names itself, as `7.2.4`. */
  readonly version: string;
  /** It cannot be used. */
  readonly isTooOld: boolean;
  /** It can be used, and a newer one is advised. */
  readonly isOld: boolean;
  /** A replica takes no jobs. */
  readonly isReplica: boolean;
  /** As `noeviction`; any other may throw jobs away. */
  readonly maxmemoryPolicy: string;
  readonly usedBytes: number;
  /** 0: no limit but the machine's. */
  readonly maxBytes: number;
  /** It refuses what needs more memory. */
  readonly isFull: boolean;
  readonly persistence: {
    readonly appendOnly: boolean;
    /** When snapshots are made, as in its configuration; '': never; null: it does not tell us. */
    readonly snapshots: string | null;
    /** False: the last one could not be written, and a Redis that is set so takes no jobs until one can. */
    readonly lastSaved: boolean;
  };
};

const lookMs = 5_000;

const textIn = (info: string, name: string): string => new RegExp(`^${name}:([^\\r\\n]*)`, 'm').exec(info)?.[1] ?? '';
const numberIn = (info: string, name: string): number => Number(textIn(info, name) || 0);

const isOlder = (version: string, bound: string): boolean => {
  const [ours, theirs] = [version, bound].map((text) => text.split('.').map(Number));
  const [major = 0, minor = 0] = ours ?? [];
  const [majorMin = 0, minorMin = 0] = theirs ?? [];
  return major < majorMin || (major === majorMin && minor < minorMin);
};

/** Whether it throws keys away when its memory is full. Some servers that speak as Redis have no such setting. */
export const mayEvict = ({ maxmemoryPolicy }: Pick<RedisFacts, 'maxmemoryPolicy'>): boolean =>
  maxmemoryPolicy !== '' && maxmemoryPolicy !== 'noeviction';

/** Reads what `INFO` says. @param snapshots of CONFIG GET save */
export const readRedisInfo = (address: string, info: string, snapshots: string | null): RedisFacts => {
  const version = textIn(info, 'redis_version');
  const [usedBytes, maxBytes] = [numberIn(info, 'used_memory'), numberIn(info, 'maxmemory')];
  return {
    address,
    version,
    isTooOld: isOlder(version, oldestRedis),
    isOld: !isOlder(version, oldestRedis) && isOlder(version, advisedRedis),
    isReplica: textIn(info, 'role') === 'slave',
    maxmemoryPolicy: textIn(info, 'maxmemory_policy'),
    usedBytes,
    maxBytes,
    isFull: maxBytes > 0 && usedBytes >= maxBytes,
    persistence: {
      appendOnly: numberIn(info, 'aof_enabled') === 1,
      snapshots,
      lastSaved: textIn(info, 'rdb_last_bgsave_status') !== 'err',
    },
  };
};

const readOne = async (redis: Redis): Promise<RedisFacts> => {
  const info = await redis.info();
  // Hosted ones often forbid CONFIG.
  const snapshots = await redis.config('GET', 'save').then(
    (answer) => String((answer as readonly unknown[])[1] ?? ''),
    () => null,
  );
  return readRedisInfo(`${redis.options.host}:${redis.options.port}`, info, snapshots);
};

const mastersOf = async (redis: RedisClient): Promise<readonly Redis[]> => {
  if (!(redis instanceof Cluster)) return [redis];
  // A cluster's client knows its masters once it has been answered.
  await redis.cluster('INFO');
  return redis.nodes('master');
};

/**
 * Looks at the Redis of this address, or at every master of a cluster, over a connection of its own within 5 s; changes nothing. Rejects with why nobody
 * answers: the error of the connection (`code`: ECONNREFUSED, …) or of the server (`message`: `WRONGPASS …`, `NOAUTH …`).
 */
export const lookAtRedis = async (url: string): Promise<readonly RedisFacts[]> => {
  let why: Error | null = null;
  const redis = openRedisClient(url, { maxRetriesPerRequest: 0, connectTimeout: lookMs }, (error) => {
    why = error;
  });
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(Object.assign(new Error(`no answer within ${lookMs / 1000} s`), { code: 'ETIMEDOUT' })), lookMs);
  });
  try {
    const asked = (async () => Promise.all((await mastersOf(redis)).map(readOne)))();
    return await Promise.race([asked, late]);
  } catch (error) {
    throw why ?? error;
  } finally {
    clearTimeout(timer);
    redis.disconnect();
  }
};
