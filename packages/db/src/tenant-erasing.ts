// Erasing a tenant. Marking it is short: from the commit on nobody finds it, its keys are no keys any more, and its name is free. The rest is done in
// steps by whoever comes: its webhooks are deleted, then its events are walked along by id and lose their content, as a single event that is erased
// does; then go the notifications about it, and the mails that told of nothing else; then its own row is emptied. A step may be repeated, made by two at
// once or broken off anywhere.
//
// A walk that begins while something may still be under way (an event that another process accepts under the old name, an attempt that is recorded late)
// takes away what is there, and is followed by one that begins after `settleS`; what that one has passed, nothing is added to.
import { sql } from 'kysely';
import { type AuditEntry, insertAuditEntry } from './audit.js';
import { endChosen } from './ending-sql.js';
import { eraseNotifications } from './mailroom-keeping.js';
import type { Database, HotPool } from './pools.js';
import type { TenantRow } from './tenants.js';
import { inTransaction } from './transaction.js';
import { type Actor, deleteWebhooks } from './webhook-lifecycle.js';

export type TenantErasureLimits = {
  /** How long after it was marked something of the tenant may still be under way. */
  readonly settleS: number;
  /** How long a step that broke off keeps others from going on. */
  readonly leaseS: number;
  readonly webhooksMax: number;
  /** Events that a step looks at, of whatever tenant; those that it erases; and, over all of these, deliveries after which it takes no further event. */
  readonly eventsScannedMax: number;
  readonly eventsErasedMax: number;
  readonly deliveriesMax: number;
};

export const tenantErasureLimits: TenantErasureLimits = {
  settleS: 60,
  leaseS: 30,
  webhooksMax: 200,
  eventsScannedMax: 10_000,
  eventsErasedMax: 500,
  deliveriesMax: 2_000,
};

/**
 * Marks a tenant, and writes down who did it; returns it as it was, with its `erasing_at`. Undefined: there is no such tenant.
 */
export const markTenantErasing = async (
  db: Database,
  environmentId: string,
  key: string,
  actor: Actor,
  entryOf: (tenant: TenantRow) => AuditEntry,
): Promise<(TenantRow & { readonly erasing_at: Date }) | undefined> =>
  db.transaction().execute(async (transaction) => {
    const tenant = await transaction
      .selectFrom('tenants')
      .selectAll()
      .where('environment_id', '=', environmentId)
      .where('key', '=', key)
      .where('erasing_at', 'is', null)
      // The change of its key needs this lock; with a weaker one first, it and somebody who makes a webhook would wait for each other.
      .forUpdate()
      .executeTakeFirst();
    if (tenant === undefined) return undefined;
    const { erasing_at } = await transaction
      .updateTable('tenants')
      .set({
        erasing_at: sql<Date>`clock_timestamp()`,
        key: sql<string>`'erased/' || id::text`,
        webhooks_version: sql`webhooks_version + 1`,
      })
      .where('id', '=', tenant.id)
      .returning('erasing_at')
      .executeTakeFirstOrThrow();
    await transaction
      .updateTable('api_keys')
      .set({ revoked_at: sql<Date>`clock_timestamp()` })
      .where('tenant_id', '=', tenant.id)
      .where('revoked_at', 'is', null)
      .execute();
    await transaction
      .insertInto('tenant_erasures')
      .values({
        tenant_id: tenant.id,
        environment_id: environmentId,
        actor_key_id: actor.keyId,
        actor: actor.role,
        position: sql<string>`uuidv7_floor(${tenant.created_at}::timestamptz - interval '1 hour')`,
      })
      .execute();
    await insertAuditEntry(transaction, entryOf(tenant));
    return { ...tenant, erasing_at: erasing_at ?? new Date() };
  });

/** Deletes up to `webhooksMax` webhooks of a tenant that is being erased; returns how many. With none left it has none. */
export const deleteErasedWebhooks = (pool: HotPool, tenantId: string, actor: Actor, webhooksMax: number): Promise<number> =>
  inTransaction(pool, async (connection) => {
    // Their configuration first, as a change locks it (see removeWebhook).
    const { rows } = await connection.query<{ id: string }>(
      'select id from webhooks where tenant_id = $1 and deleted_at is null order by id limit $2 for no key update',
      [tenantId, webhooksMax],
    );
    const ids = rows.map(({ id }) => id);
    if (ids.length > 0) await deleteWebhooks(connection, ids, actor);
    return ids.length;
  });

type Turn = {
  readonly tenant_id: string;
  readonly actor_key_id: string;
  readonly actor: string;
  readonly position: string;
  readonly until: string;
  readonly settled: boolean;
};

/** Takes the erasure that has waited longest, for `leaseS`. */
const takeTurn = async (pool: HotPool, { leaseS, settleS }: TenantErasureLimits): Promise<Turn | undefined> => {
  const result = await pool.query<Turn>({
    name: 'take-erasure',
    text: `update tenant_erasures e set due_at = now() + make_interval(secs => $1), walk_at = coalesce(e.walk_at, clock_timestamp())
            where tenant_id = (select tenant_id from tenant_erasures where due_at <= now() order by due_at limit 1 for update skip locked)
           returning tenant_id, actor_key_id, actor, position, uuidv7_floor(walk_at) as until, walk_at >= begun_at + make_interval(secs => $2) as settled`,
    values: [leaseS, settleS],
  });
  return result.rows[0];
};

// $1 tenant, $2 after, $3 before, $4 events looked at, $5 events erased, $6 slot of the statistics, $7 deliveries. What is empty already is left as it is: a second
// walk rewrites nothing.
const walkSql = `
with page as materialized (
  select id, tenant_id from events where id > $2 and id < $3 order by id limit $4
),
sized as materialized (
  select m.id, sum(n.deliveries) over (order by m.id) - n.deliveries as before
    from (select id from page where tenant_id = $1 order by id limit $5) m
   cross join lateral (select count(*) as deliveries from deliveries d where d.event_id = m.id) n
),
mine as materialized (
  select id from sized where before < $7
),
step as materialized (
  select case when (select count(*) from sized) = $5 or exists (select from sized where before >= $7) then (select id from mine order by id desc limit 1)
              when (select count(*) from page) = $4 then (select id from page order by id desc limit 1)
              else $3::uuid end as position
),
moved as (
  update tenant_erasures e set position = step.position, due_at = now() from step
   where e.tenant_id = $1 and e.position = $2 and uuidv7_floor(e.walk_at) = $3
),
erased as (
  update events e set data = 'null', current_context = null, resources = null, erased_at = coalesce(e.erased_at, now())
    from mine where e.id = mine.id and (e.erased_at is null or e.data <> 'null')
),
chosen as materialized (
  select d.event_id, d.webhook_id from mine join deliveries d on d.event_id = mine.id
   where d.status = 0 order by d.event_id, d.webhook_id for update of d
),
${endChosen({ status: 'cancelled', reason: 'erased' }, '$6')},
emptied as (
  update attempts a set request_headers = '', response_headers = null, response_body = null
    from mine where a.event_id = mine.id and (a.request_headers <> '' or a.response_headers is not null or a.response_body is not null)
)
select position from step`;

/** One step of the walk; returns where it stands then. */
const walk = (pool: HotPool, turn: Turn, limits: TenantErasureLimits, slot: number): Promise<string> =>
  inTransaction(pool, async (connection) => {
    // The planner takes the events of a step for a share of the table, and would hash whole partitions.
    await connection.query('set local enable_hashjoin = off');
    const { rows } = await connection.query<{ position: string }>({
      name: 'erase-events-of-tenant',
      text: walkSql,
      values: [turn.tenant_id, turn.position, turn.until, limits.eventsScannedMax, limits.eventsErasedMax, slot, limits.deliveriesMax],
    });
    return rows[0]?.position ?? turn.position;
  });

/** What tests of its webhooks sent and got back: these belong to no event. Returns how many were emptied. */
const emptyTests = async (pool: HotPool, tenantId: string, rowsMax: number): Promise<number> => {
  const result = await pool.query({
    name: 'erase-tests-of-tenant',
    text: `with chosen as materialized (
             select a.event_id, a.webhook_id, a.n from webhooks w join attempts a on a.webhook_id = w.id and a.kind = 5
              where w.tenant_id = $1 and (a.request_headers <> '' or a.response_headers is not null or a.response_body is not null) limit $2
           )
           update attempts a set request_headers = '', response_headers = null, response_body = null
             from chosen c where a.event_id = c.event_id and a.webhook_id = c.webhook_id and a.n = c.n`,
    values: [tenantId, rowsMax],
  });
  return result.rowCount ?? 0;
};

const laterSql = `update tenant_erasures set due_at = now() where tenant_id = $1`;
const walkAgainSql = `
update tenant_erasures e set walk_at = null, due_at = e.begun_at + make_interval(secs => $2),
       position = (select uuidv7_floor(t.created_at - interval '1 hour') from tenants t where t.id = e.tenant_id)
 where tenant_id = $1`;
const finishSql = `
with over as (delete from tenant_erasures where tenant_id = $1 returning tenant_id)
update tenants t set name = null, email = null, metadata = '{}', updated_at = now(), erased_at = now() from over where t.id = over.tenant_id`;

/**
 * One step of one erasure, if one is due; true: there may be more to do now. An erasure is over when a walk that began `settleS` after the tenant was
 * marked has come to its end.
 * @param slot which of the statistics slots (0–15) counts what is cancelled
 */
export const stepTenantErasure = async (
  pool: HotPool,
  slot: number,
  limits: TenantErasureLimits = tenantErasureLimits,
): Promise<boolean> => {
  const turn = await takeTurn(pool, limits);
  if (turn === undefined) return false;
  const deleted = await deleteErasedWebhooks(pool, turn.tenant_id, { keyId: turn.actor_key_id, role: turn.actor }, limits.webhooksMax);
  if (deleted > 0) {
    await pool.query(laterSql, [turn.tenant_id]);
    return true;
  }
  if (turn.position < turn.until && (await walk(pool, turn, limits, slot)) < turn.until) return true;
  const emptied = await emptyTests(pool, turn.tenant_id, limits.eventsErasedMax);
  const untold = await eraseNotifications(pool, turn.tenant_id, limits.eventsErasedMax);
  if (Math.max(emptied, untold) === limits.eventsErasedMax) await pool.query(laterSql, [turn.tenant_id]);
  else if (turn.settled) await pool.query(finishSql, [turn.tenant_id]);
  else await pool.query(walkAgainSql, [turn.tenant_id, limits.settleS]);
  return true;
};
