// How an environment, or a tenant in it, stands now: what waits, what is stopped, and whether the backlog shrinks.
import { sql } from 'kysely';
import type { Database } from './pools.js';
import type { Reach } from './reading.js';
import { allTenants, settledSlot, spansOfAllTypes, spansOfEnvironment } from './stats-columns.js';

export type Backlog = {
  readonly webhooks: number;
  readonly disabled: number;
  readonly paused: number;
  /** Of those that are not disabled. */
  readonly circuits_open: number;
  readonly circuits_half_open: number;
  /** Deliveries that wait for their time, or for somebody to take them. */
  readonly pending: number;
  /** Deliveries that wait at a webhook that is paused or whose circuit is not closed. */
  readonly held: number;
  /** Since when the earliest delivery that may go out waits for it; null: none does. */
  readonly oldest_due_at: Date | null;
  /** Deliveries that came to be and that ended in the last `rateMinutes` whole minutes. */
  readonly created: number;
  readonly ended: number;
};

/** Over how many whole minutes the rates are taken. */
export const rateMinutes = 5;

const waiting = sql.raw(
  'sum(created - succeeded - failed - skipped - cancelled + succeeded_again + failed_again + skipped_again + cancelled_again)',
);

/** Reads the lifetimes of all webhooks in reach, one row each, and what is not settled yet. */
export const readBacklog = async (db: Database, { environmentId, tenantId }: Reach): Promise<Backlog> => {
  const inReach = sql`environment_id = ${environmentId}::uuid and ${tenantId === null ? sql`true` : sql`tenant_id = ${tenantId}::uuid`}`;
  const raw = sql.raw(`slot < ${settledSlot}`);
  const recently = sql`at >= date_trunc('minute', now()) - make_interval(mins => ${rateMinutes}) and at < date_trunc('minute', now())`;
  const settled =
    tenantId === null
      ? sql`environment_id = ${environmentId}::uuid and span = ${sql.lit(spansOfEnvironment.minute)} and tenant_id = ${sql.lit(allTenants)}::uuid`
      : sql`environment_id = ${environmentId}::uuid and span = ${sql.lit(spansOfAllTypes.minute)} and tenant_id = ${tenantId}::uuid`;
  const { rows } = await sql<Backlog>`
    with waits as (
      select webhook_id, ${waiting} as count from (
        select webhook_id, created, succeeded, failed, skipped, cancelled, succeeded_again, failed_again, skipped_again, cancelled_again
          from webhook_totals where ${inReach}
        union all
        select webhook_id, created, succeeded, failed, skipped, cancelled, succeeded_again, failed_again, skipped_again, cancelled_again
          from webhook_stats where ${raw} and ${inReach}
      ) s group by webhook_id
    ),
    states as (
      select coalesce(w.count, 0) as count, s.disabled_at is not null as disabled, s.paused_at is not null as paused, s.circuit,
             least(s.due_at, s.replay_due_at) as due_at, s.paused_at is not null or s.circuit <> 0 as gated
        from webhook_state s left join waits w on w.webhook_id = s.webhook_id
       where s.deleted_at is null and s.environment_id = ${environmentId}::uuid
         and ${tenantId === null ? sql`true` : sql`s.tenant_id = ${tenantId}::uuid`}
    ),
    rates as (
      select coalesce(sum(created), 0)::float8 as created, coalesce(sum(succeeded + failed + skipped + cancelled), 0)::float8 as ended from (
        select created, succeeded, failed, skipped, cancelled from tenant_stats where ${settled} and ${recently}
        union all
        select created, succeeded, failed, skipped, cancelled from webhook_stats where ${raw} and ${recently} and ${inReach}
      ) r
    )
    select x.*, r.created, r.ended from rates r cross join (
    select count(*)::int as webhooks, count(*) filter (where disabled)::int as disabled, count(*) filter (where paused and not disabled)::int as paused,
           count(*) filter (where circuit = 1 and not disabled)::int as circuits_open,
           count(*) filter (where circuit = 2 and not disabled)::int as circuits_half_open,
           coalesce(sum(count) filter (where not gated), 0)::float8 as pending, coalesce(sum(count) filter (where gated), 0)::float8 as held,
           min(due_at) filter (where not gated and not disabled and due_at <= now()) as oldest_due_at
      from states) x`.execute(db);
  const [row] = rows;
  if (row === undefined) throw new RangeError('there is no backlog');
  return row;
};
