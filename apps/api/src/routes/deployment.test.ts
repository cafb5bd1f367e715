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

/** From today, in the time of the partitions. */
const daysAhead = async (day: string) =>
  (await world.pool.query(`select $1::date - (now() at time zone 'UTC')::date as days`, [day])).rows[0].days;
const read = async () => (await world.call('GET', '/v1/deployment')).body;

it('says which processes run, until they stop or are not heard of any more', async () => {
  const self = {
    role: 'api',
    pid: process.pid,
    node_version: process.version,
    host: expect.any(String),
    version: null,
    jobs_max: null,
    shards: null,
  };
  await eventually(async () => (await read()).processes.length === 1);
  expect((await read()).processes).toEqual([expect.objectContaining(self)]);
  const worker = sayRunning(
    world.pool,
    { id: world.newId(), role: 'worker', build: { version: '1.2.3', commit: 'c0ffee' }, jobsMax: 7, encryptionKeyIds: [] },
    () => undefined,
    () => ({ fed: 2, served: [1] }),
  );
  await eventually(async () => (await read()).processes.length === 2);
  expect((await read()).processes.map(({ role }: { role: string }) => role)).toEqual(['api', 'worker']);
  expect((await read()).processes[1]).toMatchObject({ version: '1.2.3', commit: 'c0ffee', jobs_max: 7, shards: [1] });
  expect((await read()).queue.unserved_shards).toEqual([0]);
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
  const shards = { shards: 2, is_reachable: true, unreachable_shards: [], unserved_shards: [0, 1] };
  expect(queue).toEqual({ backend: 'postgres', ...shards, waiting: { first: 0, due: 0, replay: 0 } });
  expect(scheduler).toEqual({ is_active: false, held_until: null, holder_id: null });
  expect(database).toMatchObject({ schema: expect.stringMatching(/^\d{4}_/), last_partition: expect.stringMatching(/^\d{4}-\d\d-\d\d$/) });
  expect(database.partitions).toBeGreaterThan(7);
  expect(await daysAhead(database.last_partition)).toBe(database.partitions_ahead);
  const holder = world.newId();
  await world.pool.query(`update leases set held_until = now() + interval '5 s', holder = $1 where name = 'scheduler'`, [holder]);
  expect((await read()).scheduler).toEqual({ is_active: true, held_until: expect.any(String), holder_id: holder });
});
