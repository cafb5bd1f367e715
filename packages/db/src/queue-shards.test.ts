import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createWorld, type World } from '../tests/world.js';
import { agreeOnDeployment } from './deployment.js';
import { sayRunning } from './processes.js';
import {
  beginShardChange,
  countDispatchesFrom,
  createShardFollower,
  endShardChange,
  findUnservedShards,
  listShardProcesses,
  type QueueShards,
  readShardNumbers,
  shardsOf,
} from './queue-shards.js';

const rethrow = (error: unknown): never => {
  throw error;
};

let world: World;
beforeAll(async () => {
  world = await createWorld(4);
});
afterAll(() => world.drop());
beforeEach(async () => {
  await world.rows('delete from deployment');
});

const install = (shards: number) => agreeOnDeployment(world.pool, { queueBackend: 'redis', queueShards: shards, encryptionKeyIds: ['a'] });
const numbers = fc.integer({ min: 1, max: 64 });

describe('the number of shards', () => {
  it('has nothing fed that is not served, whoever has not heard yet how far the change is', () => {
    fc.assert(
      fc.property(numbers, numbers, (now, next) => {
        const [before, during, after] = [shardsOf({ now, next: null }), shardsOf({ now, next }), shardsOf({ now: next, next: null })];
        expect([before, during, after].map(({ fed }) => fed)).toEqual([now, Math.min(now, next), next]);
        for (const [feeder, server] of [
          [before, during],
          [during, before],
          [during, after],
          [after, during],
        ] as const)
          expect(feeder.fed).toBeLessThanOrEqual(server.served);
      }),
    );
  });

  it('goes to another, from wherever it is on its way to, and back', async () => {
    expect(await beginShardChange(world.pool, 3)).toBeNull();
    await install(2);
    expect(await beginShardChange(world.pool, 6)).toEqual({ now: 2, next: 6 });
    expect(await beginShardChange(world.pool, 3)).toEqual({ now: 2, next: 3 });
    expect(await endShardChange(world.pool, 6)).toBe(false);
    expect(await beginShardChange(world.pool, 2)).toEqual({ now: 2, next: null });
    expect(await endShardChange(world.pool, 2)).toBe(false);
    await beginShardChange(world.pool, 6);
    expect(await endShardChange(world.pool, 6)).toBe(true);
    expect(await readShardNumbers(world.pool)).toEqual({ now: 6, next: null });
  });

  it('is right for processes with the old and with the new one while it changes, and for the new one alone afterwards', async () => {
    await install(2);
    await beginShardChange(world.pool, 6);
    await install(2);
    await install(6);
    await expect(install(3)).rejects.toThrow('queue shards: this process 3, the installation 2');
    await endShardChange(world.pool, 6);
    await install(6);
    await expect(install(2)).rejects.toThrow('queue shards: this process 2, the installation 6');
  });

  it('is followed by every process', async () => {
    const seen: QueueShards[] = [];
    const follower = createShardFollower(world.pool, (shards) => seen.push(shards), rethrow);
    await follower.look();
    expect(seen).toEqual([]);
    await install(6);
    await follower.look();
    await follower.look();
    await beginShardChange(world.pool, 3);
    await follower.look();
    await endShardChange(world.pool, 3);
    await follower.look();
    expect(seen).toEqual([
      { fed: 6, served: 6 },
      { fed: 3, served: 6 },
      { fed: 3, served: 3 },
    ]);
  });
});

describe('who serves which shard', () => {
  it('is said by the processes, anew when it changes', async () => {
    const self = { build: null, jobsMax: 1, encryptionKeyIds: [] };
    let served = [0, 1];
    const worker = sayRunning(world.pool, { ...self, id: crypto.randomUUID(), role: 'worker' }, rethrow, () => ({ fed: 2, served }));
    const api = sayRunning(world.pool, { ...self, id: crypto.randomUUID(), role: 'api' }, rethrow, () => ({ fed: 2, served: null }));
    const old = sayRunning(world.pool, { ...self, id: crypto.randomUUID(), role: 'api' }, rethrow);
    served = [1, 4];
    worker.sayAgain();
    await Promise.all([worker.said(), api.said(), old.said()]);
    const processes = await listShardProcesses(world.pool);
    expect(processes.map(({ role, fed, served: theirs }) => ({ role, fed, theirs }))).toEqual(
      expect.arrayContaining([
        { role: 'worker', fed: 2, theirs: [1, 4] },
        { role: 'api', fed: 2, theirs: null },
        { role: 'api', fed: null, theirs: null },
      ]),
    );
    expect(findUnservedShards(processes, 5)).toEqual([0, 2, 3]);
    await Promise.all([worker.stop(), api.stop(), old.stop()]);
    expect(await listShardProcesses(world.pool)).toEqual([]);
  });
});

it('counts what is on its way in shards that go, but for what was set aside', async () => {
  await world.rows(`insert into dispatches (id, event_ids, shard, lease_until, set_aside_at)
    select gen_random_uuid(), '{}', shard, now(), aside from (values (1, null), (2, null), (3, null), (3, now())) as d (shard, aside)`);
  expect([await countDispatchesFrom(world.pool, 2), await countDispatchesFrom(world.pool, 4)]).toEqual([2, 0]);
});
