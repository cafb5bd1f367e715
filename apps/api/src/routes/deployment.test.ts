// What runs, told to those who run it.
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { sayRunning } from '@posthorn/db';
import { eventually } from '@posthorn/testkit';
import { type ApiWorld, createApiWorld } from '../../tests/api-world.js';

let world: ApiWorld;
beforeAll(async () => {
  world = await createApiWorld();
});
afterAll(() => world.close());

const read = async () => (await world.call('GET', '/v1/deployment')).body;

it('says which processes run, until they stop or are not heard of any more', async () => {
  const self = { role: 'api', pid: process.pid, node_version: process.version, host: expect.any(String) };
  await eventually(async () => (await read()).processes.length === 1);
  expect((await read()).processes).toEqual([expect.objectContaining(self)]);
  const worker = sayRunning(world.pool, 'worker', () => undefined);
  await eventually(async () => (await read()).processes.length === 2);
  expect((await read()).processes.map(({ role }: { role: string }) => role)).toEqual(['api', 'worker']);
  await worker.stop();
  expect((await read()).processes).toHaveLength(1);
  await world.pool.query(
    `insert into processes (id, role, host, pid, node_version, started_at, seen_at)
     values ($1, 'worker', 'h', 1, 'v', now() - interval '1 hour', now() - interval '16 seconds')`,
    [world.newId()],
  );
  expect((await read()).processes).toHaveLength(1);
});

it('says how queue, scheduler and database are kept up', async () => {
  const { queue, scheduler, database } = await read();
  expect(queue).toEqual({ backend: 'postgres', shards: 2, is_reachable: true, waiting: { first: 0, due: 0, replay: 0 } });
  expect(scheduler).toEqual({ is_active: false, held_until: null });
  expect(database).toMatchObject({ schema: expect.stringMatching(/^\d{4}_/), last_partition: expect.stringMatching(/^\d{4}-\d\d-\d\d$/) });
  expect(database.partitions).toBeGreaterThan(7);
  await world.pool.query(`update leases set held_until = now() + interval '5 s' where name = 'scheduler'`);
  expect((await read()).scheduler).toEqual({ is_active: true, held_until: expect.any(String) });
});
