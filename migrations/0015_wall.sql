-- The second wall. The first is the WHERE of each statement; behind this one a statement that forgot it sees and changes nothing of others. Statements of
-- the management API run as one of two roles, for their own transaction alone, and say whose they are (packages/db/src/wall.ts): posthorn_management
-- sees one environment, posthorn_tenant one tenant of it. Two roles, so that who is bound to
-- a tenant has fewer rights too. Nothing said: nothing is seen. Owners of the tables (ingest, workers, the
-- scheduler) pass. Partitions are reached through their parents alone: on themselves these roles have no right.

-- Roles are the whole cluster's, so they may be there, or come at this very moment from a migration of another database.
do $$
declare
  role_name text;
  role_before text := current_setting('role');
begin
  foreach role_name in array array['posthorn_management', 'posthorn_tenant'] loop
    for try in 1..20 loop
      begin
        perform set_config('role', role_name, true);
        perform set_config('role', role_before, true);
        exit;
      exception when insufficient_privilege or invalid_parameter_value then
        null;
      end;
      begin
        if not exists (select from pg_roles where rolname = role_name) then
          execute format('create role %I nologin', role_name);
        end if;
        execute format('grant %I to %I', role_name, current_user);
      exception
        when duplicate_object or unique_violation or internal_error then
          if try = 20 then
            raise;
          end if;
        when insufficient_privilege then
          raise exception using errcode = 'insufficient_privilege',
            message = format('user %1$I may not make the roles that keep tenants apart. As an administrator of the database server run: '
                             'create role posthorn_management nologin; create role posthorn_tenant nologin; '
                             'grant posthorn_management, posthorn_tenant to %1$I; then migrate again', current_user);
      end;
    end loop;
  end loop;
end
$$;

-- A CASE compared by <>, so that the planner takes the wall for a last look at rows that were found by other means: it guesses that all of them pass, and
-- finds nothing equal to a constant in it. With plain equalities the share of an environment or a tenant would count twice, in the statement's own
-- WHERE and here, and lists that go along an index would be sorted instead. The settings are read once a statement.
do $$
declare
  environment constant text := '(select nullif(current_setting(''posthorn.environment'', true), '''')::uuid)';
  tenant constant text := '(select nullif(current_setting(''posthorn.tenant'', true), '''')::uuid)';
  passes constant text := 'case when %s then 1 else 0 end <> 0';
  of_environment text;
  of_tenant text;
  seen_by_tenant text;
  name text;
begin
  foreach name in array array['api_keys', 'attempts', 'audit_log', 'deliveries', 'environments', 'event_types', 'events', 'mails', 'notifications', 'replays',
                              'tenant_erasures', 'tenant_stats', 'tenants', 'webhook_secrets', 'webhook_state', 'webhook_stats', 'webhook_timeline',
                              'webhook_totals', 'webhook_versions', 'webhooks'] loop
    of_environment := case name when 'environments' then 'id = ' else 'environment_id = ' end || environment;
    of_tenant := of_environment || case
      when name in ('environments', 'event_types') then ''
      when name = 'tenants' then ' and id = ' || tenant
      -- A mail may tell several tenants.
      when name = 'mails' then ' and exists (select from notifications n where n.mail_id = mails.id and n.tenant_id = ' || tenant || ')'
      else ' and tenant_id = ' || tenant end;
    -- What is seen by a tenant's id needs no second look, which indexes by tenant would go to the row for.
    seen_by_tenant := case when name in ('environments', 'event_types', 'mails', 'tenants') then of_tenant else 'tenant_id = ' || tenant end;
    execute format('alter table %I enable row level security', name);
    execute format('create policy of_environment on %I to posthorn_management using (%s) with check (%2$s)', name, format(passes, of_environment));
    execute format('create policy of_tenant on %I to posthorn_tenant using (%s) with check (%s)', name, format(passes, seen_by_tenant),
                   format(passes, of_tenant));
  end loop;
end
$$;
-- Nobody but owners.
alter table digests enable row level security;
alter table idempotency_keys enable row level security;

grant select on api_keys, attempts, audit_log, deliveries, dispatches, environments, event_types, events, mails, notifications, replays, tenant_erasures,
  tenant_stats, tenants, webhook_secrets, webhook_state, webhook_stats, webhook_timeline, webhook_totals, webhook_versions, webhooks to posthorn_management;
grant insert on api_keys, attempts, audit_log, deliveries, dispatches, event_types, events, notifications, replays, tenant_erasures, tenants, webhook_secrets,
  webhook_state, webhook_stats, webhook_timeline, webhook_totals, webhook_versions, webhooks to posthorn_management;
grant update on api_keys, attempts, deliveries, environments, event_types, events, notifications, replays, tenants, webhook_secrets, webhook_state,
  webhook_stats, webhooks to posthorn_management;
grant delete on event_types, webhook_secrets to posthorn_management;

-- Keys, erasures and the log of who did what are the environment's; its row and catalogue are read alone (a lock asks for the right to update).
grant select on attempts, deliveries, dispatches, environments, event_types, events, mails, notifications, replays, tenant_stats, tenants, webhook_secrets,
  webhook_state, webhook_stats, webhook_timeline, webhook_totals, webhook_versions, webhooks to posthorn_tenant;
grant insert on attempts, audit_log, deliveries, dispatches, events, notifications, replays, webhook_secrets, webhook_state, webhook_stats, webhook_timeline,
  webhook_totals, webhook_versions, webhooks to posthorn_tenant;
grant update on attempts, deliveries, events, notifications, replays, tenants, webhook_secrets, webhook_state, webhook_stats, webhooks to posthorn_tenant;
grant update (updated_at) on environments to posthorn_tenant;
grant delete on webhook_secrets to posthorn_tenant;

-- Lists that go along the ids of everybody look at a number of rows, whoever's they are. Behind the wall others' rows are left out before they are
-- counted, and who has few would be looked for through everything there is. So the last row of a stretch is found by its owner's right, and tells
-- no more than an id. Null: there are fewer rows.
create function walk_end_of_events(before_id uuid, from_id uuid, rows_max integer) returns uuid
language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
  return (select e.id from events e where e.id < before_id and e.id >= from_id order by e.id desc offset rows_max - 1 limit 1);
end
$$;

-- `not_succeeded_of`: along the index of these, in this environment; null: along all.
create function walk_end_of_deliveries(before_event uuid, before_webhook uuid, from_event uuid, rows_max integer, not_succeeded_of uuid)
returns table (event_id uuid, webhook_id uuid)
language plpgsql stable security definer set search_path = public, pg_temp as $$
#variable_conflict use_column
declare
  environment uuid := coalesce(nullif(current_setting('posthorn.environment', true), '')::uuid, not_succeeded_of);
begin
  if not_succeeded_of is not null then
    return query
      select d.event_id, d.webhook_id from deliveries d
       where d.status <> 1 and (d.environment_id, d.event_id, d.webhook_id) < (environment, before_event, before_webhook)
         and (d.environment_id, d.event_id, d.webhook_id) >= (environment, from_event, '00000000-0000-0000-0000-000000000000'::uuid)
       order by d.environment_id desc, d.event_id desc, d.webhook_id desc offset rows_max - 1 limit 1;
  else
    return query
      select d.event_id, d.webhook_id from deliveries d
       where d.event_id <= before_event and (d.event_id, d.webhook_id) < (before_event, before_webhook) and d.event_id >= from_event
       order by d.event_id desc, d.webhook_id desc offset rows_max - 1 limit 1;
  end if;
end
$$;
