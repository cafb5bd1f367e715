import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@posthorn/testkit';
import { configuration } from '../tests/configuration.js';
import { addDeliveries, addEvent, countsAndRecount } from '../tests/events.js';
import { composeAll, note } from '../tests/mails.js';
import { createWorld, newEventId, sent, type World } from '../tests/world.js';
import { findDueWork } from './due-work.js';
import { writeFlush } from './flush.js';
import { createDatabase, type Database } from './pools.js';
import { markTenantErasing, stepTenantErasure, type TenantErasureLimits } from './tenant-erasing.js';
import { ensureTenant } from './tenants.js';
import { TenantErasedError } from './webhook-configuration.js';
import { insertWebhooks } from './webhooks.js';

const slot = 4;
const dayMs = 86_400_000;
const small: TenantErasureLimits = { settleS: 0, leaseS: 30, webhooksMax: 2, eventsScannedMax: 7, eventsErasedMax: 3, deliveriesMax: 4 };
let world: World;
let db: Database;
beforeAll(async () => {
  world = await createWorld(6);
  db = createDatabase({ url: world.url, max: 4, applicationName: 'test', onError: () => undefined });
  await world.rows('select make_partitions(current_date - 3, current_date)');
});
afterAll(async () => {
  await db.destroy();
  await world.drop();
});

const actor = { keyId: randomUUID(), role: 'admin' };
/** A tenant that was there for days. */
const tenant = async (): Promise<{ readonly id: string; readonly key: string }> => {
  const key = `t-${randomUUID()}`;
  const id = await ensureTenant(db, world.environmentId, key, randomUUID());
  await world.rows(
    `update tenants set name = 'n', email = 'e', metadata = '{"a":1}', created_at = now() - interval '3 days' where id = $1`,
    [id],
  );
  return { id, key };
};
const mark = (key: string) =>
  markTenantErasing(db, world.environmentId, key, actor, ({ id }) => ({
    environmentId: world.environmentId,
    tenantId: id,
    actorKeyId: actor.keyId,
    actor: actor.role,
    action: 'tenant.erased',
    subjectKind: 'tenant',
    subjectId: id,
  }));
const webhookOf = async (tenantId: string): Promise<string> => {
  const id = await world.webhook();
  await world.rows('update webhooks set tenant_id = $2 where id = $1', [id, tenantId]);
  await world.rows('update webhook_state set tenant_id = $2 where webhook_id = $1', [id, tenantId]);
  return id;
};
const run = async (limits: TenantErasureLimits = small): Promise<number> => {
  for (let steps = 0; ; steps++) if (!(await stepTenantErasure(world.pool, slot, limits))) return steps;
};
const stateOf = (id: string) =>
  world.row<{ key: string; name: string | null; email: string | null; metadata: unknown; erased: boolean }>(
    'select key, name, email, metadata, erased_at is not null as erased from tenants where id = $1',
    [id],
  );
const leftOf = async (id: string) =>
  (
    await world.row<{ n: number }>(
      `select (select count(*) from events where tenant_id = $1 and (data <> 'null' or current_context is not null or resources is not null or erased_at is null))
            + (select count(*) from attempts where tenant_id = $1 and (request_headers <> '' or response_headers is not null or response_body is not null))
            + (select count(*) from deliveries where tenant_id = $1 and status = 0)
            + (select count(*) from webhooks where tenant_id = $1 and deleted_at is null) as n`,
      [id],
    )
  ).n;

/** A tenant with webhooks, events of three days in all states, and tests. */
const inhabited = async () => {
  const made = await tenant();
  const webhooks = await Promise.all(Array.from({ length: 5 }, () => webhookOf(made.id)));
  const events = await Promise.all(
    Array.from({ length: 20 }, (_, n) => addEvent(world, { tenantId: made.id, atMs: Date.now() - (n % 3) * dayMs, context: '{"a":1}' })),
  );
  const place = { tenantId: made.id };
  for (const [n, state] of (['succeeded', 'failed', 'waiting'] as const).entries())
    await addDeliveries(world, webhooks[n]!, events, state, place);
  await addDeliveries(world, webhooks[3]!, events.slice(0, 4), 'waiting', { ...place, out: true, sent: null, dueInMs: 20_000 });
  await world.rows(
    `insert into attempts (environment_id, tenant_id, event_id, webhook_id, n, kind, webhook_version, started_at, ok, duration_ms, request_headers, response_body)
     select $1, $2, i, $3, 1, 5, 1, now(), true, 1, 'a: b', 'x' from unnest($4::uuid[]) as u (i)`,
    [world.environmentId, made.id, webhooks[4], Array.from({ length: 5 }, () => newEventId())],
  );
  return { ...made, webhooks, events };
};
/** Something of everybody else, which stays. */
const bystander = async () => {
  const webhookId = await world.webhook();
  const events = await Promise.all(Array.from({ length: 10 }, (_, n) => addEvent(world, { atMs: Date.now() - (n % 3) * dayMs })));
  await addDeliveries(world, webhookId, events, 'waiting');
  return () =>
    world.rows(
      `select e.data, e.erased_at, d.status, a.request_headers from events e join deliveries d on d.event_id = e.id join attempts a on a.event_id = e.id
        where d.webhook_id = $1 order by e.id`,
      [webhookId],
    );
};

describe('erasing a tenant', () => {
  it('takes all of its content away in steps, counts what it cancels, and touches nobody else', async () => {
    const { id, key, webhooks } = await inhabited();
    const readOthers = await bystander();
    const others = await readOthers();
    const told = await mark(key);
    expect(told).toMatchObject({ id, key, name: 'n', erasing_at: expect.any(Date) });
    expect(await stateOf(id)).toMatchObject({ key: `erased/${id}`, name: 'n', erased: false });
    expect(await findDueWork(world.pool)).toMatchObject({ erasing: true });
    expect(await run()).toBeGreaterThan(10);
    expect(await findDueWork(world.pool)).toMatchObject({ erasing: false });
    expect(await stateOf(id)).toEqual({ key: `erased/${id}`, name: null, email: null, metadata: {}, erased: true });
    expect(await leftOf(id)).toBe(0);
    expect(await readOthers()).toEqual(others);
    const { counted, recounted } = await countsAndRecount(world, webhooks);
    expect(counted).toEqual(recounted);
    const reasons = await world.rows('select distinct reason from deliveries where tenant_id = $1 and status = 4', [id]);
    expect(reasons).toEqual([{ reason: 19 }]);
    expect(await mark(key)).toBeUndefined();
  });

  it('ends by two at once, and where each step breaks off and is made again', async () => {
    const { id, key } = await inhabited();
    await mark(key);
    // A scheduler that took a turn and died.
    await world.rows(`update tenant_erasures set due_at = now() + interval '30 s' where tenant_id = $1`, [id]);
    expect(await stepTenantErasure(world.pool, slot, small)).toBe(false);
    await world.rows(`update tenant_erasures set due_at = now() where tenant_id = $1`, [id]);
    const eager = { ...small, leaseS: 0 };
    for (let round = 0; (await stateOf(id)).erased === false; round++) {
      expect(round).toBeLessThan(200);
      await Promise.all([1, 2, 3].map(() => stepTenantErasure(world.pool, slot, eager)));
    }
    expect(await leftOf(id)).toBe(0);
  });

  it('is not over before what was under way when it began is taken away too', async () => {
    const { id, key, webhooks } = await inhabited();
    await mark(key);
    const slow = { ...small, settleS: 3_600 };
    await run(slow);
    expect(await leftOf(id)).toBe(0);
    expect((await stateOf(id)).erased).toBe(false);
    // Another process accepted an event under the old name, and an attempt ended.
    const late = await addEvent(world, { tenantId: id });
    const record = { ...world.record(webhooks[3]!, { tenantId: id, eventId: late, sent: sent() }) };
    await writeFlush(world.pool, { records: [record], reports: [], finished: [] }, { slot, cooldownS: 1, cooldownMaxS: 1, chunkMax: 1 });
    expect(await run(slow)).toBe(0);
    expect(await leftOf(id)).toBe(2);
    await world.rows(`update tenant_erasures set begun_at = begun_at - interval '1 hour', due_at = now() where tenant_id = $1`, [id]);
    await run(slow);
    expect((await stateOf(id)).erased).toBe(true);
    expect(await leftOf(id)).toBe(0);
  });

  it('takes an event with more deliveries than a step has room for by itself', async () => {
    const { id, key } = await tenant();
    const webhooks = await Promise.all(Array.from({ length: 9 }, () => webhookOf(id)));
    const events = await Promise.all([1, 2, 3].map(() => addEvent(world, { tenantId: id })));
    for (const webhookId of webhooks) await addDeliveries(world, webhookId, events, 'waiting', { tenantId: id });
    await mark(key);
    await run();
    expect([await leftOf(id), (await stateOf(id)).erased]).toEqual([0, true]);
  });

  it('that fails for one does not keep another from its turn', async () => {
    const [stuck, other] = [await tenant(), await tenant()];
    await mark(stuck.key);
    await mark(other.key);
    const holder = await world.pool.connect();
    try {
      await holder.query('begin');
      await holder.query('select 1 from tenants where id = $1 for update', [stuck.id]);
      let failures = 0;
      const count = () => {
        failures += 1;
      };
      for (let step = 0; step < 200 && (failures === 0 || !(await stateOf(other.id)).erased); step++)
        await stepTenantErasure(world.pool, slot, small).catch(count);
      expect([failures, (await stateOf(other.id)).erased, (await stateOf(stuck.id)).erased]).toEqual([1, true, false]);
    } finally {
      await holder.query('rollback');
      holder.release();
    }
    await world.rows('update tenant_erasures set due_at = now()');
    await run();
    expect((await stateOf(stuck.id)).erased).toBe(true);
  });

  it('misses no webhook that is made at the same time, and lets none be made afterwards', async () => {
    const author = { keyId: randomUUID(), name: 'admin' };
    let refused = 0;
    for (let round = 0; round < 8; round++) {
      const { id, key } = await tenant();
      const place = { environmentId: world.environmentId, tenantId: id };
      const insert = () =>
        insertWebhooks(db, [{ ...place, id: randomUUID(), configuration, secrets: [], isActive: true }], author).catch((error: unknown) => {
          expect(error).toBeInstanceOf(TenantErasedError);
          refused += 1;
        });
      const first = [insert(), insert()];
      await eventually(async () => (await world.rows('select 1 from webhooks where tenant_id = $1', [id])).length > 0);
      await Promise.all([...first, insert(), mark(key), insert(), insert()]);
      await run();
      expect([await leftOf(id), (await stateOf(id)).erased]).toEqual([0, true]);
      await insert();
      expect(await leftOf(id)).toBe(0);
    }
    expect(refused).toBeGreaterThanOrEqual(8);
  });

  it('waits for nothing that belongs to others', async () => {
    const { key } = await inhabited();
    await mark(key);
    const connection = await world.pool.connect();
    await connection.query('begin');
    const webhookId = await world.webhook();
    const eventId = await addEvent(world);
    await addDeliveries(world, webhookId, [eventId], 'waiting');
    await connection.query('select 1 from events where id = $1 for update', [eventId]);
    await connection.query('select 1 from deliveries where event_id = $1 for update', [eventId]);
    await run();
    await connection.query('rollback');
    connection.release();
  });
});

it('takes what was told about the tenant away, with its mails', async () => {
  const { id, key } = await tenant();
  await note(world, await webhookOf(id));
  await composeAll(world);
  const { mail_id: mailId } = await world.row<{ mail_id: string }>('select mail_id from notifications where tenant_id = $1', [id]);
  const counted = `select (select count(*) from notifications where tenant_id = $1) as notes, (select count(*) from mails where id = $2) as mails`;
  const left = () => world.row(counted, [id, mailId]);
  expect(await left()).toEqual({ notes: 1, mails: 1 });
  await mark(key);
  await run();
  expect(await left()).toEqual({ notes: 0, mails: 0 });
});
