import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { matchesPattern } from '@posthorn/core';
import fc from 'fast-check';
import { addDeliveries, addEvent, countsAndRecount, type Ended } from '../tests/events.js';
import { createWorld, newEventId, type World } from '../tests/world.js';
import { cancelReplay, sweepCancelledReplay } from './cancelling.js';
import { createDatabase, type Database } from './pools.js';
import { judgeDeliveries } from './reopening.js';
import { countReplay, createReplayReader } from './replay-pages.js';
import type { ReplayMode, ReplayReader } from './replay-scope.js';
import {
  countDeliveriesOfReplay,
  findOpenReplays,
  findReplay,
  insertReplay,
  listReplays,
  type ReplayFilter,
  replayWaitingMax,
  scopeOf,
  stepReplay,
} from './replays.js';

const slot = 2;
const patienceMs = 20_000;

let world: World;
let db: Database;
let read: ReplayReader;
beforeAll(async () => {
  world = await createWorld(8);
  db = createDatabase({ url: world.url, max: 2, applicationName: 'test', onError: () => undefined });
  read = createReplayReader(world.pool);
});
afterAll(async () => {
  await db.destroy();
  await world.drop();
});
beforeEach(async () => {
  await world.rows(`update replays set status = 'done', ended_at = now() where ended_at is null`);
});

const place = () => ({ environmentId: world.environmentId, tenantId: world.tenantId });
const dryRun = (filter: ReplayFilter, mode: ReplayMode = 'original') =>
  countReplay(read, scopeOf(place(), mode, filter, Date.now() + 1), patienceMs, (wanted) => judgeDeliveries(world.pool, wanted));
const begin = async (filter: ReplayFilter, mode: ReplayMode = 'original') => {
  const made = { id: newEventId(), ...place(), filter, mode, total: null, recoversWebhookId: null, keyId: randomUUID() };
  return (await insertReplay(db, { ...made, createdAtMs: Date.now() + 1 })).id;
};
const openReplay = async (id: string) => (await findOpenReplays(world.pool, null, 20)).find((each) => each.id === id)!;
/** Steps until the replay waits for something or is over. */
const run = async (id: string): Promise<void> => {
  for (;;) {
    const replay = await openReplay(id);
    if (replay === undefined || !(await stepReplay(world.pool, read, replay, slot))) return;
  }
};
const replayRow = (id: string) =>
  world.row<{ status: string; opened: number; already_waiting: number; refused: number; ended_at: Date | null }>(
    'select status, opened, already_waiting, refused, ended_at from replays where id = $1',
    [id],
  );
/** Ends everything that the replay has opened, as a flush would, so that it has room again. */
const settle = (id: string) => world.rows(`update deliveries set status = 1, due_at = null where replay_id = $1 and status = 0`, [id]);
const events = (count: number, given: Parameters<typeof addEvent>[1] = {}) =>
  Promise.all(Array.from({ length: count }, () => addEvent(world, given)));

describe('a replay of what was', () => {
  it('opens what the dry run told, and nothing outside its filter', async () => {
    const [webhookId, other] = [await world.webhook(), await world.webhook()];
    const off = await world.webhook({ disabled_at: 'now()', disabled_reason: `'gone'` });
    const counts: Readonly<Record<Ended, number>> = { waiting: 2, succeeded: 3, failed: 4, skipped: 5, cancelled: 1 };
    for (const [state, count] of Object.entries(counts)) {
      for (const eventType of ['order.placed', 'user_made'])
        for (const each of [webhookId, other, off])
          await addDeliveries(world, each, await events(count, { eventType }), state as Ended, { eventType });
    }
    const filters: readonly [ReplayFilter, { opens: number; alreadyWaiting: number; refused: number }][] = [
      [
        { webhook_id: webhookId, status: ['failed', 'skipped'] },
        { opens: 18, alreadyWaiting: 0, refused: 0 },
      ],
      [
        { webhook_id: webhookId, reason: 'cancelled_by_hand' },
        { opens: 2, alreadyWaiting: 0, refused: 0 },
      ],
      [
        { event_type: 'user_*', status: ['failed'] },
        { opens: 4, alreadyWaiting: 0, refused: 4 },
      ],
      [
        { webhook_id: other, event_type: 'userXmade' },
        { opens: 0, alreadyWaiting: 0, refused: 0 },
      ],
      [{ event_type: '*' }, { opens: 28, alreadyWaiting: 32, refused: 30 }],
    ];
    for (const [filter, expected] of filters) {
      const foretold = await dryRun(filter);
      const total = expected.opens + expected.alreadyWaiting + expected.refused;
      expect([filter, foretold]).toEqual([filter, { ...expected, total, complete: true }]);
      const id = await begin(filter);
      await run(id);
      expect(await replayRow(id)).toMatchObject({
        status: 'done',
        opened: foretold.opens,
        already_waiting: foretold.alreadyWaiting,
        refused: foretold.refused,
      });
      const opened = await world.row<{ n: number }>('select count(*)::int as n from deliveries where replay_id = $1', [id]);
      expect(opened.n).toBe(foretold.opens);
    }
    const { counted, recounted } = await countsAndRecount(world, [webhookId, other, off]);
    expect(counted).toEqual(recounted);
  });

  it('covers a span of time, from (inclusive) to (exclusive), and never what came after it was made', async () => {
    const webhookId = await world.webhook();
    const now = Date.now();
    const spread = await Promise.all([now - 3_000, now - 2_000, now - 1_000, now + 5_000].map((atMs) => addEvent(world, { atMs })));
    await addDeliveries(world, webhookId, spread, 'failed');
    const at = (ms: number) => new Date(ms).toISOString();
    expect((await dryRun({ webhook_id: webhookId, from: at(now - 2_000), to: at(now - 1_000) })).total).toBe(1);
    expect((await dryRun({ webhook_id: webhookId, from: at(now - 2_000) })).total).toBe(2);
    expect((await dryRun({ webhook_id: webhookId, to: at(now + 60_000) })).total).toBe(3);
  });

  it('covers what another replay opened last, a webhook of it alone if that is asked for', async () => {
    const [first, second] = [await world.webhook(), await world.webhook()];
    for (const webhookId of [first, second]) await addDeliveries(world, webhookId, await events(3, { eventType: 'again' }), 'failed');
    const id = await begin({ event_type: 'again' });
    await run(id);
    expect(await dryRun({ replay_id: id })).toMatchObject({ total: 6, alreadyWaiting: 6 });
    await settle(id);
    expect(await dryRun({ replay_id: id, webhook_id: second, status: ['succeeded'] })).toMatchObject({ total: 3, opens: 3 });
    expect((await dryRun({ replay_id: randomUUID() })).total).toBe(0);
    const again = await begin({ replay_id: id, webhook_id: second });
    await run(again);
    expect(await replayRow(again)).toMatchObject({ status: 'done', opened: 3 });
    expect((await dryRun({ replay_id: id })).total).toBe(3);
  });

  it('stays in its environment and its tenant', async () => {
    const [webhookId, environmentId, tenantId] = [await world.webhook(), randomUUID(), randomUUID()];
    const eventIds = await events(2, { eventType: 'isolated' });
    await addDeliveries(world, webhookId, eventIds, 'failed', { eventType: 'isolated' });
    const count = (elsewhere: { environmentId?: string; tenantId?: string | null }) =>
      countReplay(read, scopeOf({ ...place(), ...elsewhere }, 'original', { event_type: 'isolated' }, Date.now() + 1), patienceMs);
    expect((await count({})).total).toBe(2);
    expect((await count({ tenantId: null })).total).toBe(2);
    expect((await count({ tenantId })).total).toBe(0);
    expect((await count({ environmentId, tenantId: null })).total).toBe(0);
  });

  it('never has more than a thousand deliveries waiting, and goes on when there is room', async () => {
    const webhookId = await world.webhook();
    const eventIds = await events(1_200);
    await addDeliveries(world, webhookId, eventIds, 'failed');
    const id = await begin({ webhook_id: webhookId });
    await run(id);
    expect(await replayRow(id)).toMatchObject({ status: 'running', opened: replayWaitingMax });
    await run(id);
    expect(await replayRow(id)).toMatchObject({ opened: replayWaitingMax });
    await settle(id);
    await run(id);
    expect(await replayRow(id)).toMatchObject({ status: 'done', opened: 1_200, already_waiting: 0, refused: 0 });
  });

  it('by two schedulers at once, each dying now and then, opens everything once', async () => {
    const webhookId = await world.webhook();
    const eventIds = await events(700);
    await addDeliveries(world, webhookId, eventIds, 'succeeded');
    const id = await begin({ webhook_id: webhookId });
    const stepper = async () => {
      // A page of its own size per step; a fresh reader each time is a process that began anew.
      for (;;) {
        const replay = await openReplay(id);
        if (replay === undefined) return;
        await stepReplay(world.pool, createReplayReader(world.pool), { ...replay, waiting: replayWaitingMax - 60 }, slot);
      }
    };
    await Promise.all([stepper(), stepper(), stepper()]);
    expect(await replayRow(id)).toMatchObject({ status: 'done', opened: 700, already_waiting: 0, refused: 0 });
    const { counted, recounted } = await countsAndRecount(world, [webhookId]);
    expect(counted).toEqual(recounted);
    expect(counted).toMatchObject([{ waiting: 700, succeeded: 0 }]);
  });

  it('that is cancelled opens nothing more and cancels what waits, but not what is under way', async () => {
    const webhookId = await world.webhook();
    const eventIds = await events(40);
    await addDeliveries(world, webhookId, eventIds, 'failed');
    const id = await begin({ webhook_id: webhookId });
    const before = { ...(await openReplay(id)), waiting: replayWaitingMax - 10 };
    await stepReplay(world.pool, read, before, slot);
    await world.rows(
      `update deliveries set out = true, due_at = now() + interval '1 minute' where (event_id, webhook_id) in
         (select event_id, webhook_id from deliveries where replay_id = $1 order by event_id limit 3)`,
      [id],
    );
    const stepping = { ...(await openReplay(id)), waiting: replayWaitingMax - 10 };
    expect(await cancelReplay(world.pool, id)).toBe(true);
    expect(await cancelReplay(world.pool, id)).toBe(false);
    await stepReplay(world.pool, read, stepping, slot);
    expect(await sweepCancelledReplay(world.pool, id, 5, slot)).toBe(5);
    expect(await sweepCancelledReplay(world.pool, id, 5, slot)).toBe(2);
    expect(await replayRow(id)).toMatchObject({ status: 'cancelled', opened: 10, ended_at: null });
    const states = () =>
      world.rows('select status, reason, out, count(*)::int as n from deliveries where replay_id = $1 group by 1, 2, 3 order by 1', [id]);
    expect(await states()).toEqual([
      { status: 0, reason: null, out: true, n: 3 },
      { status: 4, reason: 17, out: false, n: 7 },
    ]);
    await world.rows('update deliveries set out = false, due_at = now() where replay_id = $1 and out', [id]);
    expect(await sweepCancelledReplay(world.pool, id, 5, slot)).toBe(3);
    expect(await replayRow(id)).toMatchObject({ status: 'cancelled', ended_at: expect.any(Date) });
    expect((await findOpenReplays(world.pool, null, 20)).map((each) => each.id)).not.toContain(id);
    const { counted, recounted } = await countsAndRecount(world, [webhookId]);
    expect(counted).toEqual(recounted);
  });

  it('that is done can be cancelled while something of it waits', async () => {
    const webhookId = await world.webhook();
    await addDeliveries(world, webhookId, await events(2), 'failed');
    const id = await begin({ webhook_id: webhookId });
    await run(id);
    expect(await sweepCancelledReplay(world.pool, id, 10, slot)).toBe(0);
    expect(await cancelReplay(world.pool, id)).toBe(true);
    expect(await sweepCancelledReplay(world.pool, id, 10, slot)).toBe(2);
    expect(await cancelReplay(world.pool, id)).toBe(false);
  });
});

const configure = (webhookId: string, changes: string) => world.rows(`update webhooks set ${changes} where id = $1`, [webhookId]);
const touchTenant = () => world.rows('update tenants set webhooks_version = webhooks_version + 1 where id = $1', [world.tenantId]);

describe('a replay against the webhooks of today', () => {
  beforeEach(async () => {
    await world.rows('update webhooks set deleted_at = now() where deleted_at is null');
    await touchTenant();
  });

  it('makes the deliveries of webhooks that were made later, in the shape of today', async () => {
    const eventType = 'late.comer';
    const eventIds = await events(3, { eventType, data: '{"total":7}' });
    const [wants, filtered, never] = [await world.webhook(), await world.webhook(), await world.webhook()];
    await configure(wants, `event_types = '{late.*}', version = 3`);
    await configure(filtered, `event_types = '{late.*}', filter = '{"data":{"total":{"$gt":7}}}'`);
    await configure(never, `event_types = '{other}'`);
    await touchTenant();
    const filter = { event_type: eventType };
    expect(await dryRun(filter, 'current')).toEqual({ total: 3, opens: 3, alreadyWaiting: 0, refused: 0, complete: true });
    await configure(filtered, `filter = '{"data":{"total":{"$gte":7}}}'`);
    await touchTenant();
    await addDeliveries(world, wants, eventIds.slice(0, 1), 'waiting', { eventType });
    await addDeliveries(world, wants, eventIds.slice(1, 2), 'failed', { eventType });
    await world.rows(`update webhook_state set disabled_at = now(), disabled_reason = 'gone' where webhook_id = $1`, [never]);
    await configure(never, `event_types = '{late.comer}'`);
    await touchTenant();
    const foretold = await dryRun(filter, 'current');
    expect(foretold).toEqual({ total: 9, opens: 5, alreadyWaiting: 1, refused: 3, complete: true });
    const id = await begin(filter, 'current');
    // One delivery a step: an event is cut between its webhooks, and gone on with.
    for (let replay = await openReplay(id); replay !== undefined; replay = await openReplay(id))
      await stepReplay(world.pool, read, { ...replay, waiting: replayWaitingMax - 1 }, slot);
    expect(await replayRow(id)).toMatchObject({ status: 'done', opened: 5, already_waiting: 1, refused: 3 });
    const made = await world.rows('select webhook_id, shape from deliveries where replay_id = $1', [id]);
    expect(made.filter((each) => each.webhook_id === wants)).toEqual(Array(2).fill({ webhook_id: wants, shape: 3 }));
    expect(made.filter((each) => each.webhook_id === filtered)).toHaveLength(3);
    const { counted, recounted } = await countsAndRecount(world, [wants, filtered, never]);
    expect(counted).toEqual(recounted);
  });

  it('leaves out our own events, what is erased, what is still on its way, and other webhooks than the one named', async () => {
    const [webhookId, other] = [await world.webhook(), await world.webhook()];
    await configure(webhookId, `event_types = '{posthorn.*,odd.one}'`);
    await configure(other, `event_types = '{odd.one}'`);
    await touchTenant();
    const from = new Date(Date.now()).toISOString();
    await events(2, { eventType: 'posthorn.delivery_failed' });
    const [erased, waiting] = await events(2, { eventType: 'odd.one' });
    await world.rows('update events set erased_at = now() where id = $1', [erased]);
    await world.rows(`insert into dispatches (id, event_ids, lease_until) select dispatch_id, array[id], now() from events where id = $1`, [
      waiting,
    ]);
    await events(1, { eventType: 'odd.one' });
    expect((await dryRun({ webhook_id: webhookId, from }, 'current')).total).toBe(1);
    expect((await dryRun({ event_type: 'odd.one' }, 'current')).total).toBe(2);
    expect((await dryRun({ event_type: 'posthorn.*' }, 'current')).total).toBe(0);
  });

  it('reads large events a few at a time and still all of them', async () => {
    const webhookId = await world.webhook();
    await configure(webhookId, `event_types = '{large}', filter = '{"data":{"n":1}}'`);
    await touchTenant();
    const text = 'x'.repeat(1_500_000);
    await events(7, { eventType: 'large', data: `{"n":1,"text":"${text}"}` });
    const page = await read(scopeOf(place(), 'current', { event_type: 'large' }, Date.now() + 1), null, {
      rowsMax: 10_000,
      wantedMax: 100,
    });
    expect(page.wanted.length).toBeLessThan(7);
    expect((await dryRun({ event_type: 'large' }, 'current')).total).toBe(7);
  });
});

describe('reading replays', () => {
  it('shows those in reach, newest first, with what became of their deliveries', async () => {
    const webhookId = await world.webhook();
    await addDeliveries(world, webhookId, await events(3), 'failed');
    const [older, newer] = [await begin({ webhook_id: webhookId }), await begin({ webhook_id: webhookId })];
    await run(older);
    await world.rows(
      `update deliveries set status = 1 where (event_id, webhook_id) in (select event_id, webhook_id from deliveries where replay_id = $1 limit 1)`,
      [older],
    );
    await world.rows('update webhook_state set circuit = 1 where webhook_id = $1', [webhookId]);
    const counts = await countDeliveriesOfReplay(db, older);
    expect(counts).toHaveLength(2);
    expect(counts).toEqual(
      expect.arrayContaining([
        { status: 1, gated: false, count: 1 },
        { status: 0, gated: true, count: 2 },
      ]),
    );
    const reach = place();
    const list = await listReplays(db, reach, null, 2);
    expect(list.map((each) => each.id)).toEqual([older, newer].sort().reverse());
    expect((await listReplays(db, reach, list[0]!.id, 1)).map((each) => each.id)).toEqual([list[1]!.id]);
    expect(await findReplay(db, reach, older)).toMatchObject({ id: older, mode: 'original' });
    for (const elsewhere of [
      { ...reach, tenantId: randomUUID() },
      { environmentId: randomUUID(), tenantId: null },
    ]) {
      expect(await findReplay(db, elsewhere, older)).toBeUndefined();
      expect(await listReplays(db, elsewhere, null, 2)).toEqual([]);
    }
  });
});

it('the filter by event type means what it means everywhere else', async () => {
  const webhookId = await world.webhook();
  const piece = fc.constantFrom('a', 'b_', '_', '.', 'posthorn.', 'A');
  const words = fc.array(piece, { minLength: 1, maxLength: 4 }).map((pieces) => pieces.join(''));
  const pattern = fc.array(fc.oneof(piece, fc.constant('*')), { minLength: 1, maxLength: 4 }).map((pieces) => pieces.join(''));
  await fc.assert(
    fc.asyncProperty(words, pattern, async (eventType, eventPattern) => {
      const atMs = Date.now();
      const [eventId] = await events(1, { eventType, atMs });
      await addDeliveries(world, webhookId, [eventId!], 'failed', { eventType });
      const page = await read(
        scopeOf(place(), 'original', { webhook_id: webhookId, event_type: eventPattern, from: new Date(atMs).toISOString() }, atMs + 1),
        null,
        {
          rowsMax: 1_000,
          wantedMax: 1_000,
        },
      );
      expect(page.wanted.some((each) => each.eventId === eventId)).toBe(matchesPattern(eventPattern, eventType));
    }),
    { numRuns: 150 },
  );
});
