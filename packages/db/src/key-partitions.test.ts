// Partitions of idempotency keys, which go by a time of their own; and how partitions are counted and closed.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { addEvent } from '../tests/events.js';
import { dayMs, dayOf, makeDaysSince, noonBefore } from '../tests/retention.js';
import { createWorld, type World } from '../tests/world.js';
import { dropOldPartitions } from './partition-dropping.js';
import { closePartitions, makePartitions, readPartitions } from './partitions.js';

const slot = 4;
let world: World;
const worlds: World[] = [];
beforeEach(async () => {
  world = await createWorld(2);
  worlds.push(world);
  await makeDaysSince(world, 11);
});
afterAll(async () => {
  for (const one of worlds) await one.drop();
});

describe('partitions of idempotency keys', () => {
  const keyOf = (atMs: number) =>
    world.rows('insert into idempotency_keys (window_start, tenant_id, key, event_id, body_hash) values ($1, $2, $3, $2, $4)', [
      new Date(atMs),
      world.tenantId,
      randomUUID(),
      Buffer.alloc(32),
    ]);
  const days = async () =>
    (
      await world.rows<{ day: string }>(
        `select right(relname, 8) as day from pg_class where relkind = 'r' and relname ~ '^idempotency_keys_' and right(relname, 8) <= $1 order by 1`,
        [dayOf(Date.now())],
      )
    ).map(({ day }) => day);

  it('go when no key in them counts any more, and empty ones of the last week stay', async () => {
    for (const age of [10, 6, 5, 1, 0]) await keyOf(noonBefore(age));
    const before = await days();
    const { dropped } = await dropOldPartitions(world.pool, 24, slot, 100);
    const gone = dropped.map((name) => name.slice(-8));
    const beyond = before.filter((day) => day < dayOf(noonBefore(9)));
    expect(gone).toEqual([...beyond, dayOf(noonBefore(6)), dayOf(noonBefore(5))]);
    expect(await days()).toEqual(before.filter((day) => !gone.includes(day)));
    await makePartitions(world.pool);
    expect(await days()).toContain(dayOf(noonBefore(6)));
    expect(await dropOldPartitions(world.pool, 24, slot, 100)).toEqual({ dropped: [], kept: null });
  });

  it('stay as long as the longest window', async () => {
    for (const age of [17, 14, 6]) await keyOf(noonBefore(age));
    const { dropped } = await dropOldPartitions(world.pool, 168, slot);
    expect(dropped).toContain(`idempotency_keys_${dayOf(noonBefore(17))}`);
    expect(await days()).toContain(dayOf(noonBefore(14)));
  });
});

describe('the partitions', () => {
  it('are counted ahead up to the first day that a table lacks', async () => {
    await makePartitions(world.pool);
    expect(await readPartitions(world.pool)).toMatchObject({ daysAhead: 7 });
    const inDays = (days: number) => dayOf(noonBefore(-days));
    await world.rows(`drop table attempts_${inDays(3)}`);
    expect(await readPartitions(world.pool)).toMatchObject({ daysAhead: 2 });
    await world.rows(`drop table idempotency_keys_${inDays(1)}`);
    expect(await readPartitions(world.pool)).toMatchObject({ daysAhead: 0 });
    await makePartitions(world.pool);
    expect(await readPartitions(world.pool)).toMatchObject({ daysAhead: 7 });
  });

  it('of days that are over are looked at by autovacuum once more', async () => {
    await addEvent(world, { atMs: Date.now() - 3 * dayMs });
    let closed = 0;
    for (let step = -1; step !== 0; closed += step) step = await closePartitions(world.pool, 7);
    expect(closed).toBeGreaterThan(3 * 9);
    const { name } = await world.row<{ name: string }>(
      `select relname as name from pg_class where relname ~ '^events_\\d{8}$' and 'autovacuum_vacuum_insert_threshold=1000' = any (reloptions) order by 1 desc limit 1`,
    );
    expect([2, 1].map((age) => `events_${dayOf(noonBefore(age))}`)).toContain(name);
  });
});
