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

/** Sends one command, as `commandRedis(url, 'config', 'set', 'maxmemory', '1')`. */
export const commandRedis = (url: string, name: string, ...args: readonly string[]): Promise<unknown> =>
  withRedis(url, (redis) => redis.call(name, ...args));

/** Jobs that wait in all queues, and the memory that Redis uses, in bytes. */
export const readRedis = (url: string): Promise<{ readonly waiting: number; readonly memoryBytes: number }> =>
  withRedis(url, async (redis) => {
    const lists = await redis.keys('*:wait');
    const lengths = await Promise.all(lists.map((key) => redis.llen(key)));
    const memory = /used_memory:(\d+)/.exec(await redis.info('memory'))?.[1];
    return { waiting: lengths.reduce((sum, length) => sum + length, 0), memoryBytes: Number(memory) };
  });
