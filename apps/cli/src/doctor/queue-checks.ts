// What is looked at in the queue: each Redis that holds jobs, or that Postgres holds them, and whether workers serve every shard.
import type { Config } from '@posthorn/config';
import { advisedRedis, lookAtRedis, mayEvict, oldestRedis, type RedisFacts } from '@posthorn/queue';
import { type Check, type ErrorWords, ok, problem, warning } from './check.js';

const name = 'queue';
/** Of the memory that it may use. */
const fullShare = 0.8;
const mebibyte = 1_024 * 1_024;

/** Looks at the servers of REDIS_URL. */
export const checkQueue = async ({ redisUrl }: Config, words: ErrorWords): Promise<readonly Check[]> => {
  if (redisUrl === null) return [ok(name, 'it is in Postgres')];
  try {
    return (await lookAtRedis(redisUrl)).flatMap(judgeRedis);
  } catch (error) {
    return [problem(name, `Redis cannot be used: ${words(error)}`, fixOf(error))];
  }
};

const fixOf = (error: unknown): string => {
  const { message } = Object(error) as { readonly message?: unknown };
  if (/^(WRONGPASS|NOAUTH|NOPERM|ERR AUTH)/.test(String(message))) return 'put user and password in REDIS_URL right';
  return 'start it, or put its address in REDIS_URL right; until then events are accepted, and wait';
};

/** What is to be said of one server; at least one line. */
export const judgeRedis = (redis: RedisFacts): readonly Check[] => {
  const { address, version, persistence } = redis;
  const found: readonly (Check | null)[] = [
    redis.isTooOld
      ? problem(name, `Redis ${version} on ${address} is too old`, `run ${advisedRedis} or newer (${oldestRedis} at least)`)
      : redis.isOld
        ? warning(name, `Redis ${version} on ${address} is old`, `run ${advisedRedis} or newer`)
        : null,
    redis.isReplica ? problem(name, `Redis on ${address} is a replica, which takes no jobs`, 'name its master in REDIS_URL') : null,
    mayEvict(redis)
      ? problem(
          name,
          `Redis on ${address} throws jobs away when its memory is full (maxmemory-policy ${redis.maxmemoryPolicy})`,
          'set maxmemory-policy noeviction',
        )
      : null,
    judgeMemory(redis),
    persistence.lastSaved
      ? null
      : problem(
          name,
          `Redis on ${address} could not write its last snapshot`,
          'make room on its disk, or see its log: it may refuse jobs until it can',
        ),
  ];
  const said = found.filter((check) => check !== null);
  return said.length > 0 ? said : [ok(name, `Redis ${version} answers on ${address} and throws nothing away; ${persistenceOf(redis)}`)];
};

const judgeMemory = ({ address, isFull, usedBytes, maxBytes }: RedisFacts): Check | null => {
  const used = `${Math.round(usedBytes / mebibyte)} of ${Math.round(maxBytes / mebibyte)} MiB`;
  if (isFull) return problem(name, `Redis on ${address} is full (${used}) and takes no jobs`, 'raise its maxmemory');
  if (maxBytes > 0 && usedBytes > fullShare * maxBytes)
    return warning(name, `Redis on ${address} is nearly full (${used})`, 'raise its maxmemory, or see what else is in it');
  return null;
};

/** What a crash of it costs is time: what it held is fed again from Postgres. */
const persistenceOf = ({ persistence: { appendOnly, snapshots } }: RedisFacts): string => {
  if (appendOnly) return 'it writes every job to disk';
  if (snapshots === '') return 'it writes nothing to disk: after a crash jobs are fed again from Postgres';
  return 'it writes snapshots to disk: after a crash some jobs are fed again from Postgres';
};
