// Our own events, inserted by the statement that caused what they tell of, each with a dispatch of its own that is due at once, and noted for those who
// are told by mail.

/** After so many failed attempts in a row a webhook is said to be failing. */
export const failingFailures = 5;

/** Selects what is `told` of streaks of failures, from `state`. */
export const toldOfStreaks = `select environment_id, tenant_id, 'webhook_failing',
         jsonb_build_object('webhook_id', webhook_id, 'circuit_failure_count', circuit_failure_count, 'failing_since', own_event_time(failing_since))
    from state where fails
  union all
  select environment_id, tenant_id, 'webhook_recovered',
         jsonb_build_object('webhook_id', webhook_id, 'failing_since', own_event_time(failing_since_before))
    from state where recovers`;

/**
 * Parts of a `with` that publish what stands in `told (environment_id, tenant_id, kind, data jsonb)` as `posthorn.<kind>`. The scheduler
 * feeds the dispatches: nobody waits for these events. What concerns the owner of a webhook is counted in its open notification. Locks of these are
 * taken last, by webhook and kind.
 */
export const publishOwnEvents = `own as materialized (
  select t.*, new_uuidv7() as id, new_uuidv7() as dispatch_id from told t
),
own_events as (
  insert into events (id, environment_id, tenant_id, event_type, event_time, data, dispatch_id)
  select id, environment_id, tenant_id, 'posthorn.' || kind, now(), data::text, dispatch_id from own
),
own_dispatches as (
  insert into dispatches (id, event_ids, lease_until) select dispatch_id, array[id], now() from own
),
noted as (
  insert into notifications as n (id, environment_id, tenant_id, webhook_id, kind, count, first_at, last_at, details)
  select new_uuidv7(), environment_id, tenant_id, webhook_id, kind, sum(case kind when 'deliveries_expired' then (data ->> 'count')::bigint else 1 end),
         now(), now(), (array_agg(data))[1]
    from (select t.*, (data ->> 'webhook_id')::uuid as webhook_id from told t where kind <> 'circuit_closed') t
   group by environment_id, tenant_id, webhook_id, kind
   order by webhook_id, kind
  on conflict (webhook_id, kind) where closed_at is null do update
     set count = n.count + excluded.count, last_at = excluded.last_at, details = excluded.details
)`;
