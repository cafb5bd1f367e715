import { randomUUID } from 'node:crypto';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '@posthorn/testkit';
import pg from 'pg';
import { addDeliveries, addEvent } from '../tests/events.js';
import { dayMs, dayOf, letSettle, lifetimes, makeDaysSince, noonBefore, oldEvent, partitionsUpTo } from '../tests/retention.js';
import { createWorld, newEventId, type World } from '../tests/world.js';
import { eraseEvent } from './erasing.js';
import { expireDeliveries, moveKeptFrom } from './expiring.js';
import { insertEvents } from './ingest.js';
import { dropOldPartitions } from './partition-dropping.js';
import { makePartitions, partitionLockMs, readPartitions } from './partitions.js';
import { createDatabase, type HotPool } from './pools.js';
import { openDeliveries } from './reopening.js';
import { createReplayReader } from './replay-pages.js';
import { findOpenReplays, insertReplay, stepReplay } from './replays.js';

const slot = 4;
const retentionDays = 8;
const hours = 24;
let world: World;
const worlds: World[] = [];

/** A database with the days of two weeks; of the days up to `retentionDays + 1` ago all can go. */
beforeEach(async () => {
  world = await createWorld(6);
  worlds.push(world);
  await makeDaysSince(world, 11);
});
afterAll(async () => {
  for (const one of worlds) await one.drop();
});

const drop = () => dropOldPartitions(world.pool, hours, slot, 100);
/** Gives up what is old, and lets everybody see it. */
const giveUp = async (): Promise<string> => {
  const keptFrom = await moveKeptFrom(world.pool, retentionDays);
  await letSettle(world);
  return keptFrom;
};
const old = () => partitionsUpTo(world, retentionDays + 1);
const namesOf = (...days: readonly number[]) =>
  ['attempts', 'deliveries', 'events'].flatMap((table) => days.map((age) => `${table}_${dayOf(noonBefore(age))}`)).sort();

/** A report that reads all deliveries in one snapshot, for as long as it likes. */
const beginReport = async () => {
  const client = new pg.Client({ connectionString: world.url });
  await client.connect();
  const count = async () => (await client.query<{ n: number }>('select count(*)::int as n from deliveries')).rows[0]!.n;
  await client.query('begin isolation level repeatable read');
  const first = await count();
  return { first, count, end: () => client.query('commit').then(() => client.end()) };
};

/** What traffic does: an event is accepted, and its delivery recorded. */
const traffic = async (webhookId: string, pool: HotPool = world.pool): Promise<void> => {
  const event = {
    ...{
      environmentId: world.environmentId,
      tenantId: world.tenantId,
      eventType: 'a',
      sourceId: null,
      eventTimeMs: null,
      projectFlows: [],
    },
    ...{ data: '{}', currentContext: null, resources: null, bodyHash: Buffer.alloc(32), key: randomUUID() },
  };
  const id = newEventId();
  await insertEvents(pool, [{ id, event, dispatchId: randomUUID(), shard: 0 }], 0, hours);
  await addDeliveries({ ...world, pool }, webhookId, [id], 'succeeded');
};

describe('days that are given up', () => {
  it('go with all that hangs on them, and lifetimes stay', async () => {
    const webhookId = await world.webhook();
    for (const age of [11, 10, 9]) await addDeliveries(world, webhookId, [await oldEvent(world, age)], 'succeeded');
    const lastKept = await addEvent(world, { atMs: Date.now() - retentionDays * dayMs + 600_000 });
    const kept = [lastKept, await oldEvent(world, 6)];
    await addDeliveries(world, webhookId, kept, 'succeeded');
    const before = await lifetimes(world);
    await drop();
    await moveKeptFrom(world.pool, retentionDays);
    expect(await drop()).toEqual({ dropped: [], kept: null });
    await letSettle(world);
    const dropping = await drop();
    expect(dropping).toEqual({ dropped: expect.arrayContaining([...namesOf(9, 10, 11)]), kept: null });
    expect(dropping.dropped.slice(0, 3)).toEqual(['deliveries', 'attempts', 'events'].map((table) => `${table}_${dayOf(noonBefore(11))}`));
    expect(await old()).toEqual([]);
    const left = await world.rows<{ event_id: string }>('select event_id from deliveries order by 1');
    expect(left.map(({ event_id }) => event_id)).toEqual(kept);
    expect(await lifetimes(world)).toEqual(before);
    expect(await drop()).toEqual({ dropped: [], kept: null });
    expect((await readPartitions(world.pool)).oldestDay! >= new Date(noonBefore(8)).toISOString().slice(0, 10)).toBe(true);
  });

  it('stay while something of them waits, and while a dispatch names an event of them', async () => {
    const webhookId = await world.webhook();
    const eventId = await oldEvent(world, 10);
    const out = { out: true, sent: null, dueInMs: 60_000 };
    await addDeliveries(world, webhookId, [eventId], 'waiting', out);
    await world.rows('insert into dispatches (id, event_ids, lease_until) values ($1, $2, now())', [newEventId(), [eventId]]);
    const keptFrom = await giveUp();
    const waits = `deliveries_${dayOf(noonBefore(10))}`;
    expect((await drop()).kept).toEqual({ partition: waits, why: 'deliveries of it wait' });
    expect(await old()).toEqual(namesOf(9, 10));
    await world.rows('update deliveries set due_at = now() where event_id = $1', [eventId]);
    expect(await expireDeliveries(world.pool, keptFrom, 10, slot)).toBe(1);
    expect((await drop()).kept).toEqual({ partition: waits, why: 'events of it are on their way through fan-out' });
    await world.rows('delete from dispatches');
    expect((await drop()).kept).toBeNull();
    expect(await old()).toEqual([]);
  });

  it('leave and come while a report reads for long, and traffic goes on', async () => {
    const webhookId = await world.webhook();
    await addDeliveries(world, webhookId, [await oldEvent(world, 10), await oldEvent(world, 1)], 'succeeded');
    await giveUp();
    const report = await beginReport();
    // It bears to wait for a lock less long than partitions do: were they in its way, it would fail.
    const impatient = new pg.Pool({ connectionString: world.url, max: 1, options: `-c lock_timeout=${partitionLockMs / 4}` });
    let running = true;
    const dropping = drop().finally(() => {
      running = false;
    });
    for (let rounds = 0; running || rounds < 3; rounds++) await traffic(webhookId, impatient);
    const { kept } = await dropping;
    expect(kept?.why).toBe('somebody reads it');
    await traffic(webhookId, impatient);
    expect(await makePartitions(world.pool, 9)).toBe(2 * 4);
    expect((await drop()).kept?.why).toBe('somebody reads it');
    await traffic(webhookId, impatient);
    expect((await readPartitions(world.pool)).leaving).toBe(1);
    expect(await report.count()).toBe(report.first);
    await report.end();
    expect((await drop()).kept).toBeNull();
    expect(await old()).toEqual([]);
    await traffic(webhookId, impatient);
    await impatient.end();
  });

  it('are gone on with after a detach that was cancelled, and after a process that died between detach and drop', async () => {
    const webhookId = await world.webhook();
    const [first, second] = [await oldEvent(world, 11), await oldEvent(world, 10)];
    await addDeliveries(world, webhookId, [first, second], 'succeeded');
    await giveUp();
    const report = await beginReport();
    const patient = new pg.Client({ connectionString: world.url, application_name: 'patient' });
    await patient.connect();
    // Not the first in turn: it stands in the way of that one.
    const detaching = patient
      .query(`alter table deliveries detach partition deliveries_${dayOf(noonBefore(10))} concurrently`)
      .catch((error: Error) => error);
    await eventually(
      async () =>
        (await world.rows(`select from pg_stat_activity where application_name = 'patient' and wait_event_type = 'Lock'`)).length > 0,
    );
    await world.rows(`select pg_cancel_backend(pid) from pg_stat_activity where application_name = 'patient'`);
    expect(await detaching).toMatchObject({ code: '57014' });
    await report.end();
    expect((await readPartitions(world.pool)).leaving).toBe(1);
    await patient.query(`alter table events detach partition events_${dayOf(noonBefore(11))} concurrently`);
    await patient.end();
    expect((await drop()).kept).toBeNull();
    expect(await old()).toEqual([]);
  });

  it('count what somebody wrote there at the last moment', async () => {
    const webhookId = await world.webhook();
    const eventId = await oldEvent(world, 10);
    await addDeliveries(world, webhookId, [eventId], 'waiting');
    await giveUp();
    const before = await lifetimes(world);
    await world.rows(`alter table deliveries detach partition deliveries_${dayOf(noonBefore(10))} concurrently`);
    expect((await drop()).kept).toBeNull();
    expect(await lifetimes(world)).toEqual({ ...before, failed: Number(before.failed) + 1 });
    expect(await world.rows('select event_type, failed from webhook_stats where failed > 0')).toEqual([
      { event_type: 'order.placed', failed: 1 },
    ]);
    expect(await world.rows('select webhook_id, count, told_count from expiries')).toEqual([
      { webhook_id: webhookId, count: 1, told_count: 1 },
    ]);
  });

  it('go with two schedulers at once', async () => {
    const webhookId = await world.webhook();
    for (const age of [11, 10, 9]) await addDeliveries(world, webhookId, [await oldEvent(world, age)], 'succeeded');
    await giveUp();
    await Promise.all([drop(), drop(), drop(), makePartitions(world.pool), traffic(webhookId)]);
    await eventually(async () => (await drop()).kept === null);
    expect(await old()).toEqual([]);
  });

  it('may go while an event of them is erased: it is erased or it is gone', async () => {
    const webhookId = await world.webhook();
    const events = await Promise.all(Array.from({ length: 20 }, () => oldEvent(world, 10)));
    await addDeliveries(world, webhookId, events, 'succeeded');
    await giveUp();
    const reach = { environmentId: world.environmentId, tenantId: null };
    const [, ...erased] = await Promise.all([drop(), ...events.map((id) => eraseEvent(world.pool, reach, id, slot))]);
    expect(erased.filter((found) => typeof found !== 'boolean')).toEqual([]);
    await eventually(async () => (await drop()).kept === null);
    expect(await eraseEvent(world.pool, reach, events[0]!, slot)).toBe(false);
  });
});

describe('a replay', () => {
  it('goes on behind events that are given up and dropped while it runs', async () => {
    const webhookId = await world.webhook();
    const [old, kept] = await Promise.all([10, 1].map((age) => Promise.all([1, 2, 3].map(() => oldEvent(world, age)))));
    await addDeliveries(world, webhookId, [...old!, ...kept!], 'failed');
    const db = createDatabase({ url: world.url, max: 1, applicationName: 'test', onError: () => undefined });
    const place = { environmentId: world.environmentId, tenantId: world.tenantId };
    const whole = { ...place, filter: { webhook_id: webhookId }, mode: 'original', total: null, recoversWebhookId: null } as const;
    const { id } = await insertReplay(db, { ...whole, id: newEventId(), keyId: randomUUID(), createdAtMs: Date.now() + 1 });
    await db.destroy();
    const read = createReplayReader(world.pool);
    const open = async () => (await findOpenReplays(world.pool, null, 1))[0]!;

    const replay = await open();
    const page = await read(replay.scope, null, { rowsMax: 2, wantedMax: 2 });
    const step = { id, from: null, to: page.position, done: page.done };
    expect(await openDeliveries(world.pool, page.wanted, { slot, replay: step })).toMatchObject({ opened: 2 });
    const keptFrom = await giveUp();
    expect((await drop()).kept?.why).toBe('deliveries of it wait');
    expect(await expireDeliveries(world.pool, keptFrom, 10, slot)).toBe(2);
    expect((await drop()).kept).toBeNull();
    await stepReplay(world.pool, read, await open(), slot);
    expect(await world.row('select status, opened, refused from replays where id = $1', [id])).toEqual({
      status: 'done',
      opened: 5,
      refused: 0,
    });
    expect(await world.rows('select event_id from deliveries where status = 0 order by 1')).toEqual(
      kept!.toSorted().map((event_id) => ({ event_id })),
    );
    expect(await lifetimes(world)).toMatchObject({ created: 6, failed: 8 });
  });
});
