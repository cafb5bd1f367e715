// What is said of a Redis that answers: pure rules, and the same asked of a real one.
import { describe, expect, it } from '@jest/globals';
import { startRedis } from '@posthorn/testkit';
import { Redis } from 'ioredis';
import { createQueueProducer } from './producer.js';
import { troubleOf } from './redis-trouble.js';

const well = {
  isReplica: false,
  isFull: false,
  maxmemoryPolicy: 'noeviction',
  persistence: { appendOnly: false, snapshots: '', lastSaved: true },
};

describe('a Redis that answers', () => {
  it.each([
    ['is well', {}, null, null],
    ['is a replica', { isReplica: true }, /replica/, null],
    ['is full', { isFull: true }, /full \(maxmemory\)/, null],
    ['has no policy, and is full', { isFull: true, maxmemoryPolicy: '' }, /full/, null],
    ['evicts', { maxmemoryPolicy: 'allkeys-lru' }, null, /allkeys-lru/],
    ['evicts, and is full', { maxmemoryPolicy: 'volatile-ttl', isFull: true }, null, /volatile-ttl/],
    ['cannot save', { persistence: { ...well.persistence, lastSaved: false } }, null, /snapshot/],
  ])('and %s', (_, changed, refuses, doubt) => {
    const found = troubleOf([well, { ...well, ...changed }]);
    if (refuses === null) expect(found.refuses).toBeNull();
    else expect(found.refuses).toMatch(refuses);
    if (doubt === null) expect(found.doubt).toBeNull();
    else expect(found.doubt).toMatch(doubt);
  });

  it('is told of once, however many masters say the same', () => {
    const full = { ...well, isFull: true };
    expect(troubleOf([full, full, well]).refuses).toBe(troubleOf([full]).refuses);
  });

  it('is asked by the producer, which tells metrics too whether it may throw jobs away', async () => {
    const server = await startRedis();
    const producer = createQueueProducer({ location: { kind: 'redis', url: server.url }, shards: 1, onError: () => undefined });
    const redis = new Redis(server.url);
    try {
      await producer.ready();
      expect(await producer.state(1_000)).toEqual({ unreachable: [], refuses: null, doubt: null });
      expect((await producer.look()).redis).toMatchObject({ mayEvict: false });
      await redis.config('SET', 'maxmemory-policy', 'allkeys-lfu');
      expect(await producer.state(1_000)).toMatchObject({ refuses: null, doubt: expect.stringMatching(/allkeys-lfu/) });
      expect((await producer.look()).redis).toMatchObject({ mayEvict: true });
      await redis.config('SET', 'maxmemory-policy', 'noeviction', 'maxmemory', '1');
      expect(await producer.state(1_000)).toMatchObject({ refuses: expect.stringMatching(/full/), doubt: null });
    } finally {
      redis.disconnect();
      await producer.close();
      await server.stop();
    }
  });
});
