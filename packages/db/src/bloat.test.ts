// Tables whose rows are written again and again stay as large as they are once they are warm. What autovacuum does by its settings is done here by hand
// after each cycle.
import { afterAll, beforeAll, expect, it } from '@jest/globals';
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
