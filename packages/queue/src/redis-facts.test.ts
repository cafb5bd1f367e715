// What is read of a real Redis.
import { describe, expect, it } from '@jest/globals';
import { freePort, startRedis } from '@posthorn/testkit';
import { lookAtRedis, readRedisInfo } from './redis-facts.js';

const withRedis = async (args: readonly string[], use: (url: string, port: number) => Promise<void>): Promise<void> => {
  const redis = await startRedis({ args });
  try {
    await use(redis.url, redis.port);
  } finally {
    await redis.stop();
  }
};

describe('a look at Redis', () => {
  it('tells its version, its memory and what becomes of jobs when that is full', () =>
    withRedis(['--maxmemory', '64mb', '--maxmemory-policy', 'allkeys-lru'], async (url, port) => {
      const [facts, ...others] = await lookAtRedis(url);
      expect(others).toEqual([]);
      expect(facts).toMatchObject({
        address: `127.0.0.1:${port}`,
        version: expect.stringMatching(/^\d+\.\d+\.\d+/),
        isTooOld: false,
        isReplica: false,
        maxmemoryPolicy: 'allkeys-lru',
        maxBytes: 64 * 1024 * 1024,
        isFull: false,
        persistence: { appendOnly: false, snapshots: '', lastSaved: true },
      });
      expect(facts?.usedBytes).toBeGreaterThan(0);
    }));

  it('tells of one that is full, and of a replica', async () => {
    await withRedis(['--maxmemory', '100kb'], async (url) => expect((await lookAtRedis(url))[0]).toMatchObject({ isFull: true }));
    await withRedis(['--replicaof', '127.0.0.1', '1'], async (url) =>
      expect((await lookAtRedis(url))[0]).toMatchObject({ isReplica: true }),
    );
  });

  it('says why nobody answers', async () => {
    await expect(lookAtRedis(`redis://127.0.0.1:${await freePort()}`)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await withRedis(['--requirepass', 'right'], async (url) => {
      await expect(lookAtRedis(url)).rejects.toThrow(/NOAUTH/);
      await expect(lookAtRedis(url.replace('://', '://:wrong@'))).rejects.toThrow(/WRONGPASS/);
    });
  });

  it.each([
    ['4.0.14', true, false],
    ['5.0.14', false, true],
    ['6.0.20', false, true],
    ['6.2.0', false, false],
    ['7.0.15', false, false],
    ['10.1.0', false, false],
  ])('of %s says whether it is too old (%s) or old (%s)', (version, isTooOld, isOld) => {
    expect(readRedisInfo('a:1', `redis_version:${version}\r\n`, null)).toMatchObject({ version, isTooOld, isOld });
  });
});
