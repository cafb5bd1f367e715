import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { addDeliveries, countsAndRecount } from '../tests/events.js';
import { composeAll } from '../tests/mails.js';
import { lifetimes, makeDaysSince, oldEvent } from '../tests/retention.js';
import { createWorld, newEventId, type World } from '../tests/world.js';
import { endOldDispatches, expireDeliveries, moveKeptFrom, tellExpired, warnOfExpiry } from './expiring.js';
import { openDeliveries } from './reopening.js';
import { settleStatistics } from './settling.js';

const slot = 4;
const retentionDays = 8;
let world: World;
beforeAll(async () => {
  world = await createWorld(6);
  await makeDaysSince(world, 14);
});
afterAll(() => world.drop());

const expireAll = async (rowsMax: number): Promise<readonly number[]> => {
  const keptFrom = await moveKeptFrom(world.pool, retentionDays);
  const expired: number[] = [];
  for (;;) {
    expired.push(await expireDeliveries(world.pool, keptFrom, rowsMax, slot));
    if (expired.at(-1) === 0) return expired;
  }
};
const timelineOf = (webhookId: string, kind: string) =>
  world.rows<{ count: number }>(
    `select (details ->> 'count')::int as count from webhook_timeline where webhook_id = $1 and kind = $2 order by at`,
    [webhookId, kind],
  );
const ownEvents = (webhookId: string, type: string) =>
  world.rows<{ data: Record<string, unknown> }>(
    `select data::jsonb as data from events where event_type = $2 and data::jsonb ->> 'webhook_id' = $1 order by id`,
    [webhookId, `posthorn.${type}`],
  );
const notesOf = (webhookId: string, kind: string) =>
  world.rows<{ count: number }>('select count from notifications where webhook_id = $1 and kind = $2 and closed_at is null', [
    webhookId,
    kind,
  ]);

describe('what is given up', () => {
  it('moves forward only, and not again before everybody has seen it', async () => {
    const settled = async () =>
      world.row<{ kept: string; settled: string }>('select kept_from as kept, settled_from as settled from retention');
    const first = await moveKeptFrom(world.pool, 3650);
    expect(await moveKeptFrom(world.pool, 3649)).toBe(first);
    await world.rows(`update retention set moved_at = now() - interval '61 seconds'`);
    const second = await moveKeptFrom(world.pool, 3649);
    expect(second > first).toBe(true);
    expect(await settled()).toEqual({ kept: second, settled: first });
    await world.rows(`update retention set moved_at = now() - interval '61 seconds'`);
    expect(await moveKeptFrom(world.pool, 3650)).toBe(second);
    await world.rows(`update retention set moved_at = '-infinity'`);
  });
});

describe('what waits of events that are given up', () => {
  it('ends as expired in chunks, whatever holds it, and is counted; what is under way and what is kept stay', async () => {
    const open = await world.webhook({ circuit: '1', manual: 'true' });
    const paused = await world.webhook({ paused_at: `now() - interval '40 days'` });
    const old = await Promise.all(Array.from({ length: 5 }, () => oldEvent(world, 10)));
    const kept = await oldEvent(world, 7);
    await addDeliveries(world, open, [...old, kept], 'waiting');
    await addDeliveries(world, paused, old.slice(0, 1), 'waiting', { dueInMs: 3_600_000 });
    await addDeliveries(world, paused, old.slice(1, 2), 'succeeded');
    await addDeliveries(world, paused, old.slice(2, 3), 'waiting', { out: true, sent: null, dueInMs: 20_000 });
    await world.rows('update deliveries set replay_id = $1 where event_id = $2', [randomUUID(), old[4]]);
    const before = await lifetimes(world);

    expect(await expireAll(4)).toEqual([4, 2, 0]);

    const left = await world.rows('select event_id, webhook_id, out from deliveries where status = 0 order by out');
    expect(left).toEqual([
      { event_id: kept, webhook_id: open, out: false },
      { event_id: old[2], webhook_id: paused, out: true },
    ]);
    expect(await world.rows('select distinct status, reason from deliveries where webhook_id = $1 and status > 0', [open])).toEqual([
      { status: 2, reason: 18 },
    ]);
    const { counted, recounted } = await countsAndRecount(world, [open, paused]);
    expect(counted).toEqual(recounted);
    expect(await lifetimes(world)).toEqual({ ...before, failed: Number(before.failed) + 6 });
    while ((await settleStatistics(world.pool, 100, 0)) > 0);
    expect(await lifetimes(world)).toEqual({ ...before, failed: Number(before.failed) + 6 });
  });

  it('is told once for each webhook, in its timeline, as an event and by mail, but not what was of our own events', async () => {
    const [one, other] = [await world.webhook(), await world.webhook()];
    const old = await Promise.all(Array.from({ length: 5 }, () => oldEvent(world, 10)));
    const own = await oldEvent(world, 10, { eventType: 'posthorn.circuit_opened' });
    await addDeliveries(world, one, [...old, own], 'waiting');
    await addDeliveries(world, other, [own], 'waiting', { eventType: 'posthorn.circuit_opened' });
    await expireAll(2);
    expect([await timelineOf(one, 'expired'), await ownEvents(one, 'deliveries_expired')]).toEqual([[], []]);
    while ((await tellExpired(world.pool, 1)) > 0);
    expect(await timelineOf(one, 'expired')).toEqual([{ count: 6 }]);
    expect(await timelineOf(other, 'expired')).toEqual([{ count: 1 }]);
    expect(await ownEvents(one, 'deliveries_expired')).toEqual([
      { data: { webhook_id: one, count: 5, accepted_before: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/) } },
    ]);
    expect(await ownEvents(other, 'deliveries_expired')).toEqual([]);
    expect(await notesOf(one, 'deliveries_expired')).toEqual([{ count: 5 }]);

    await addDeliveries(world, one, [await oldEvent(world, 10)], 'waiting');
    await expireAll(100);
    await tellExpired(world.pool, 100);
    expect(await timelineOf(one, 'expired')).toEqual([{ count: 6 }, { count: 1 }]);
    expect(await notesOf(one, 'deliveries_expired')).toEqual([{ count: 6 }]);
    await world.rows(`update notifications set due_at = now() - interval '1 minute'`);
    const mails = await composeAll(world);
    const facts = mails.flatMap(({ webhooks }) => webhooks).find(({ webhook }) => webhook.id === one)?.facts;
    expect(facts).toContainEqual(expect.objectContaining({ kind: 'deliveries_expired', count: 6 }));
  });

  it('is ended once by two schedulers at a time', async () => {
    const webhooks = await Promise.all(Array.from({ length: 6 }, () => world.webhook()));
    const old = await Promise.all(Array.from({ length: 30 }, () => oldEvent(world, 9)));
    for (const webhookId of webhooks) await addDeliveries(world, webhookId, old, 'waiting');
    await world.rows(`update retention set moved_at = '-infinity'`);
    await Promise.all([expireAll(7), expireAll(11), expireAll(13)]);
    await Promise.all([tellExpired(world.pool, 100), tellExpired(world.pool, 100), tellExpired(world.pool, 100)]);
    // What one step passed over as locked by another may be left to be told by the next.
    while ((await tellExpired(world.pool, 100)) > 0);
    const { counted, recounted } = await countsAndRecount(world, webhooks);
    expect(counted).toEqual(recounted);
    for (const webhookId of webhooks) expect((await timelineOf(webhookId, 'expired')).reduce((sum, { count }) => sum + count, 0)).toBe(30);
  });

  it('is not opened again, by hand or by a replay', async () => {
    const webhookId = await world.webhook();
    const [old, kept] = [await oldEvent(world, 10), await oldEvent(world, 7)];
    await addDeliveries(world, webhookId, [old, kept], 'failed');
    await moveKeptFrom(world.pool, retentionDays);
    const wanted = [old, kept].map((eventId) => ({ eventId, webhookId, shape: null }));
    expect(await openDeliveries(world.pool, wanted, { slot, replay: null })).toMatchObject({ opened: 1, refused: 1 });
    const absent = [{ eventId: old, webhookId: await world.webhook(), shape: 1 }];
    expect(await openDeliveries(world.pool, absent, { slot, replay: null })).toMatchObject({ opened: 0, refused: 1 });
  });
});

describe('what is about to expire', () => {
  it('is told three days before, once a day, of webhooks that can still do something about it', async () => {
    const warned = await world.webhook({ paused_at: 'now()' });
    const replaying = await world.webhook({ paused_at: 'now()' });
    const disabled = await world.webhook({ disabled_at: 'now()', disabled_reason: `'by_hand'` });
    const late = await world.webhook({ paused_at: 'now()' });
    const [soon, later] = [await oldEvent(world, retentionDays - 2), await oldEvent(world, retentionDays - 4)];
    await addDeliveries(world, warned, [soon, later], 'waiting');
    await addDeliveries(world, replaying, [soon], 'waiting');
    await world.rows('update deliveries set replay_id = $1 where webhook_id = $2', [randomUUID(), replaying]);
    await addDeliveries(world, disabled, [soon], 'waiting');
    await addDeliveries(world, late, [later], 'waiting');
    const warnAll = async () => {
      let all = 0;
      for (let step = -1; step !== 0; all += step) step = await warnOfExpiry(world.pool, retentionDays, 1);
      return all;
    };
    await warnAll();
    expect(await warnAll()).toBe(0);
    const counts = async (ids: readonly string[]) =>
      Promise.all(ids.map(async (id) => (await timelineOf(id, 'expiring')).map(({ count }) => count)));
    expect(await counts([warned, replaying, disabled, late])).toEqual([[1], [1], [], []]);
    expect(await ownEvents(warned, 'deliveries_expiring')).toEqual([
      { data: { webhook_id: warned, count: 1, accepted_before: expect.any(String), within_days: 3 } },
    ]);
    expect(await notesOf(warned, 'deliveries_expiring')).toEqual([{ count: 1 }]);
    await world.rows(`update webhook_state set expiry_told_at = now() - interval '25 hours' where webhook_id = $1`, [warned]);
    await Promise.all([warnAll(), warnAll()]);
    expect(await counts([warned])).toEqual([[1, 1]]);
  });
});

describe('a dispatch that nobody finished', () => {
  const dispatch = async (eventIds: readonly string[], columns: Readonly<Record<string, string>>, atMs: number) => {
    const id = newEventId(atMs);
    await world.rows(
      `insert into dispatches (id, event_ids, ${Object.keys(columns).join(', ')}) values ($1, $2, ${Object.values(columns).join(', ')})`,
      [id, [...eventIds].sort()],
    );
    return id;
  };

  it('ends with its events, and the audit log says how many', async () => {
    const days = 24 * 3_600_000;
    const events = await Promise.all([10, 10, 10, 10, 7].map((age) => oldEvent(world, age)));
    const long = Date.now() - 10 * days;
    const due = `now() - interval '1 day'`;
    const aside = await dispatch(events.slice(0, 1), { lease_until: due, set_aside_at: due }, Date.now());
    const waits = await dispatch(events.slice(1, 3), { lease_until: due }, long);
    const claimed = await dispatch(events.slice(3, 4), { lease_until: `now() + interval '8 s'` }, long);
    const kept = await dispatch(events.slice(4), { lease_until: due, set_aside_at: due }, Date.now());
    const keptFrom = await moveKeptFrom(world.pool, retentionDays);
    expect(await endOldDispatches(world.pool, keptFrom, 100)).toBe(3);
    expect(await endOldDispatches(world.pool, keptFrom, 100)).toBe(0);
    const left = await world.rows<{ id: string }>('select id from dispatches where id = any ($1)', [[aside, waits, claimed, kept]]);
    expect(left.map(({ id }) => id).sort()).toEqual([claimed, kept].sort());
    const [first, , last] = events.slice(0, 3).sort();
    expect(
      await world.rows(`select tenant_id, actor, actor_key_id, subject_id, details from audit_log where action = 'events.expired'`),
    ).toEqual([
      {
        tenant_id: world.tenantId,
        actor: 'retention',
        actor_key_id: null,
        subject_id: first,
        details: { events: 3, set_aside: 1, first_event_id: first, last_event_id: last },
      },
    ]);
  });
});
