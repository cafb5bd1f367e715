// Our own events, inserted by the statement that caused what they tell of, each with a dispatch of its own that is due at once.

/**
 * Parts of a `with` that publish what stands in `told (environment_id, tenant_id, kind, data jsonb)` as `posthorn.<kind>`. The scheduler
 * feeds the dispatches: nobody waits for these events.
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
)`;
