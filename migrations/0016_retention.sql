-- What is kept for how long. docs/retention.md says it table by table.

-- Events whose ids are smaller than kept_from are given up: what waits of them ends as expired, nothing of them is opened again, and their day's
-- partitions go. It moves forward only. settled_from: what kept_from was when everybody who is at work had seen it: a statement that
-- began before a move may still open something, but none lasts for a minute.
create table retention (
  only_row boolean primary key default true check (only_row),
  kept_from uuid not null default '00000000-0000-0000-0000-000000000000',
  moved_at timestamptz not null default '-infinity',
  settled_from uuid not null default '00000000-0000-0000-0000-000000000000'
);
insert into retention default values;
grant select on retention to posthorn_management, posthorn_tenant;

-- Deliveries that expired and are still to be told, by webhook: a step ends a few thousand, and a person is told once of all of them.
-- told_count: those that were not of our own events, which tell nothing.
create table expiries (
  webhook_id uuid primary key,
  environment_id uuid not null,
  tenant_id uuid not null,
  count bigint not null,
  told_count bigint not null
);
alter table expiries enable row level security;

-- When it was last told that waiting deliveries of the webhook are about to expire.
alter table webhook_state add column expiry_told_at timestamptz;

alter table notifications drop constraint notifications_kind_check;
alter table notifications add constraint notifications_kind_check
  check (kind in ('webhook_failing', 'webhook_recovered', 'circuit_opened', 'webhook_disabled', 'delivery_failed', 'deliveries_expiring',
                  'deliveries_expired', 'deliveries_succeeded'));

-- What is old is looked for by its time.
create index webhook_timeline_by_time on webhook_timeline (at);
create index dispatches_set_aside on dispatches (set_aside_at) where set_aside_at is not null;

-- Rows that are written again and again: vacuum comes after so many changes, whatever the size of the table, and does not dawdle.
alter table webhook_stats set (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0);
alter table tenant_stats set (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0);
alter table webhook_totals set (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0);
alter table leases set (fillfactor = 50);
alter table processes set (fillfactor = 50);

-- How autovacuum treats a day while it is written to. When it is over, close_partition asks for a last look.
create function tend_partition(partition regclass) returns void language plpgsql as $$
begin
  execute format('alter table %s set (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 5000, '
                 'autovacuum_vacuum_insert_scale_factor = 0.1, autovacuum_analyze_scale_factor = 0.05)', partition);
end
$$;

-- A day that is over is vacuumed and analyzed once more by autovacuum, however few rows came since the last time. The settings are the memory of it.
create function close_partition(partition regclass) returns void language plpgsql as $$
begin
  execute format('alter table %s set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000, '
                 'autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 1000, '
                 'autovacuum_analyze_scale_factor = 0.02, autovacuum_analyze_threshold = 1000)', partition);
end
$$;
alter function close_partition set lock_timeout = '800ms';

-- As before (0002); and a partition is tended from the start.
create or replace function make_partitions(first_day date, last_day date) returns integer language plpgsql as $$
declare
  parent text;
  day date;
  partition text;
  lower_bound text;
  upper_bound text;
  made integer := 0;
begin
  -- Two at once would both find a day missing, and one of them would fail. Held to the end of the transaction, so poolers do no harm.
  perform pg_advisory_xact_lock(hashtext('make_partitions'));
  -- A window of idempotency keys may have begun a week ago (POSTHORN_IDEMPOTENCY_HOURS up to 168).
  -- Days are counted as numbers: a series of timestamps would go by the session's time zone, and leave out the last day where a clock
  -- change falls on midnight.
  for day in select first_day + n from generate_series(-7, last_day - first_day) as n loop
    foreach parent in array array['events', 'deliveries', 'attempts', 'idempotency_keys'] loop
      partition := parent || '_' || to_char(day, 'YYYYMMDD');
      if to_regclass(partition) is not null or (day < first_day and parent <> 'idempotency_keys') then
        continue;
      end if;
      if parent = 'idempotency_keys' then
        lower_bound := (day::timestamp at time zone 'UTC')::text;
        upper_bound := ((day + 1)::timestamp at time zone 'UTC')::text;
      else
        lower_bound := uuidv7_floor(day::timestamp at time zone 'UTC')::text;
        upper_bound := uuidv7_floor((day + 1)::timestamp at time zone 'UTC')::text;
      end if;
      execute format('create table %I (like %I including all)', partition, parent);
      perform tend_partition(partition::regclass);
      execute format('alter table %I attach partition %I for values from (%L) to (%L)', parent, partition, lower_bound, upper_bound);
      made := made + 1;
    end loop;
  end loop;
  return made;
end
$$;

select tend_partition(inhrelid::regclass) from pg_inherits
 where inhparent in ('events'::regclass, 'deliveries'::regclass, 'attempts'::regclass, 'idempotency_keys'::regclass);
