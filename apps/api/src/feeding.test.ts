import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createHotPool, type HotPool, type StoredDispatch } from '@posthorn/db';
import { createTestDatabase, eventually, type RedisServer, startRedis, type TestDatabase } from '@posthorn/testkit';
import { Redis } from 'ioredis';
import { createFeeding, type Feeding } from './feeding.js';
import { limits } from './limits.js';

const leaseMs = 3_600_000;

let database: TestDatabase;
let pool: HotPool;
let server: RedisServer;
let redis: Redis;
let feeding: Feeding;
const told: string[] = [];
beforeAll(async () => {
  [database, server] = await Promise.all([createTestDatabase(), startRedis()]);
  pool = createHotPool({ url: database.url, max: 2, applicationName: 'test', onError: () => undefined });
  redis = new Redis(server.url);
  await redis.config('SET', 'maxmemory-policy', 'noeviction');
  feeding = createFeeding({
    ...{ pool, queue: { kind: 'redis', url: server.url }, queueShards: 1 },
    ...{ onError: (...[event]: readonly unknown[]) => void told.push(String(event)), onChange: () => undefined },
  });
  await feeding.start();
}, 60_000);
afterAll(async () => {
  await feeding?.stop();
  redis?.disconnect();
  await pool?.end();
  await Promise.all([database?.drop(), server?.stop()]);
});

/** Stores a dispatch as the commit of its events does. */
const store = async (claim = 0): Promise<StoredDispatch> => {
  const dispatch = { id: randomUUID(), shard: 0, eventIds: [randomUUID()] };
  await pool.query({
    text: `insert into dispatches (id, event_ids, shard, claim, lease_until) values ($1, $2, 0, $3, now() + $4 * interval '1 ms')`,
    values: [dispatch.id, dispatch.eventIds, claim, leaseMs],
  });
  return dispatch;
};

/** How long the lease of a dispatch may still last, by the database's clock. */
const leaseLeftMs = async ({ id }: StoredDispatch): Promise<number> => {
  const { rows } = await pool.query<{ left: number }>({
    text: 'select (extract(epoch from lease_until - clock_timestamp()) * 1000)::float8 as left from dispatches where id = $1',
    values: [id],
  });
  return rows[0]!.left;
};

describe('feeding', () => {
  it('leaves a dispatch its lease where the queue has taken it', async () => {
    const dispatch = await store();
    feeding.enqueue([dispatch]);
    await eventually(async () => (await redis.keys(`*${dispatch.id}-0`)).length === 1);
    expect(await leaseLeftMs(dispatch)).toBeGreaterThan(limits.dispatchLeaseMs);
  });

  it('gives back soon what no shard takes, but not what somebody has claimed', async () => {
    const [dispatch, claimed] = [await store(), await store(1)];
    await redis.config('SET', 'maxmemory', '1');
    try {
      feeding.enqueue([dispatch, claimed]);
      await eventually(async () => (await leaseLeftMs(dispatch)) <= limits.refusedMs);
    } finally {
      await redis.config('SET', 'maxmemory', '0');
    }
    expect(told).toEqual(['queue.add_failed', 'queue.add_failed']);
    expect(await leaseLeftMs(claimed)).toBeGreaterThan(limits.dispatchLeaseMs);
  });
});
