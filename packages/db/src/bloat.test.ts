// Tables whose rows are written again and again stay as large as they are once they are warm. What autovacuum does is done here by hand after each
// cycle; that it comes by its settings, and when, is looked at apart.
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { eventually } from '@posthorn/testkit';
import { addDeliveries, addEvent } from '../tests/events.js';
import { createWorld, newEventId, type World } from '../tests/world.js';
import { leaseChunks } from './due-deliveries.js';
import { settleStatistics } from './settling.js';

const warmCycles = 4;
const cycles = 12;
/** A cycle's garbage may lie elsewhere than the last one's. */
const growthMax = 1.3;
let world: World;
beforeAll(async () => {
  world = await createWorld(3);
});
afterAll(() => world.drop());

const bytesOf = async (table: string): Promise<number> =>
  Number((await world.row<{ bytes: number }>('select pg_total_relation_size($1::regclass)::float8 as bytes', [table])).bytes);

/** Runs cycles with a vacuum after each; how much the tables grew after they were warm. */
const growthOf = async (tables: readonly string[], cycle: (n: number) => Promise<unknown>): Promise<readonly number[]> => {
  const run = async (count: number): Promise<void> => {
    for (let n = 0; n < count; n++) {
      await cycle(n);
      for (const table of tables) await world.rows(`vacuum ${table}`);
    }
  };
  await run(warmCycles);
  const warm = await Promise.all(tables.map(bytesOf));
  await run(cycles);
  return Promise.all(tables.map(async (table, index) => (await bytesOf(table)) / (warm[index] ?? 1)));
};

it('dispatches that come, are claimed and go', async () => {
  const eventIds = Array.from({ length: 20 }, () => newEventId()).sort();
  const [growth] = await growthOf(['dispatches'], async () => {
    await world.rows(
      `insert into dispatches (id, event_ids, lease_until) select new_uuidv7(), $1, now() - n * interval '1 s' from generate_series(1, 500) n`,
      [eventIds],
    );
    for (let lease = 0; lease < 3; lease++) await world.rows('update dispatches set claim = claim + 1, lease_until = clock_timestamp()');
    await world.rows('delete from dispatches');
  });
  expect(growth).toBeLessThan(growthMax);
});

it('states of webhooks that have turn after turn, and their statistics that are settled', async () => {
  const webhookIds = await Promise.all(Array.from({ length: 25 }, () => world.webhook()));
  const eventId = await addEvent(world);
  for (const webhookId of webhookIds) await addDeliveries(world, webhookId, [eventId], 'waiting');
  const growth = await growthOf(['webhook_state', 'webhook_stats', 'tenant_stats', 'webhook_totals'], async () => {
    for (let turn = 0; turn < 3; turn++) {
      await world.rows(`update deliveries set due_at = now() where status = 0`);
      await world.rows(
        `update webhook_state set due_at = now(), not_before = '-infinity', out_until = '-infinity', changed_at = clock_timestamp()`,
      );
      await leaseChunks(world.pool, { webhooksMax: 200, chunkMax: 500, deliveriesMax: 1_000 });
    }
    // Always settled into the same rows.
    await world.rows(
      `insert into webhook_stats (environment_id, tenant_id, webhook_id, span, at, event_type, slot, created)
       select $1, $2, w, 0, timestamptz '2021-01-01 00:00Z', 'a', s, 1 from unnest($3::uuid[]) w cross join generate_series(0, 15) s`,
      [world.environmentId, world.tenantId, webhookIds],
    );
    for (let flush = 0; flush < 3; flush++) await world.rows('update webhook_stats set created = created + 1 where slot < 16');
    while ((await settleStatistics(world.pool, 500, 0)) > 0);
  });
  for (const each of growth) expect(each).toBeLessThan(growthMax);
});

it('autovacuum looks at them after a number of changes, however large they are, and at a day while it is written to', async () => {
  const rows = await world.rows<{ name: string; scale: number; threshold: number; delay: string }>(
    `select c.relname as name, coalesce(max(o.value) filter (where o.name = 'autovacuum_vacuum_scale_factor'), '1')::float8 as scale,
            max(o.value) filter (where o.name = 'autovacuum_vacuum_threshold')::int as threshold,
            max(o.value) filter (where o.name = 'autovacuum_vacuum_cost_delay') as delay
       from pg_class c cross join lateral (select split_part(x, '=', 1) as name, split_part(x, '=', 2) as value from unnest(c.reloptions) x) o
      where c.relkind = 'r' group by 1`,
  );
  const of = (name: string) => rows.find((row) => row.name === name);
  for (const name of ['dispatches', 'webhook_state']) expect(of(name)).toEqual({ name, scale: 0, threshold: 5_000, delay: '0' });
  for (const name of ['webhook_stats', 'tenant_stats', 'webhook_totals']) {
    expect(of(name)).toMatchObject({ threshold: 5_000, delay: '0' });
    expect(of(name)?.scale).toBeLessThanOrEqual(0.02);
  }
  const partitions = await world.rows<{ name: string }>(
    `select inhrelid::regclass::text as name from pg_inherits
      where inhparent in ('events'::regclass, 'deliveries'::regclass, 'attempts'::regclass, 'idempotency_keys'::regclass)`,
  );
  expect(partitions.length).toBeGreaterThanOrEqual(4 * 8);
  for (const { name } of partitions) expect([name, of(name)?.scale, of(name)?.threshold]).toEqual([name, 0.05, 5_000]);
});

it('autovacuum comes when so many dispatches were claimed', async () => {
  const vacuumed = async () =>
    (await world.row<{ count: number }>(`select autovacuum_count::int as count from pg_stat_user_tables where relname = 'dispatches'`))
      .count;
  await world.rows(
    `insert into dispatches (id, event_ids, lease_until) select new_uuidv7(), array[gen_random_uuid()], 'infinity' from generate_series(1, 60000)`,
  );
  await world.rows('vacuum analyze dispatches');
  const before = await vacuumed();
  // Of 60,000 rows Postgres would by itself bear 12,050 dead ones.
  await world.rows('update dispatches set claim = claim + 1 where id in (select id from dispatches limit 5500)');
  await eventually(async () => (await vacuumed()) > before, { timeoutMs: 120_000, everyMs: 500 });
  await world.rows('delete from dispatches');
}, 150_000);
