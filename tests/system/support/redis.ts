// Looking into and disturbing the Redis of a product.
import { Redis } from 'ioredis';

const withRedis = async <T>(url: string, use: (redis: Redis) => Promise<T>): Promise<T> => {
  const redis = new Redis(url);
  try {
    return await use(redis);
  } finally {
    redis.disconnect();
  }
};

/** Redis forgets everything. */
export const flushRedis = (url: string): Promise<unknown> => withRedis(url, (redis) => redis.flushall());

/** Jobs that workers have taken, of all queues. */
export const countTaken = (url: string): Promise<number> => withRedis(url, (redis) => lengthOf(redis, '*:active'));

const lengthOf = async (redis: Redis, lists: string): Promise<number> => {
  const lengths = await Promise.all((await redis.keys(lists)).map((key) => redis.llen(key)));
  return lengths.reduce((sum, length) => sum + length, 0);
};

/** Sends one command, as `commandRedis(url, 'config', 'set', 'maxmemory', '1')`. */
export const commandRedis = (url: string, name: string, ...args: readonly string[]): Promise<unknown> =>
  withRedis(url, (redis) => redis.call(name, ...args));

/** Jobs that wait in all queues, and the memory that Redis uses, in bytes. */
export const readRedis = (url: string): Promise<{ readonly waiting: number; readonly memoryBytes: number }> =>
  withRedis(url, async (redis) => {
    const memory = /used_memory:(\d+)/.exec(await redis.info('memory'))?.[1];
    return { waiting: await lengthOf(redis, '*:wait'), memoryBytes: Number(memory) };
  });
