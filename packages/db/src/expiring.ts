// The end of what is kept: from when on events are given up, and what becomes of all that still waits of them. Nothing vanishes silently: a delivery
// that still waits is ended as failed (`expired`) and counted, its webhook's owner is told of it and was warned before; events that were never
// fanned out stand in the audit log. Every step may be made twice, by two at once or broken off anywhere.
import { countEnded, endChosen } from './ending-sql.js';
import { publishOwnEvents } from './own-events-sql.js';
import type { HotPool } from './pools.js';

/** How long after kept_from was moved everybody at work has seen it: longer than any statement, claim or lease without renewal lasts. */
export const settleS = 60;
/** How long before they expire a webhook's owner is told of deliveries that wait. */
export const warnDays = 3;
/** How many of them are counted for a warning. */
const warnCountMax = 10_000;

/** The part of a `with` that notes the deliveries of `ended` as expired, so that they are told. */
const noteExpired = `noted_expired as (
  insert into expiries as x (webhook_id, environment_id, tenant_id, count, told_count)
  select n.webhook_id, n.environment_id, n.tenant_id, count(*), count(*) filter (where coalesce(e.event_type, '') not like 'posthorn.%')
    from ended n left join events e on e.id = n.event_id
   group by n.webhook_id, n.environment_id, n.tenant_id order by n.webhook_id
  on conflict (webhook_id) do update set count = x.count + excluded.count, told_count = x.told_count + excluded.told_count
)`;

/** Parts of a `with` that count the deliveries of `ended` as expired, under the slot `$<slot>`, and note them to be told. */
export const accountExpired = (slot: string): string => `${countEnded('failed', slot)},\n${noteExpired}`;

/** Gives up the events that are older than so many days; returns the first event id (UUIDv7) that is kept. It never goes back. */
export const moveKeptFrom = async (pool: HotPool, retentionDays: number): Promise<string> => {
  await pool.query({
    name: 'move-kept-from',
    text: `update retention set settled_from = kept_from, kept_from = greatest(kept_from, uuidv7_floor(now() - make_interval(hours => 24 * $1))), moved_at = now()
            where moved_at <= now() - interval '${settleS} seconds'`,
    values: [retentionDays],
  });
  const { rows } = await pool.query<{ kept_from: string }>({ name: 'kept-from', text: 'select kept_from from retention' });
  return rows[0]!.kept_from;
};

/**
 * Ends up to `rowsMax` waiting deliveries of the events before an id as failed (`expired`), and notes them to be told; returns how many. What is
 * under way is left until its lease is over.
 * @param beforeId the first event id (UUIDv7) that is kept
 * @param slot which of the statistics slots (0–15) counts them
 */
export const expireDeliveries = async (pool: HotPool, beforeId: string, rowsMax: number, slot: number): Promise<number> => {
  // In the order of the indexes of waiting deliveries, so that these are read and not all that is kept of the old days.
  const waiting = (which: string): string => `(
    select event_id, webhook_id from deliveries
     where event_id < $1 and status = 0 and replay_id is ${which} and not (out and due_at > now())
     order by webhook_id, due_at limit $2 for update skip locked)`;
  const result = await pool.query<{ expired: number }>({
    name: 'expire-deliveries',
    text: `with first as materialized ${waiting('null')},
           second as materialized ${waiting('not null')},
           chosen as materialized (
             select event_id, webhook_id from (select * from first union all select * from second) both_lanes limit $2
           ),
           ${endChosen({ status: 'failed', reason: 'expired' }, '$3')},
           ${noteExpired}
           select count(*)::int as expired from ended`,
    values: [beforeId, rowsMax, slot],
  });
  return result.rows[0]?.expired ?? 0;
};

/**
 * Tells what has expired of up to `webhooksMax` webhooks, once: in their timelines, and as events of our own, which their owners get by mail. Returns of how
 * many it told.
 */
export const tellExpired = async (pool: HotPool, webhooksMax: number): Promise<number> => {
  const { rows } = await pool.query<{ webhooks: number }>({
    name: 'tell-expired',
    text: `with due as materialized (
             select webhook_id from expiries order by webhook_id limit $1 for update skip locked
           ),
           gone as (
             delete from expiries x using due where x.webhook_id = due.webhook_id returning x.*
           ),
           timeline as (
             insert into webhook_timeline (environment_id, tenant_id, webhook_id, kind, details)
             select environment_id, tenant_id, webhook_id, 'expired', jsonb_build_object('count', count) from gone order by webhook_id
           ),
           told as (
             select g.environment_id, g.tenant_id, 'deliveries_expired' as kind,
                    jsonb_build_object('webhook_id', g.webhook_id, 'count', g.told_count,
                                       'accepted_before', own_event_time(uuidv7_time((select kept_from from retention)))) as data
               from gone g join webhook_state s on s.webhook_id = g.webhook_id
              where g.told_count > 0 and s.deleted_at is null
           ),
           ${publishOwnEvents}
           select count(*)::int as webhooks from gone`,
    values: [webhooksMax],
  });
  return rows[0]?.webhooks ?? 0;
};

// A loose index scan over the partitions of these days alone: its cost grows with the webhooks that wait, not with the deliveries.
const webhooksWaiting = (lane: string): string => `
  (select webhook_id from deliveries where event_id < $1 and status = 0 and replay_id is ${lane} order by webhook_id limit 1)
  union all
  select (select d.webhook_id from deliveries d
           where d.event_id < $1 and d.status = 0 and d.replay_id is ${lane} and d.webhook_id > w.webhook_id order by d.webhook_id limit 1)`;

/**
 * Warns the owners of up to `webhooksMax` webhooks of which deliveries wait whose event is given up within `warnDays`; each once a day. Returns how many.
 * Webhooks that are switched off are left out: what waits there ends by itself.
 */
export const warnOfExpiry = async (pool: HotPool, retentionDays: number, webhooksMax: number): Promise<number> => {
  const { rows: bounds } = await pool.query<{ before_id: string }>({
    name: 'expiring-before',
    text: `select uuidv7_floor(date_trunc('day', now() - make_interval(hours => 24 * ($1::int - ${warnDays})), 'UTC')) as before_id`,
    values: [retentionDays],
  });
  const { rows } = await pool.query<{ webhooks: number }>({
    name: 'warn-of-expiry',
    text: `with recursive waiting as (
             ${webhooksWaiting('null')} from waiting w where w.webhook_id is not null
           ),
           replaying as (
             ${webhooksWaiting('not null')} from replaying w where w.webhook_id is not null
           ),
           chosen as materialized (
             select s.webhook_id
               from webhook_state s join (select webhook_id from waiting union select webhook_id from replaying) w on w.webhook_id = s.webhook_id
              where (s.expiry_told_at is null or s.expiry_told_at <= now() - interval '24 hours') and s.disabled_at is null and s.deleted_at is null
              order by s.webhook_id limit $2 for update of s skip locked
           ),
           state as (
             update webhook_state s set expiry_told_at = now() from chosen c where s.webhook_id = c.webhook_id
             returning s.webhook_id, s.environment_id, s.tenant_id
           ),
           counted as materialized (
             select s.*, n.count
               from state s cross join lateral (
                 select count(*)::int as count from (
                   select from deliveries d where d.webhook_id = s.webhook_id and d.event_id < $1 and d.status = 0 limit ${warnCountMax}) d
               ) n
           ),
           timeline as (
             insert into webhook_timeline (environment_id, tenant_id, webhook_id, kind, details)
             select environment_id, tenant_id, webhook_id, 'expiring', jsonb_build_object('count', count) from counted order by webhook_id
           ),
           told as (
             select environment_id, tenant_id, 'deliveries_expiring' as kind,
                    jsonb_build_object('webhook_id', webhook_id, 'count', count, 'accepted_before', own_event_time(uuidv7_time($1)),
                                       'within_days', ${warnDays}) as data
               from counted
           ),
           ${publishOwnEvents}
           select count(*)::int as webhooks from state`,
    values: [bounds[0]!.before_id, webhooksMax],
  });
  return rows[0]?.webhooks ?? 0;
};

/**
 * Ends up to `rowsMax` dispatches all of whose events are given up, and on which nobody works: those set aside, and those that waited all the time. The
 * audit log of each environment says how many events of which tenant they had; returns how many events.
 */
export const endOldDispatches = async (pool: HotPool, beforeId: string, rowsMax: number): Promise<number> => {
  const { rows } = await pool.query<{ events: number }>({
    name: 'end-old-dispatches',
    text: `with old as materialized (
             select id from dispatches
              where (id < $1 or set_aside_at is not null) and event_ids[cardinality(event_ids)] < $1
                and (set_aside_at is not null or lease_until <= now())
              order by id limit $2 for update skip locked
           ),
           gone as (
             delete from dispatches d using old where d.id = old.id returning d.event_ids, d.set_aside_at
           ),
           lost as materialized (
             select e.environment_id, e.tenant_id, count(*)::int as events, count(g.set_aside_at)::int as set_aside,
                    min(e.id::text) as first_id, max(e.id::text) as last_id
               from gone g cross join unnest(g.event_ids) as x (id) join events e on e.id = x.id and e.id < $1
              group by e.environment_id, e.tenant_id
           ),
           logged as (
             insert into audit_log (id, environment_id, tenant_id, actor, action, subject_kind, subject_id, details)
             select new_uuidv7(), environment_id, tenant_id, 'retention', 'events.expired', 'event', first_id,
                    jsonb_build_object('events', events, 'set_aside', set_aside, 'first_event_id', first_id, 'last_event_id', last_id)
               from lost
           )
           select coalesce(sum(events), 0)::int as events from lost`,
    values: [beforeId, rowsMax],
  });
  return rows[0]?.events ?? 0;
};
