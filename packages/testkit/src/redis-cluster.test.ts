import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { type RedisCluster, startRedisCluster } from './redis-cluster.js';

let cluster: RedisCluster;
beforeAll(async () => {
  cluster = await startRedisCluster();
}, 90_000);
afterAll(() => cluster?.stop());

const ask = async <T>(url: string, question: (client: Redis) => Promise<T>): Promise<T> => {
  const client = new Redis(url, { retryStrategy: () => null, lazyConnect: true });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await question(client);
  } finally {
    client.disconnect();
  }
};
const write = (url: string, tag: string): Promise<unknown> => ask(url, (client) => client.set(`{${tag}}`, 'kept'));
const read = (url: string, tag: string): Promise<string | null> => ask(url, (client) => client.get(`{${tag}}`));
/** Slots 3387, 7450 and 11641. */
const tags = ['q0', 'q1', 'q2'];

describe('a Redis Cluster for tests', () => {
  it('divides all slots among three masters, and names them all', () => {
    expect(cluster.masters.map(({ slots }) => slots)).toEqual([
      [0, 5_461],
      [5_462, 10_922],
      [10_923, 16_383],
    ]);
    expect(cluster.url.split(',')).toEqual(cluster.masters.map(({ url }) => url));
  });

  it('serves each key at its own master alone', async () => {
    for (const [index, master] of cluster.masters.entries()) {
      expect(await write(master.url, tags[index] ?? '')).toBe('OK');
      await expect(write(master.url, tags[(index + 1) % 3] ?? '')).rejects.toThrow('MOVED');
    }
  });

  it('goes on without one of its masters, which comes back with its data or without', async () => {
    const [first, second] = cluster.masters;
    await write(first!.url, 'q0');
    await write(second!.url, 'q1');
    await first!.kill();
    await expect(read(first!.url, 'q0')).rejects.toThrow();
    expect(await read(second!.url, 'q1')).toBe('kept');
    await first!.restart('kept');
    expect(await read(first!.url, 'q0')).toBe('kept');
    await first!.restart('lost');
    expect([await read(first!.url, 'q0'), await read(second!.url, 'q1')]).toEqual([null, 'kept']);
    expect(await write(first!.url, 'q0')).toBe('OK');
  }, 120_000);
});
