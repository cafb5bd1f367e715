import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { aheadMax, reasonCodes, storedStatusCodes } from '@posthorn/core';
import { createWorld, newEventId, type World } from '../tests/world.js';
import { type ExplainedWebhook, findEventToExplain, readExplainedWebhooks } from './explaining.js';
import { createDatabase, type Database } from './pools.js';

let world: World;
let db: Database;
beforeAll(async () => {
  world = await createWorld();
  db = createDatabase({ url: world.url, max: 2, applicationName: 'test', onError: () => undefined });
});
afterAll(async () => {
  await db.destroy();
  await world.drop();
});

const reach = () => ({ environmentId: world.environmentId, tenantId: null });

/** An event whose dispatch is done, unless it is said to be on its way; accepted an hour ago. */
const makeEvent = async (isWaiting = false): Promise<string> => {
  const id = newEventId();
  const place = [id, world.environmentId, world.tenantId];
  await world.rows(
    `insert into events (id, environment_id, tenant_id, event_type, event_time, data, dispatch_id, accepted_at)
     values ($1, $2, $3, 'order.placed', now(), '{"a":1}', $1, now() - interval '1 hour')`,
    place,
  );
  if (isWaiting) await world.rows('insert into dispatches (id, event_ids, lease_until) values ($1, array[$1::uuid], now())', [id]);
  return id;
};

/** A waiting delivery; `columns` sets some of it (values are SQL). */
const makeDelivery = async (eventId: string, webhookId: string, columns: Readonly<Record<string, string>> = {}) => {
  const all = { status: '0', due_at: 'now()', ...columns };
  await world.rows(
    `insert into deliveries (environment_id, tenant_id, event_id, webhook_id, ${Object.keys(all).join(', ')})
     values ($1, $2, $3, $4, ${Object.values(all).join(', ')})`,
    [world.environmentId, world.tenantId, eventId, webhookId],
  );
};

const read = async (eventId: string | null, webhookId: string): Promise<ExplainedWebhook> => {
  const event = eventId === null ? null : ((await findEventToExplain(db, reach(), eventId)) ?? null);
  const [explained] = await readExplainedWebhooks(db, event, { reach: reach(), webhookId });
  if (explained === undefined) throw new Error('there is no such webhook');
  return explained;
};

/** Made two hours ago. */
const makeWebhook = async (state: Readonly<Record<string, string>> = {}): Promise<string> => {
  const id = await world.webhook(state);
  await world.rows(`update webhooks set created_at = now() - interval '2 hours' where id = $1`, [id]);
  return id;
};
const version = (webhookId: string, n: number, type: string, minutesAgo: number) =>
  world.rows(
    `insert into webhook_versions (environment_id, tenant_id, webhook_id, version, snapshot, changes, changed_by, changed_at)
     values ($1, $2, $3, $4, $5, '{}', 'admin', now() - $6 * interval '1 minute')`,
    [
      world.environmentId,
      world.tenantId,
      webhookId,
      n,
      { event_types: [type], project_flows: [], context: { n }, filter: null, created_at: 'x' },
      minutesAgo,
    ],
  );
const happened = (webhookId: string, kind: string, minutesAgo: number, details = {}, count: number | null = null) =>
  world.rows(
    `insert into webhook_timeline (environment_id, tenant_id, webhook_id, kind, at, details, circuit_failure_count)
     values ($1, $2, $3, $4, now() - $5 * interval '1 minute', $6, $7)`,
    [world.environmentId, world.tenantId, webhookId, kind, minutesAgo, details, count],
  );

describe('the time of an event', () => {
  it('has the version of the webhook that was in force then, and those that followed', async () => {
    const webhook = await makeWebhook();
    await version(webhook, 1, 'one', 100);
    await version(webhook, 2, 'two', 61);
    await version(webhook, 3, 'three', 59);
    const { versions } = await read(await makeEvent(), webhook);
    expect(versions.map((each) => [each.version, each.webhook.eventTypes, each.webhook.context, each.fromHistory])).toEqual([
      [2, ['two'], { n: 2 }, true],
      [3, ['three'], { n: 3 }, true],
    ]);
  });

  it('has what the timeline says of the state then; of an event still on its way it is the state of now', async () => {
    const webhook = await makeWebhook({ circuit: '1', circuit_failure_count: '12', circuit_opened_at: 'now()' });
    await happened(webhook, 'paused', 90);
    await happened(webhook, 'resumed', 30);
    await happened(webhook, 'disabled', 80, { reason: 'gone' });
    await happened(webhook, 'enabled', 70);
    await happened(webhook, 'circuit_opened', 66, {}, 10);
    await happened(webhook, 'circuit_reopened', 65, {}, 11);
    await happened(webhook, 'circuit_closed', 20);
    const { state, nowMs } = await read(await makeEvent(), webhook);
    expect(state).toMatchObject({ disabled: null, circuit: { state: 'open', failureCount: 11 } });
    expect(Math.round((nowMs - (state.pausedAtMs ?? 0)) / 60_000)).toBe(90);
    expect((await read(await makeEvent(true), webhook)).state).toMatchObject({ pausedAtMs: null, circuit: { failureCount: 12 } });
    await happened(webhook, 'disabled', 62, { by: 'admin' });
    expect((await read(await makeEvent(), webhook)).state.disabled).toMatchObject({ reason: 'by_hand' });
  });

  it('is before webhooks that were made later, to the microsecond, and finds deleted ones', async () => {
    const event = await makeEvent();
    const webhook = await makeWebhook();
    const at = (sum: string) =>
      world.rows(`update webhooks set created_at = (select accepted_at ${sum} from events where id = $2) where id = $1`, [webhook, event]);
    await at('');
    expect((await read(event, webhook)).webhook.isCreatedLater).toBe(false);
    await at("+ interval '1 microsecond'");
    expect((await read(event, webhook)).webhook.isCreatedLater).toBe(true);
    await world.rows('update webhooks set deleted_at = now() where id = $1', [webhook]);
    expect((await read(event, webhook)).state.deletedAtMs).not.toBeNull();
  });
});

describe('a page', () => {
  it('has the webhooks of one tenant, newest first, but those that were deleted before the event', async () => {
    const event = (await findEventToExplain(db, reach(), await makeEvent()))!;
    const [first, second, gone] = [await makeWebhook(), await makeWebhook(), await makeWebhook()];
    await world.rows(`update webhooks set deleted_at = now() - interval '61 minutes' where id = $1`, [gone]);
    await world.rows('update webhooks set deleted_at = now() where id = $1', [second]);
    const page = { tenantId: world.tenantId, beforeId: null, limit: 1000 };
    const ids = (await readExplainedWebhooks(db, event, page)).map(({ id }) => id);
    expect(ids).toEqual([...ids].sort().reverse());
    expect([first, second, gone].map((id) => ids.includes(id))).toEqual([true, true, false]);
    const rest = await readExplainedWebhooks(db, event, { ...page, beforeId: ids[0]!, limit: 1 });
    expect(rest.map(({ id }) => id)).toEqual([ids[1]]);
    // Without an event there is only now.
    const today = (await readExplainedWebhooks(db, null, page)).map(({ id }) => id);
    expect([first, second, gone].map((id) => today.includes(id))).toEqual([true, false, false]);
  });
});

describe('a delivery that waits', () => {
  it('has those before it that are due earlier; one of a replay has all others before it', async () => {
    const webhook = await makeWebhook();
    const ids = [await makeEvent(), await makeEvent(), await makeEvent(), await makeEvent(), await makeEvent()];
    const [early, late, future, replayed, replayedLater] = ids as [string, string, string, string, string];
    await makeDelivery(early, webhook, { due_at: "now() - interval '2 minutes'" });
    await makeDelivery(late, webhook, { due_at: "now() - interval '1 minute'" });
    await makeDelivery(future, webhook, { due_at: "now() + interval '1 minute'" });
    await makeDelivery(replayed, webhook, { due_at: "now() - interval '9 minutes'", replay_id: 'gen_random_uuid()' });
    await makeDelivery(replayedLater, webhook, { due_at: "now() - interval '8 minutes'", replay_id: 'gen_random_uuid()' });
    const ahead = async (id: string) => (await read(id, webhook)).state.ahead;
    expect([await ahead(early), await ahead(late), await ahead(future), await ahead(replayed), await ahead(replayedLater)]).toEqual([
      0, 1, 0, 2, 3,
    ]);
  });

  it('is not counted further than there is sense in', async () => {
    const webhook = await makeWebhook();
    await world.rows(
      `insert into deliveries (environment_id, tenant_id, event_id, webhook_id, status, due_at)
       select $1, $2, new_uuidv7(), $3, 0, now() - interval '1 minute' from generate_series(1, 1100)`,
      [world.environmentId, world.tenantId, webhook],
    );
    const event = await makeEvent();
    await makeDelivery(event, webhook);
    expect((await read(event, webhook)).state.ahead).toBe(aheadMax);
    // An event that is not fanned out yet queues up behind them as soon as the webhook is behind.
    const next = await makeEvent(true);
    expect((await read(next, webhook)).state.ahead).toBe(0);
    await world.rows(`update webhook_state set due_at = now() - interval '1 minute' where webhook_id = $1`, [webhook]);
    expect((await read(next, webhook)).state.ahead).toBe(aheadMax);
  });

  it('tells a chunk that is out from a rate limit that is full', async () => {
    const event = await makeEvent();
    const out = await makeWebhook({ out_until: "now() + interval '30 s'" });
    const limited = { rate_max: '2', rate_per_s: '60' };
    const limitedOut = await makeWebhook({
      ...limited,
      out_until: "now() + interval '30 s'",
      rate_times: "array['infinity'::timestamptz]",
      rate_counts: 'array[2]',
    });
    const full = await makeWebhook({ ...limited, rate_times: "array[now() - interval '20 s']", rate_counts: 'array[2]' });
    const room = await makeWebhook({
      ...limited,
      rate_times: "array[now() - interval '20 s']",
      rate_counts: 'array[1]',
    });
    const held = await makeWebhook({ hold_until: "now() + interval '1 hour'" });
    const stateOf = async (webhook: string) => {
      await makeDelivery(event, webhook);
      const { state, nowMs } = await read(event, webhook);
      const inS = (at: number | null) => (at === null ? null : Math.round((at - nowMs) / 1000));
      return [state.isChunkOut, inS(state.rateFullUntilMs), inS(state.holdUntilMs)];
    };
    expect(await stateOf(out)).toEqual([true, null, null]);
    expect(await stateOf(limitedOut)).toEqual([true, null, null]);
    expect(await stateOf(full)).toEqual([false, 40, null]);
    expect(await stateOf(room)).toEqual([false, null, null]);
    expect(await stateOf(held)).toEqual([false, null, 3600]);
  });

  it('reads with its attempts, its last error and the version it was made for', async () => {
    const [event, webhook] = [await makeEvent(), await makeWebhook()];
    const columns = { failures: '2', shape: '7', last_error_kind: '2', out: 'true', due_at: "now() + interval '10 s'" };
    await makeDelivery(event, webhook, columns);
    await world.rows(
      `insert into attempts (environment_id, tenant_id, event_id, webhook_id, n, kind, webhook_version, started_at, ok, duration_ms, error)
       select $1, $2, $3, $4, n, 0, 1, now(), false, 1, 'error ' || n from generate_series(1, 2) n`,
      [world.environmentId, world.tenantId, event, webhook],
    );
    const { delivery, versions } = await read(event, webhook);
    expect(delivery).toMatchObject({
      status: 'waiting',
      isOut: true,
      attempts: 2,
      failures: 2,
      attemptsMax: 10,
      lastErrorKind: 'connect',
      lastError: 'error 2',
    });
    expect(versions.map((each) => each.version)).toEqual([7]);
    await world.rows(`update webhooks set retry_schedule_s = '{1}' where id = $1`, [webhook]);
    await world.rows(`update deliveries set due_at = now() - interval '1 s' where webhook_id = $1`, [webhook]);
    expect((await read(event, webhook)).delivery).toMatchObject({ isOut: false, attemptsMax: 2 });
    const end = [storedStatusCodes.failed, reasonCodes.expired, webhook];
    await world.rows(
      'update deliveries set status = $1, reason = $2, out = false, due_at = null, ended_at = now() where webhook_id = $3',
      end,
    );
    expect((await read(event, webhook)).delivery).toMatchObject({ status: 'failed', reason: 'expired', dueAtMs: null });
  });
});
