// The tables of the bare pipeline, and nothing else: what one event costs to accept, to hand out, to deliver and to log.
// Same number of tables, keys and indexes as a pipeline of this shape needs; partitioned, because the product's tables are.

/** SQL text that makes the tables in an empty database. */
export const bareSchema = `
create table events (
  id uuid not null, environment int not null, event_type text not null, payload text not null,
  accepted_at timestamptz not null default now(),
  primary key (id, accepted_at)) partition by range (accepted_at);
create table events_all partition of events for values from ('2020-01-01') to ('2100-01-01');

create table dispatches (id uuid primary key, event_ids uuid[] not null, lease_until timestamptz not null);

create table deliveries (
  event_id uuid not null, webhook_id int not null, status smallint not null, attempt_count smallint not null,
  due_at timestamptz, last_code int, created_at timestamptz not null default now(),
  primary key (event_id, webhook_id, created_at)) partition by range (created_at);
create table deliveries_all partition of deliveries for values from ('2020-01-01') to ('2100-01-01');
create index on deliveries (webhook_id, created_at);
create index on deliveries (due_at) where status = 0;

create table attempts (
  id uuid not null, event_id uuid not null, webhook_id int not null, n smallint not null,
  code int not null, duration_ms int not null, body text not null, at timestamptz not null default now(),
  primary key (id, at)) partition by range (at);
create table attempts_all partition of attempts for values from ('2020-01-01') to ('2100-01-01');
create index on attempts (event_id);

create table webhook_stats (
  webhook_id int not null, minute timestamptz not null, succeeded int not null, failed int not null, duration_ms bigint not null,
  primary key (webhook_id, minute));
`;
