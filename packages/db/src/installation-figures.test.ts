import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createWorld, failed, flushLimits, type World, waiting } from '../tests/world.js';
import { writeFlush } from './flush.js';
import { countedMax, readStorageFigures, readWebhookFigures, readWorkFigures } from './installation-figures.js';
import { createDatabase, type Database } from './pools.js';

const webhooks = 6;

let world: World;
let db: Database;
let ids: readonly string[];

beforeAll(async () => {
  world = await createWorld();
  db = createDatabase({ url: world.url, max: 2, applicationName: 'test', onError: () => undefined });
  ids = await Promise.all(Array.from({ length: webhooks }, () => world.webhook()));
});
afterAll(async () => {
  await db.destroy();
  await world.drop();
});

const idOf = (index: number): string => ids[index] ?? '';

describe('figures of the work', () => {
  it('are 0 where there is none', async () => {
    expect(await readWorkFigures(db)).toMatchObject({
      dispatches_ready: 0,
      dispatch_age_s: 0,
      due_ready: 0,
      due_age_s: 0,
      replay_ready: 0,
      replay_age_s: 0,
      lag_s: 0,
      is_scheduled: false,
      apis: 0,
      workers: 0,
      shards_unserved: 0,
    });
  });

  it('count the shards that are fed and that no process of late serves', async () => {
    const unserved = async () => (await readWorkFigures(db)).shards_unserved;
    const worker = (shards: string, seen: string) =>
      world.rows(
        `insert into processes (id, role, host, pid, node_version, started_at, seen_at, shards_fed, shards_served)
         values (gen_random_uuid(), 'worker', 'h', 1, 'v1', now(), now() + $2::interval, 6, $1::smallint[])`,
        [shards, seen],
      );
    await world.rows(`insert into deployment (queue_backend, queue_shards, encryption_key_id) values ('redis', 6, 'a')`);
    expect(await unserved()).toBe(6);
    await worker('{0,1,2}', '-16 s');
    await worker('{1,2,7}', '-1 s');
    await worker('{2,3}', '-1 s');
    expect(await unserved()).toBe(3);
    await world.rows('update deployment set queue_shards_next = 4');
    expect(await unserved()).toBe(1);
    await world.rows('update deployment set queue_shards_next = 8');
    expect(await unserved()).toBe(3);
    await world.rows('delete from deployment');
    await world.rows('delete from processes');
  });

  it('tell what nobody has, and for how long', async () => {
    const insert = (lease: string, age: string) =>
      world.rows(
        `insert into dispatches (id, event_ids, lease_until)
         values ((left(uuidv7_floor(now() - $2::interval)::text, 24) || right(gen_random_uuid()::text, 12))::uuid, array[gen_random_uuid()], now() + $1::interval)`,
        [lease, age],
      );
    await insert('1 hour', '600 s');
    await insert('-60 s', '300 s');
    await insert('-30 s', '200 s');
    await world.rows(`update dispatches set set_aside_at = now() where lease_until < now() - interval '45 s'`);
    const work = await readWorkFigures(db);
    expect(work.dispatches_ready).toBe(1);
    expect(work.dispatch_age_s).toBeGreaterThanOrEqual(600);
    expect(work.lag_s).toBeGreaterThanOrEqual(30);
    // The older ones are somebody's, and set aside.
    expect(work.lag_s).toBeLessThan(600);
    await world.rows('delete from dispatches');
  });

  it('count webhooks that have a turn in their lanes', async () => {
    const due = (index: number, columns: string) => world.rows(`update webhook_state set ${columns} where webhook_id = $1`, [idOf(index)]);
    await due(0, `due_at = now() - interval '50 s'`);
    await due(1, `replay_due_at = now() - interval '20 s'`);
    await due(2, `due_at = now() - interval '500 s', paused_at = now()`);
    await due(3, `due_at = now() - interval '500 s', out_until = now() + interval '1 hour'`);
    await due(4, `due_at = now() - interval '500 s', disabled_at = now(), disabled_reason = 'by_hand'`);
    const work = await readWorkFigures(db);
    expect([work.due_ready, work.replay_ready]).toEqual([1, 1]);
    expect(work.due_age_s).toBeGreaterThanOrEqual(50);
    expect(work.due_age_s).toBeLessThan(500);
    expect(work.replay_age_s).toBeGreaterThanOrEqual(20);
    expect(work.lag_s).toBe(work.due_age_s);
    await world.rows(
      `update webhook_state set due_at = 'infinity', replay_due_at = 'infinity', paused_at = null, disabled_at = null, disabled_reason = null, out_until = '-infinity'`,
    );
  });

  it('count no more than so many', async () => {
    await world.rows(
      `insert into dispatches (id, event_ids, lease_until) select gen_random_uuid(), '{}', now() from generate_series(1, $1::int)`,
      [countedMax + 5],
    );
    expect((await readWorkFigures(db)).dispatches_ready).toBe(countedMax);
    await world.rows('delete from dispatches');
  });

  it('tell of a snapshot that is kept, of the scheduler and of processes that said so lately', async () => {
    await world.rows(`update leases set held_until = now() + interval '5 s' where name = 'scheduler'`);
    await world.rows(
      `insert into processes (id, role, host, pid, node_version, started_at, seen_at)
       values (gen_random_uuid(), 'api', 'a', 1, 'v', now(), now()), (gen_random_uuid(), 'worker', 'a', 2, 'v', now(), now()),
              (gen_random_uuid(), 'worker', 'a', 3, 'v', now(), now() - interval '1 hour')`,
    );
    const client = await world.pool.connect();
    try {
      await client.query('begin isolation level repeatable read');
      await client.query('select count(*) from environments');
      const { rows } = await client.query<{ began: Date }>('select now() as began');
      const work = await readWorkFigures(db);
      expect(work).toMatchObject({ is_scheduled: true, apis: 1, workers: 1 });
      expect(work.snapshot_age_s).toBeGreaterThan(0);
      const { rows: after } = await client.query<{ age: number }>(
        'select extract(epoch from clock_timestamp() - $1::timestamptz)::float8 as age',
        [rows[0]?.began],
      );
      expect(work.snapshot_age_s).toBeLessThan((after[0]?.age ?? 0) + 1);
    } finally {
      await client.query('rollback');
      client.release();
    }
  });
});

describe('figures of the webhooks', () => {
  it('tell what waits by the counters, as a count of deliveries would', async () => {
    const records = ids.flatMap((id, index) => [
      ...Array.from({ length: index + 1 }, () => world.record(id, waiting())),
      world.record(id),
      world.record(id, { ...failed(), status: 2, dueInMs: null }),
    ]);
    await writeFlush(world.pool, { records, reports: [], finished: [] }, flushLimits);
    await world.rows('update webhook_state set circuit = 1 where webhook_id = $1', [idOf(1)]);
    await world.rows('update webhook_state set circuit = 2 where webhook_id = $1', [idOf(2)]);
    await world.rows('update webhook_state set paused_at = now() where webhook_id = $1', [idOf(3)]);
    await world.rows(`update webhook_state set disabled_at = now(), disabled_reason = 'by_hand' where webhook_id = $1`, [idOf(4)]);
    expect(await readWebhookFigures(db)).toEqual({
      enabled: webhooks - 2,
      paused: 1,
      disabled: 1,
      closed: webhooks - 3,
      open: 1,
      half_open: 1,
      // Those of webhooks 0, 4 and 5; and of 1, 2 and 3.
      pending: 1 + 5 + 6,
      held: 2 + 3 + 4,
    });
    const { n } = await world.row<{ n: number }>('select count(*)::int as n from deliveries where status = 0');
    expect(n).toBe(1 + 2 + 3 + 4 + 5 + 6);
  });
});

describe('figures of the storage', () => {
  it('tell how many days there are ahead, and how far the oldest is behind what is kept', async () => {
    const today = () => world.row<{ day: string }>(`select (now() at time zone 'UTC')::date::text as day`);
    const read = async (): Promise<readonly unknown[]> => {
      const before = await today();
      const figures = await Promise.all([30, 10, 11].map((days) => readStorageFigures(db, days)));
      // Midnight has come between.
      return (await today()).day === before.day ? figures : read();
    };
    const { day } = await today();
    const none = { partitions_overdue: 0, database_bytes: expect.any(Number) };
    const [now] = await read();
    expect(now).toMatchObject(none);
    expect([6, 7]).toContain((now as { partitions_ahead: number }).partitions_ahead);
    await world.rows(`select make_partitions($1::date - 12, $1::date - 12)`, [day]);
    const late = (await today()).day === day ? 0 : 1;
    expect(await read()).toMatchObject([none, { partitions_overdue: 1 + late }, { partitions_overdue: late }]);
  });
});
