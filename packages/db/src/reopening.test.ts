import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@posthorn/testkit';
import { addDeliveries, addEvent, countsAndRecount, type Ended } from '../tests/events.js';
import { createWorld, failed, flushLimits, type World } from '../tests/world.js';
import { cancelDelivery } from './cancelling.js';
import { leaseChunks } from './due-deliveries.js';
import { writeFlush } from './flush.js';
import { judgeDeliveries, openDeliveries, type ReplayStep, type WantedDelivery } from './reopening.js';

let world: World;
beforeAll(async () => {
  world = await createWorld(8);
});
afterAll(() => world.drop());

const slot = 5;
const byHand = (wanted: readonly WantedDelivery[]) => openDeliveries(world.pool, wanted, { slot, replay: null });
const asPage = (wanted: readonly WantedDelivery[], replay: ReplayStep) => openDeliveries(world.pool, wanted, { slot, replay });
const wish = (eventId: string, webhookId: string, shape: number | null = null): WantedDelivery => ({ eventId, webhookId, shape });

const replay = async (): Promise<string> => {
  const id = randomUUID();
  await world.rows(`insert into replays (id, environment_id, filter, mode, status) values ($1, $2, '{}', 'original', 'running')`, [
    id,
    world.environmentId,
  ]);
  return id;
};
const delivery = (eventId: string, webhookId: string) =>
  world.row<Record<string, unknown>>('select * from deliveries where event_id = $1 and webhook_id = $2', [eventId, webhookId]);
const stateOf = (webhookId: string) =>
  world.row<Record<string, unknown>>(
    `select due_at <= now() as due, replay_due_at <= now() as replay_due, settled from webhook_state where webhook_id = $1`,
    [webhookId],
  );
const step = (id: string, to: string | null, from: string | null = null): ReplayStep => {
  const at = (eventId: string | null) => (eventId === null ? null : { event_id: eventId, webhook_id: eventId });
  return { id, from: at(from), to: at(to), done: false };
};
const expectCountsToHold = async (webhookId: string) => {
  const { counted, recounted } = await countsAndRecount(world, [webhookId]);
  expect(counted).toEqual(recounted);
};

describe('opening by hand', () => {
  it.each<Ended>(['succeeded', 'failed', 'skipped', 'cancelled'])(
    'a %s delivery makes it wait, due now, with its attempt numbers going on',
    async (was) => {
      const [webhookId, eventId] = [await world.webhook({ settled: 'true' }), await addEvent(world)];
      await addDeliveries(world, webhookId, [eventId], was);
      const before = await delivery(eventId, webhookId);
      expect(await byHand([wish(eventId, webhookId)])).toEqual({ stepped: true, opened: 1, alreadyWaiting: 0, refused: 0 });
      const after = await delivery(eventId, webhookId);
      const fresh = { status: 0, reason: null, failures: 0, out: false, lane: 1, replay_id: null, ended_at: null };
      expect(after).toMatchObject({ ...fresh, attempt: before.attempt, shape: before.shape });
      expect(await stateOf(webhookId)).toEqual({ due: true, replay_due: false, settled: false });
      const [chunk] = await leaseChunks(world.pool, { webhooksMax: 10, chunkMax: 10, deliveriesMax: 10 });
      expect(chunk).toMatchObject({ webhookId, replay: false, deliveries: [{ eventId, attempt: Number(before.attempt) + 1 }] });
      await expectCountsToHold(webhookId);
    },
  );

  it('a waiting delivery brings it forward without counting it', async () => {
    const [webhookId, eventId] = [await world.webhook(), await addEvent(world)];
    await addDeliveries(world, webhookId, [eventId], 'waiting');
    expect(await byHand([wish(eventId, webhookId)])).toEqual({ stepped: true, opened: 0, alreadyWaiting: 1, refused: 0 });
    expect(await delivery(eventId, webhookId)).toMatchObject({ status: 0, lane: 1, failures: 1, attempt: 1 });
    expect(await stateOf(webhookId)).toMatchObject({ due: true });
    await expectCountsToHold(webhookId);
  });

  it('leaves a delivery that is under way as it is', async () => {
    const [webhookId, eventId] = [await world.webhook(), await addEvent(world)];
    await addDeliveries(world, webhookId, [eventId], 'waiting', { out: true, sent: null, dueInMs: 20_000 });
    const before = await delivery(eventId, webhookId);
    expect(await byHand([wish(eventId, webhookId)])).toMatchObject({ opened: 0, alreadyWaiting: 1 });
    expect(await delivery(eventId, webhookId)).toEqual(before);
  });

  it('refuses what is switched off, gone, erased or not there', async () => {
    const eventId = await addEvent(world);
    const disabled = await world.webhook({ disabled_at: 'now()', disabled_reason: `'by_hand'` });
    const deleted = await world.webhook({ deleted_at: 'now()' });
    const [present, stranger] = [await world.webhook(), await world.webhook()];
    for (const webhookId of [disabled, deleted, present]) await addDeliveries(world, webhookId, [eventId], 'failed');
    const erased = await addEvent(world);
    await addDeliveries(world, present, [erased], 'failed');
    await world.rows('update events set erased_at = now() where id = $1', [erased]);
    const wanted = [
      wish(eventId, disabled),
      wish(eventId, deleted),
      wish(erased, present),
      wish(eventId, stranger),
      wish(randomUUID(), present),
    ];
    expect(await judgeDeliveries(world.pool, wanted)).toEqual({ opens: 0, alreadyWaiting: 0, refused: 5 });
    expect(await byHand(wanted)).toEqual({ stepped: true, opened: 0, alreadyWaiting: 0, refused: 5 });
    for (const webhookId of [disabled, deleted, present]) await expectCountsToHold(webhookId);
  });

  it('many at once opens it once', async () => {
    const [webhookId, eventId] = [await world.webhook(), await addEvent(world)];
    await addDeliveries(world, webhookId, [eventId], 'succeeded');
    const answers = await Promise.all(Array.from({ length: 6 }, () => byHand([wish(eventId, webhookId)])));
    expect(answers.reduce((sum, each) => sum + each.opened, 0)).toBe(1);
    await expectCountsToHold(webhookId);
  });
});

describe('opening while another does something to the same delivery', () => {
  /** Holds the delivery in an open transaction, begins `meanwhile`, which waits for it, and lets go when it does. */
  const whileHeld = async <T>(change: string, key: readonly string[], meanwhile: () => Promise<T>): Promise<T> => {
    const begun = await world.transaction(async (connection) => {
      await connection.query(change, [...key]);
      const answer = meanwhile();
      await eventually(async () => (await world.rows(`select 1 from pg_locks where not granted`)).length > 0);
      return { answer };
    });
    return begun.answer;
  };

  it('counts from the state that it really left', async () => {
    const [webhookId, eventId] = [await world.webhook(), await addEvent(world)];
    await addDeliveries(world, webhookId, [eventId], 'waiting');
    const key = [eventId, webhookId, world.environmentId, world.tenantId];
    const cancelByHand = `with gone as (
        update deliveries set status = 4, due_at = null where event_id = $1 and webhook_id = $2 returning 1)
      insert into webhook_stats (environment_id, tenant_id, webhook_id, span, at, event_type, slot, cancelled)
      select $3, $4, $2, 0, date_trunc('minute', now()), 'order.placed', 9, count(*) from gone`;
    expect(await whileHeld(cancelByHand, key, () => byHand([wish(eventId, webhookId)]))).toMatchObject({ opened: 1, alreadyWaiting: 0 });
    expect(await delivery(eventId, webhookId)).toMatchObject({ status: 0, lane: 1 });
    await expectCountsToHold(webhookId);
  });

  it('takes it for waiting if it waits by then', async () => {
    const [webhookId, eventId] = [await world.webhook(), await addEvent(world)];
    await addDeliveries(world, webhookId, [eventId], 'failed');
    const key = [eventId, webhookId, world.environmentId, world.tenantId];
    const openedByAnother = `with again as (
        update deliveries set status = 0, due_at = now() where event_id = $1 and webhook_id = $2 returning 1)
      insert into webhook_stats (environment_id, tenant_id, webhook_id, span, at, event_type, slot, failed_again)
      select $3, $4, $2, 0, date_trunc('minute', now()), 'order.placed', 9, count(*) from again`;
    expect(await whileHeld(openedByAnother, key, () => byHand([wish(eventId, webhookId)]))).toMatchObject({ opened: 0, alreadyWaiting: 1 });
    await expectCountsToHold(webhookId);
  });
});

describe('opening a page of a replay', () => {
  it('opens, counts and moves the position in one statement, in a lane of its own', async () => {
    const webhookId = await world.webhook({ settled: 'true' });
    const eventIds = await Promise.all([addEvent(world), addEvent(world), addEvent(world)]);
    await addDeliveries(world, webhookId, eventIds.slice(0, 2), 'failed');
    await addDeliveries(world, webhookId, eventIds.slice(2), 'waiting');
    const id = await replay();
    const wanted = eventIds.map((eventId) => wish(eventId, webhookId));
    expect(await judgeDeliveries(world.pool, wanted)).toEqual({ opens: 2, alreadyWaiting: 1, refused: 0 });
    expect(await asPage(wanted, { ...step(id, eventIds[2]!), done: true })).toEqual({
      stepped: true,
      opened: 2,
      alreadyWaiting: 1,
      refused: 0,
    });
    expect(await world.row('select * from replays where id = $1', [id])).toMatchObject({
      status: 'done',
      position: { event_id: eventIds[2] },
      opened: 2,
      already_waiting: 1,
      refused: 0,
      ended_at: expect.any(Date),
    });
    expect(await delivery(eventIds[0]!, webhookId)).toMatchObject({ status: 0, lane: 0, replay_id: id });
    expect(await delivery(eventIds[2]!, webhookId)).toMatchObject({ status: 0, replay_id: null });
    expect(await stateOf(webhookId)).toEqual({ due: false, replay_due: true, settled: false });
    await expectCountsToHold(webhookId);
  });

  it('makes what is missing, if a shape is given, and gives what exists that shape', async () => {
    const [webhookId, other, eventId] = [await world.webhook(), await world.webhook(), await addEvent(world)];
    await addDeliveries(world, other, [eventId], 'succeeded');
    const wanted = [wish(eventId, webhookId, 7), wish(eventId, other, 4)];
    expect(await judgeDeliveries(world.pool, wanted)).toEqual({ opens: 2, alreadyWaiting: 0, refused: 0 });
    expect(await asPage(wanted, step(await replay(), eventId))).toMatchObject({ opened: 2 });
    expect(await delivery(eventId, webhookId)).toMatchObject({ status: 0, attempt: 0, shape: 7 });
    expect(await delivery(eventId, other)).toMatchObject({ status: 0, attempt: 1, shape: 4 });
    for (const each of [webhookId, other]) await expectCountsToHold(each);
  });

  it('sent twice, or from where the replay no longer stands, opens nothing more', async () => {
    const [webhookId, eventId] = [await world.webhook(), await addEvent(world)];
    await addDeliveries(world, webhookId, [eventId], 'succeeded');
    const id = await replay();
    const page = step(id, eventId);
    const answers = await Promise.all(Array.from({ length: 6 }, () => asPage([wish(eventId, webhookId)], page)));
    expect(answers.filter((answer) => answer.stepped)).toEqual([{ stepped: true, opened: 1, alreadyWaiting: 0, refused: 0 }]);
    expect(await cancelDelivery(world.pool, eventId, webhookId, slot)).toBe(true);
    expect(await asPage([wish(eventId, webhookId)], page)).toEqual({ stepped: false, opened: 0, alreadyWaiting: 0, refused: 0 });
    expect(await delivery(eventId, webhookId)).toMatchObject({ status: 4 });
    await world.rows(`update replays set status = 'cancelled' where id = $1`, [id]);
    expect(await asPage([wish(eventId, webhookId)], step(id, null, eventId))).toMatchObject({ stepped: false, opened: 0 });
    expect(await world.row('select opened from replays where id = $1', [id])).toEqual({ opened: 1 });
    await expectCountsToHold(webhookId);
  });
});

describe('a result that comes late', () => {
  it('of an attempt from before a cancel and a retry is an attempt only', async () => {
    const [webhookId, eventId] = [await world.webhook(), await addEvent(world)];
    await addDeliveries(world, webhookId, [eventId], 'waiting', { out: true, sent: null, dueInMs: 20_000 });
    expect(await cancelDelivery(world.pool, eventId, webhookId, slot)).toBe(true);
    expect(await cancelDelivery(world.pool, eventId, webhookId, slot)).toBe(false);
    await byHand([wish(eventId, webhookId)]);
    const late = { ...world.record(webhookId, { ...failed(), eventId }), isNew: false };
    await writeFlush(world.pool, { records: [late], reports: [], finished: [] }, flushLimits);
    expect(await delivery(eventId, webhookId)).toMatchObject({ status: 0, out: false, failures: 0, attempt: 1 });
    expect(await world.row('select count(*)::int as n from attempts where event_id = $1', [eventId])).toEqual({ n: 1 });
    await expectCountsToHold(webhookId);
  });
});
