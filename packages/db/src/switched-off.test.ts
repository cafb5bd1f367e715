import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { reasonCodes, reasons, storedStatusCodes } from '@posthorn/core';
import { createWorld, failed, flushLimits, parked, sent, type World, waiting } from '../tests/world.js';
import { endWaitingDeliveries, leaseChunks } from './due-deliveries.js';
import { type DeliveryRecord, writeFlush } from './flush.js';
import {
  deleteWebhook,
  disableUnsuccessful,
  disableWebhook,
  enableWebhook,
  pauseWebhook,
  probeWebhookNow,
  resetCircuit,
  resumeWebhook,
} from './webhook-lifecycle.js';

let world: World;
const round = { webhooksMax: 200, chunkMax: 500, deliveriesMax: 1_000 };
const slot = 2;
const actor = { keyId: '01a00000-0000-7000-8000-000000000000', role: 'operator' };

beforeAll(async () => {
  world = await createWorld(10);
});
afterAll(() => world.drop());

const flush = (records: readonly DeliveryRecord[]) => writeFlush(world.pool, { records, reports: [], finished: [] }, flushLimits);
const addWaiting = (webhookId: string, count: number, dueInMs = 0) =>
  flush(Array.from({ length: count }, () => world.record(webhookId, waiting(dueInMs))));
const leasedOf = async (webhookId: string) => (await leaseChunks(world.pool, round)).filter((chunk) => chunk.webhookId === webhookId);
const countsOf = async (webhookId: string) =>
  Object.fromEntries(
    (
      await world.rows<{ key: string; n: number }>(
        `select concat_ws(' ', status, reason) as key, count(*)::int as n from deliveries where webhook_id = $1 group by 1 order by 1`,
        [webhookId],
      )
    ).map(({ key, n }) => [key, n]),
  );
const { waiting: waits, skipped, cancelled } = storedStatusCodes;
const skippedKey = `${skipped} ${reasonCodes.webhook_disabled}`;
const cancelledKey = `${cancelled} ${reasonCodes.webhook_deleted}`;
const kindsOf = async (webhookId: string) =>
  (await world.rows<{ kind: string }>('select kind from webhook_timeline where webhook_id = $1 order by sequence', [webhookId])).map(
    (row) => row.kind,
  );
/** Our own events that tell of a webhook, oldest first. */
const toldOf = (webhookId: string) =>
  world.rows<{ event_type: string; data: string }>(
    `select event_type, data from events where event_type like 'posthorn.%' and data::jsonb ->> 'webhook_id' = $1 order by id`,
    [webhookId],
  );
const statsOf = (webhookId: string) =>
  world.row<{ created: number; skipped: number; cancelled: number }>(
    `select coalesce(sum(created), 0)::int as created, coalesce(sum(skipped), 0)::int as skipped, coalesce(sum(cancelled), 0)::int as cancelled
       from webhook_stats where webhook_id = $1`,
    [webhookId],
  );

/** A webhook whose circuit is open. */
const opened = async (changes: Readonly<Record<string, string>> = {}) => {
  const webhookId = await world.webhook(changes);
  await flush(Array.from({ length: 10 }, () => world.record(webhookId, failed())));
  return webhookId;
};

describe('the names of reasons in SQL', () => {
  it('are those of the code', async () => {
    const { names } = await world.row<{ names: string[] }>(
      'select array_agg(reason_name(n) order by n) as names from generate_series(1, $1) n',
      [reasons.length],
    );
    expect(names).toEqual([...reasons]);
  });
});

describe('a webhook that is disabled', () => {
  it('has no turn any more; what waits is skipped in steps, whenever it is due, and counted', async () => {
    const webhookId = await world.webhook();
    await addWaiting(webhookId, 5);
    await addWaiting(webhookId, 4, 3_600_000);
    expect(await disableWebhook(world.pool, webhookId, actor)).toBe(true);
    expect(await disableWebhook(world.pool, webhookId, actor)).toBe(false);
    expect(await leasedOf(webhookId)).toEqual([]);
    expect(await endWaitingDeliveries(world.pool, 20, 3, slot)).toBe(4);
    while ((await endWaitingDeliveries(world.pool, 20, 3, slot)) > 0);
    expect(await countsOf(webhookId)).toEqual({ [skippedKey]: 9 });
    expect(await statsOf(webhookId)).toEqual({ created: 9, skipped: 9, cancelled: 0 });
    expect(await kindsOf(webhookId)).toEqual(['disabled']);
    expect(await toldOf(webhookId)).toMatchObject([{ event_type: 'posthorn.webhook_disabled' }]);
  });

  it('leaves a request that is under way to its end, and skips what comes of it and after it', async () => {
    const webhookId = await world.webhook();
    const underWay = world.record(webhookId, parked());
    await flush([underWay]);
    await disableWebhook(world.pool, webhookId, actor);
    expect(await endWaitingDeliveries(world.pool, 20, 100, slot)).toBe(0);
    await flush([{ ...underWay, ...failed(), isNew: false }, world.record(webhookId, waiting(60_000))]);
    expect(await countsOf(webhookId)).toEqual({ [waits]: 2 });
    expect(await endWaitingDeliveries(world.pool, 20, 100, slot)).toBe(2);
    expect(await countsOf(webhookId)).toEqual({ [skippedKey]: 2 });
  });

  it('skips what is left of a dead worker when its lease is over', async () => {
    const webhookId = await world.webhook();
    await flush([world.record(webhookId, parked())]);
    await disableWebhook(world.pool, webhookId, actor);
    await endWaitingDeliveries(world.pool, 20, 100, slot);
    await world.rows('update deliveries set due_at = now() where webhook_id = $1', [webhookId]);
    await world.rows('update webhook_state set due_at = now() where webhook_id = $1', [webhookId]);
    expect(await endWaitingDeliveries(world.pool, 20, 100, slot)).toBe(1);
  });

  it('gets nothing back when it is enabled, not even what was not skipped yet, and is called again for what is new', async () => {
    const webhookId = await world.webhook();
    await addWaiting(webhookId, 7);
    await disableWebhook(world.pool, webhookId, actor);
    expect(await enableWebhook(world.pool, webhookId, actor, slot)).toBe(true);
    expect(await countsOf(webhookId)).toEqual({ [skippedKey]: 7 });
    await addWaiting(webhookId, 1);
    expect(await leasedOf(webhookId)).toMatchObject([{ deliveries: [{}] }]);
    expect(await kindsOf(webhookId)).toEqual(['disabled', 'enabled']);
  });
});

describe('410', () => {
  const gone = (): Partial<DeliveryRecord> => ({
    status: storedStatusCodes.failed,
    reason: reasonCodes.rejected,
    sent: sent({ ok: false, statusCode: 410 }),
    gone: true,
  });

  it('disables the webhook in the flush that records it, once, and everything else of it is skipped', async () => {
    const webhookId = await world.webhook();
    await addWaiting(webhookId, 3, 60_000);
    expect(await flush([world.record(webhookId, gone())])).toMatchObject([{ webhookId, disabled: true }]);
    await flush([world.record(webhookId, gone())]);
    await endWaitingDeliveries(world.pool, 20, 100, slot);
    expect(await countsOf(webhookId)).toEqual({ [skippedKey]: 3, [`${storedStatusCodes.failed} ${reasonCodes.rejected}`]: 2 });
    expect(await world.row('select disabled_reason from webhook_state where webhook_id = $1', [webhookId])).toEqual({
      disabled_reason: 'gone',
    });
    expect(await kindsOf(webhookId)).toEqual(['disabled']);
    expect((await toldOf(webhookId)).map((row) => row.event_type).sort()).toEqual([
      'posthorn.delivery_failed',
      'posthorn.delivery_failed',
      'posthorn.webhook_disabled',
    ]);
  });

  it('of an event of our own disables and tells nobody', async () => {
    const webhookId = await world.webhook();
    await flush([world.record(webhookId, { ...gone(), eventType: 'posthorn.circuit_opened' })]);
    expect(await kindsOf(webhookId)).toEqual(['disabled']);
    expect(await toldOf(webhookId)).toEqual([]);
  });
});

describe('no success for too long', () => {
  const since = (hours: number, webhookId: string) =>
    world.rows(`update webhook_state set no_success_since = now() - interval '1 hour' * $2 where webhook_id = $1`, [webhookId, hours]);

  it('disables a webhook whose circuit has been open, unless its recovery is manual or one success came', async () => {
    const [dead, young, manual, healed] = [await opened(), await opened(), await opened({ manual: 'true' }), await opened()];
    await since(121, dead);
    await since(119, young);
    await since(500, manual);
    await since(500, healed);
    await resetCircuit(world.pool, healed, actor);
    expect(await disableUnsuccessful(world.pool, 120 * 3_600, 100)).toEqual([dead]);
    expect(await disableUnsuccessful(world.pool, 120 * 3_600, 100)).toEqual([]);
    expect(await kindsOf(dead)).toEqual(['circuit_opened', 'disabled']);
    expect((await toldOf(dead)).map((row) => row.event_type).sort()).toEqual([
      'posthorn.circuit_opened',
      'posthorn.webhook_disabled',
      'posthorn.webhook_failing',
    ]);
  });

  it('begins anew with enable, and with a change of where it is called', async () => {
    const [enabled, changed] = [await opened(), await opened()];
    await since(121, enabled);
    await disableUnsuccessful(world.pool, 120 * 3_600, 100);
    await enableWebhook(world.pool, enabled, actor, slot);
    await since(121, changed);
    await probeWebhookNow(world.pool, changed, actor);
    expect(await disableUnsuccessful(world.pool, 120 * 3_600, 100)).toEqual([]);
  });
});

describe('an open circuit', () => {
  const stateOf = (webhookId: string) =>
    world.row(
      'select circuit, circuit_failure_count as count, circuit_epoch as epoch, circuit_retry_at is null as never from webhook_state where webhook_id = $1',
      [webhookId],
    );

  it('is probed at once, with what would have been due first, after a change of where it is called; it resets nothing', async () => {
    const webhookId = await opened();
    expect(await leasedOf(webhookId)).toEqual([]);
    await probeWebhookNow(world.pool, webhookId, actor);
    expect(await stateOf(webhookId)).toMatchObject({ circuit: 1, count: 10 });
    expect(await leasedOf(webhookId)).toMatchObject([{ probe: true, deliveries: [{}] }]);
  });

  it('that waits for a person has no turn until its reset, which lets everything out and counts as a closing', async () => {
    const webhookId = await opened({ manual: 'true' });
    await world.rows(`update webhook_state set not_before = now(), due_at = now() where webhook_id = $1`, [webhookId]);
    await world.rows('update deliveries set due_at = now() where webhook_id = $1', [webhookId]);
    expect(await leasedOf(webhookId)).toEqual([]);
    expect(await stateOf(webhookId)).toEqual({ circuit: 1, count: 10, epoch: 1, never: true });
    await resetCircuit(world.pool, webhookId, actor);
    expect(await stateOf(webhookId)).toMatchObject({ circuit: 0, count: 0, epoch: 2 });
    expect(await leasedOf(webhookId)).toMatchObject([{ probe: false }]);
    expect(await kindsOf(webhookId)).toEqual(['circuit_opened', 'circuit_reset']);
    expect((await toldOf(webhookId)).map((row) => row.event_type).sort()).toEqual([
      'posthorn.circuit_closed',
      'posthorn.circuit_opened',
      'posthorn.webhook_failing',
    ]);
  });

  it('that failed deliveries of our own events opened is told to nobody, and neither is its closing', async () => {
    const webhookId = await world.webhook();
    const own = { eventType: 'posthorn.delivery_failed' };
    await flush(Array.from({ length: 10 }, () => world.record(webhookId, { ...failed(), ...own })));
    await resetCircuit(world.pool, webhookId, actor);
    expect(await kindsOf(webhookId)).toEqual(['circuit_opened', 'circuit_reset']);
    expect(await toldOf(webhookId)).toEqual([]);
  });
});

describe('a webhook that is paused', () => {
  it('has no turn until it is resumed', async () => {
    const webhookId = await world.webhook();
    await pauseWebhook(world.pool, webhookId, actor);
    await addWaiting(webhookId, 3);
    expect(await leasedOf(webhookId)).toEqual([]);
    await resumeWebhook(world.pool, webhookId, actor);
    expect(await leasedOf(webhookId)).toHaveLength(1);
    expect(await kindsOf(webhookId)).toEqual(['paused', 'resumed']);
  });
});

describe('a webhook that is deleted', () => {
  it('has what waits cancelled, its secrets destroyed, and its tenant told that its webhooks have changed', async () => {
    const webhookId = await world.webhook();
    await addWaiting(webhookId, 3);
    await pauseWebhook(world.pool, webhookId, actor);
    const version = () => world.row('select webhooks_version::int as v from tenants where id = $1', [world.tenantId]);
    const { v } = (await version()) as { v: number };
    expect(await deleteWebhook(world.pool, webhookId, actor)).toBe(true);
    expect(await deleteWebhook(world.pool, webhookId, actor)).toBe(false);
    expect(await version()).toEqual({ v: v + 1 });
    while ((await endWaitingDeliveries(world.pool, 20, 100, slot)) > 0);
    expect(await countsOf(webhookId)).toEqual({ [cancelledKey]: 3 });
    expect(await world.rows('select from webhook_secrets where webhook_id = $1', [webhookId])).toEqual([]);
    expect(await resumeWebhook(world.pool, webhookId, actor)).toBe(false);
  });
});

describe('a delivery that failed for good', () => {
  it('is told with what happened, but not if it was one of our own events', async () => {
    const webhookId = await world.webhook();
    const end = { status: storedStatusCodes.failed, reason: reasonCodes.exhausted, dueInMs: null };
    const record = world.record(webhookId, { ...failed({ statusCode: 503 }), ...end, attempt: 9 });
    await flush([record, world.record(webhookId, { ...failed(), ...end, eventType: 'posthorn.webhook_disabled' })]);
    const told = await toldOf(webhookId);
    expect(told.map((row) => ({ ...row, data: JSON.parse(row.data) }))).toEqual([
      {
        event_type: 'posthorn.delivery_failed',
        data: {
          webhook_id: webhookId,
          event_id: record.eventId,
          delivery_id: `${record.eventId}.${webhookId}`,
          event_type: 'order.placed',
          attempt: 9,
          reason: 'exhausted',
          status_code: 503,
          error: null,
        },
      },
    ]);
    const { n } = await world.row<{ n: number }>(
      `select count(*)::int as n from dispatches d join events e on d.event_ids = array[e.id] and e.dispatch_id = d.id and d.lease_until <= now()
        where e.data::jsonb ->> 'webhook_id' = $1`,
      [webhookId],
    );
    expect(n).toBe(1);
  });
});
