-- Settled statistics of all event types together, under an empty event type: span 3 minute, 4 hour, 5 day, of each webhook and of each tenant; and of all
-- tenants together, under the nil tenant: span 6 minute, 7 hour, 8 day. They are settled with the others, by the same statement. A scheduler of an older
-- version does not know them: none may run any more when this is applied.
create function pg_temp.add_up_statistics() returns void language plpgsql as $$
declare
  counters text := (select string_agg(attname, ', ' order by attnum) from pg_attribute
                     where attrelid = 'tenant_stats'::regclass and attnum > 0 and not attisdropped
                       and attname not in ('environment_id', 'tenant_id', 'span', 'at', 'event_type', 'last_attempt_at', 'last_success_at'));
  sums text := (select string_agg('sum(' || name || ')', ', ') from unnest(string_to_array(counters, ', ')) name);
begin
  execute format($sql$
    insert into webhook_stats (environment_id, tenant_id, webhook_id, span, at, event_type, slot, %1$s, last_attempt_at, last_success_at)
    select environment_id, tenant_id, webhook_id, span + 3, at, '', 16, %2$s, max(last_attempt_at), max(last_success_at)
      from webhook_stats where slot = 16 group by environment_id, tenant_id, webhook_id, span, at $sql$, counters, sums);
  execute format($sql$
    insert into tenant_stats (environment_id, tenant_id, span, at, event_type, %1$s, last_attempt_at, last_success_at)
    select environment_id, tenant_id, span + 3, at, '', %2$s, max(last_attempt_at), max(last_success_at)
      from tenant_stats group by environment_id, tenant_id, span, at
    union all
    select environment_id, '00000000-0000-0000-0000-000000000000', span + 6, at, '', %2$s, max(last_attempt_at), max(last_success_at)
      from tenant_stats group by environment_id, span, at $sql$, counters, sums);
end
$$;
select pg_temp.add_up_statistics();

-- What did not succeed, or not yet: a few of all deliveries, and most of those that are looked for. A delivery whose first attempt succeeds never has an entry.
create index deliveries_not_succeeded on deliveries (environment_id, event_id, webhook_id) where status <> 1;
-- The same of one webhook: among all that it has, what failed would be looked for row by row.
create index deliveries_not_succeeded_of_webhook on deliveries (webhook_id, event_id) where status <> 1;
