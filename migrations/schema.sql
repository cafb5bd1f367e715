-- The schema that the migrations of this folder make. Written by "npm run schema:dump", compared by a test; never run.
-- Left out: the daily partitions, the migrator's own tables and the queue's.

create table api_keys (
  id uuid not null,
  environment_id uuid not null,
  tenant_id uuid,
  name text,
  role text not null,
  public_id text not null,
  key_hash bytea not null,
  last_four text not null,
  created_at timestamp with time zone not null default clock_timestamp(),
  expires_at timestamp with time zone,
  revoked_at timestamp with time zone,
  last_used_at timestamp with time zone,
  created_by_key_id uuid,
  constraint api_keys_check CHECK (((role <> 'channel'::text) OR (tenant_id IS NOT NULL))),
  constraint api_keys_environment_id_fkey FOREIGN KEY (environment_id) REFERENCES environments(id),
  constraint api_keys_environment_id_tenant_id_fkey FOREIGN KEY (environment_id, tenant_id) REFERENCES tenants(environment_id, id),
  constraint api_keys_key_hash_check CHECK ((length(key_hash) = 32)),
  constraint api_keys_key_hash_key UNIQUE (key_hash),
  constraint api_keys_pkey PRIMARY KEY (id),
  constraint api_keys_public_id_key UNIQUE (public_id),
  constraint api_keys_role_check CHECK ((role = ANY (ARRAY['admin'::text, 'operator'::text, 'publisher'::text, 'viewer'::text, 'channel'::text])))
);
CREATE INDEX api_keys_of_environment ON public.api_keys USING btree (environment_id, id);
CREATE INDEX api_keys_of_tenant ON public.api_keys USING btree (tenant_id) WHERE (tenant_id IS NOT NULL);
alter table api_keys enable row level security;
create policy of_environment on api_keys to posthorn_management using ( CASE WHEN (environment_id = ( SELECT (NULLIF(current_setting('posthorn.environment'::text, true), ''::text))::uuid AS "nullif")) THEN 1 ELSE 0 END <> 0);
create policy of_tenant on api_keys to posthorn_tenant using ( CASE WHEN (tenant_id = ( SELECT (NULLIF(current_setting('posthorn.tenant'::text, true), ''::text))::uuid AS "nullif")) THEN 1 ELSE 0 END <> 0) with check ( CASE WHEN ((environment_id = ( SELECT (NULLIF(current_setting('posthorn.environment'::text, true), ''::text))::uuid AS "nullif")) AND (tenant_id = ( SELECT (NULLIF(current_setting('posthorn.tenant'::text, true), ''::text))::uuid AS "nullif"))) THEN 1 ELSE 0 END <> 0);
grant insert, select, update on api_keys to posthorn_management;

create table attempts (
  environment_id uuid not null,
  tenant_id uuid not null,
  event_id uuid not null,
  webhook_id uuid not null,
  n integer not null,
  kind smallint not null,
  webhook_version integer not null,
  started_at timestamp with time zone not null,
  ok boolean not null,
  status_code smallint,
  error_kind smallint,
  error text,
  duration_ms integer not null,
  dns_ms integer,
  connect_ms integer,
  tls_ms integer,
  first_byte_ms integer,
  request_headers text,
  response_headers text,
  response_body bytea,
  response_truncated boolean not null default false,
  constraint attempts_pkey PRIMARY KEY (event_id, webhook_id, n)
) partition by RANGE (event_id);
CREATE INDEX attempts_of_tests ON ONLY public.attempts USING btree (webhook_id, event_id) WHERE (kind = 5);
alter table attempts enable row level security;
create policy of_environment on attempts to posthorn_management using ( CASE WHEN (environment_id = ( SELECT (NULLIF(current_setting('posthorn.environment'::text, true), ''::text))::uuid AS "nullif")) THEN 1 ELSE 0 END <> 0);
create policy of_tenant on attempts to posthorn_tenant using ( CASE WHEN (tenant_id = ( SELECT (NULLIF(current_setting('posthorn.tenant'::text, true), ''::text))::uuid AS "nullif")) THEN 1 ELSE 0 END <> 0) with check ( CASE WHEN ((environment_id = ( SELECT (NULLIF(current_setting('posthorn.environment'::text, true), ''::text))::uuid AS "nullif")) AND (tenant_id = ( SELECT (NULLIF(current_setting('posthorn.tenant'::text, true), ''::text))::uuid AS "nullif"))) THEN 1 ELSE 0 END <> 0);
grant insert, select, update on attempts to posthorn_management;
grant insert, select, update on attempts to posthorn_tenant;

create table audit_log (
  id uuid not null,
  environment_id uuid not null,
  tenant_id uuid,
  at timestamp with time zone not null default clock_timestamp(),
  actor_key_id uuid,
  actor text not null,
  action text not null,
  subject_kind text not null,
  subject_id text,
  details jsonb not null default '{}'::jsonb,
  constraint audit_log_environment_id_fkey FOREIGN KEY (environment_id) REFERENCES environments(id),
  constraint audit_log_pkey PRIMARY KEY (id)
);
CREATE INDEX audit_log_of_environment ON public.audit_log USING btree (environment_id, at, id);
CREATE INDEX audit_log_of_subject ON public.audit_log USING btree (environment_id, subject_id, at, id);
alter table audit_log enable row level security;
create policy of_environment on audit_log to posthorn_management using ( CASE WHEN (environment_id = ( SELECT (NULLIF(current_setting('posthorn.environment'::text, true), ''::text))::uuid AS "nullif")) THEN 1 ELSE 0 END <> 0);
create policy of_tenant on audit_log to posthorn_tenant using ( CASE WHEN (tenant_id = ( SELECT (NULLIF(current_setting('posthorn.tenant'::text, true), ''::text))::uuid AS "nullif")) THEN 1 ELSE 0 END <> 0) with check ( CASE WHEN ((environment_id = ( SELECT (NULLIF(current_setting('posthorn.environment'::text, true), ''::text))::uuid AS "nullif")) AND (tenant_id = ( SELECT (NULLIF(current_setting('posthorn.tenant'::text, true), ''::text))::uuid AS "nullif"))) THEN 1 ELSE 0 END <> 0);
grant insert, select on audit_log to posthorn_management;
grant insert on audit_log to posthorn_tenant;

create table deliveries (
  environment_id uuid not null,
  tenant_id uuid not null,
  event_id uuid not null,
  webhook_id uuid not null,
  status smallint not null,
  reason smallint,
  attempt smallint not null default 0,
  failures smallint not null default 0,
  out boolean not null default false,
  lane smallint not null default 0,
  shape integer not null default 1,
  due_at timestamp with time zone,
  last_status_code smallint,
  last_error_kind smallint,
  ended_at timestamp with time zone,
  replay_id uuid,
  constraint deliveries_pkey PRIMARY KEY (event_id, webhook_id)
) partition by RANGE (event_id);
CREATE INDEX deliveries_not_succeeded ON ONLY public.deliveries USING btree (environment_id, event_id, webhook_id) WHERE (status <> 1);
CREATE INDEX deliveries_not_succeeded_of_webhook ON ONLY public.deliveries USING btree (webhook_id, event_id) WHERE (status <> 1);
CREATE INDEX deliveries_of_replay ON ONLY public.deliveries USING btree (replay_id, status) WHERE (replay_id IS NOT NULL);
CREATE INDEX deliveries_of_replay_in_order ON ONLY public.deliveries USING btree (replay_id, event_id, webhook_id) WHERE (replay_id IS NOT NULL);
CREATE INDEX deliveries_of_webhook ON ONLY public.deliveries USING btree (webhook_id, event_id);
CREATE INDEX deliveries_replaying ON ONLY public.deliveries USING btree (webhook_id, due_at) WHERE ((status = 0) AND (replay_id IS NOT NULL));
CREATE INDEX deliveries_waiting ON ONLY public.deliveries USING btree (webhook_id, due_at) WHERE ((status = 0) AND (replay_id IS NULL));
alter table deliveries enable row level security;
create policy of_environment on deliveries to posthorn_management using ( CASE WHEN (environment_id = ( SELECT (NULLIF(current_setting('posthorn.environment'::text, true), ''::text))::uuid AS "nullif")) THEN 1 ELSE 0 END <> 0);
create policy of_tenant on deliveries to posthorn_tenant using ( CASE WHEN (tenant_id = ( SELECT (NULLIF(current_setting('posthorn.tenant'::text, true), ''::text))::uuid AS "nullif")) THEN 1 ELSE 0 END <> 0) with check ( CASE WHEN ((environment_id = ( SELECT (NULLIF(current_setting('posthorn.environment'::text, true), ''::text))::uuid AS "nullif")) AND (tenant_id = ( SELECT (NULLIF(current_setting('posthorn.tenant'::text, true), ''::text))::uuid AS "nullif"))) THEN 1 ELSE 0 END <> 0);
grant insert, select, update on deliveries to posthorn_management;
grant insert, select, update on deliveries to posthorn_tenant;

create table deployment (
  only_row boolean not null default true,
  queue_backend text not null,
  queue_shards smallint not null,
  encryption_key_id text not null,
  created_at timestamp with time zone not null default clock_timestamp(),
  encryption_key_id_before text,
  queue_shards_next smallint,
  constraint deployment_only_row_check CHECK (only_row),
  constraint deployment_pkey PRIMARY KEY (only_row),
  constraint deployment_queue_backend_check CHECK ((queue_backend = ANY (ARRAY['redis'::text, 'postgres'::text]))),
  constraint deployment_queue_shards_check CHECK (((queue_shards >= 1) AND (queue_shards <= 64))),
  constraint deployment_queue_shards_next_check CHECK (((queue_shards_next >= 1) AND (queue_shards_next <= 64)))
);

create table digests (
  webhook_id uuid not null,
  told_at timestamp with time zone not null,
  due_at timestamp with time zone not null,
  told jsonb not null,
  constraint digests_pkey PRIMARY KEY (webhook_id),
  constraint digests_webhook_id_fkey FOREIGN KEY (webhook_id) REFERENCES webhooks(id)
);
CREATE INDEX digests_due ON public.digests USING btree (due_at);
alter table digests enable row level security;

create table dispatches (
  id uuid not null,
  event_ids uuid[] not null,
  shard smallint not null default 0,
  position integer not null default 0,
  claim integer not null default 0,
  lease_until timestamp with time zone not null,
  set_aside_at timestamp with time zone,
  constraint dispatches_pkey PRIMARY KEY (id)
) with (autovacuum_vacuum_cost_delay=0, autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_threshold=5000, fillfactor=70);
CREATE INDEX dispatches_lease ON public.dispatches USING btree (lease_until) WHERE (set_aside_at IS NULL);
CREATE INDEX dispatches_set_aside ON public.dispatches USING btree (set_aside_at) WHERE (set_aside_at IS NOT NULL);
grant insert, select on dispatches to posthorn_management;
grant insert, select on dispatches to posthorn_tenant;

create table environments (
  id uuid not null,
  name text not null,
  mode text not null,
  settings jsonb not null default '{}'::jsonb,
  created_at timestamp with time zone not null default clock_timestamp(),
  updated_at timestamp with time zone not null default clock_timestamp(),
  constraint environments_mode_check CHECK ((mode = ANY (ARRAY['live'::text, 'test'::text]))),
  constraint environments_name_check CHECK ((name ~ '^[A-Za-z0-9_.:-]{1,128}$'::text)),
  constraint environments_name_key UNIQUE (name),
  constraint environments_pkey PRIMARY KEY (id),
  constraint environments_settings_check CHECK ((jsonb_typeof(settings) = 'object'::text))
);
alter table environments enable row level security;
create policy of_environment on environments to posthorn_management using ( CASE WHEN (id = ( SELECT (NULLIF(current_setting('posthorn.environment'::text, true), ''::text))::uuid AS "nullif")) THEN 1 ELSE 0 END <> 0);
create policy of_tenant on environments to posthorn_tenant using ( CASE WHEN (id = ( SELECT (NULLIF(current_setting('posthorn.environment'::text, true), ''::text))::uuid AS "nullif")) THEN 1 ELSE 0 END <> 0);
grant select, update on environments to posthorn_management;
grant select on environments to posthorn_tenant;
grant update (updated_at) on environments to posthorn_tenant;

create table event_types (
  environment_id uuid not null,
  name text not null,
  description text,
  schema text,
  example text,
  created_at timestamp with time zone not null default clock_timestamp(),
  updated_at timestamp with time zone not null default clock_timestamp(),
  constraint event_types_environment_id_fkey FOREIGN KEY (environment_id) REFERENCES environments(id),
  constraint event_types_name_check CHECK ((length(name) <= 128)),
  constraint event_types_pkey PRIMARY KEY (environment_id, name)
);
alter table event_types enable row level security;
create policy of_environment on event_types to posthorn_management using ( CASE WHEN (environment_id = ( SELECT (NULLIF(current_setting('posthorn.environment'::text, true), ''::text))::uuid AS "nullif")) THEN 1 ELSE 0 END <> 0);
create policy of_tenant on event_types to posthorn_tenant using ( CASE WHEN (environment_id = ( SELECT (NULLIF(current_setting('posthorn.environment'::text, true), ''::text))::uuid AS "nullif")) THEN 1 ELSE 0 END <> 0);
grant delete, insert, select, update on event_types to posthorn_management;
grant select on event_types to posthorn_tenant;

create table events (
  id uuid not null,
  environment_id uuid not null,
  tenant_id uuid not null,
  event_type text not null,
  source_id text,
  event_time timestamp with time zone not null,
  project_flows text[],
  data text not null storage external,
  current_context text storage external,
  resources text storage external,
  dispatch_id uuid not null,
  accepted_at timestamp with time zone not null default clock_timestamp(),
  erased_at timestamp with time zone,
  traceparent text,
  constraint events_pkey PRIMARY KEY (id)
) partition by RANGE (id);
CREATE INDEX events_source ON ONLY public.events USING btree (tenant_id, source_id) WHERE (source_id IS NOT NULL);
alter table events enable row level security;
create policy of_environment on events to posthorn_management using ( CASE WHEN (environment_id = ( SELECT (NULLIF(current_setting('posthorn.environment'::text, true), ''::text))::uuid AS "nullif")) THEN 1 ELSE 0 END <> 0);
create policy of_tenant on events to posthorn_tenant using ( CASE WHEN (tenant_id = ( SELECT (NULLIF(current_setting('posthorn.tenant'::text, true), ''::text))::uuid AS "nullif")) THEN 1 ELSE 0 END <> 0) with check ( CASE WHEN ((environment_id = ( SELECT (NULLIF(current_setting('posthorn.environment'::text, true), ''::text))::uuid AS "nullif")) AND (tenant_id = ( SELECT (NULLIF(current_setting('posthorn.tenant'::text, true), ''::text))::uuid AS "nullif"))) THEN 1 ELSE 0 END <> 0);
grant insert, select, update on events to posthorn_management;
grant insert, select, update on events to posthorn_tenant;

create table expiries (
  webhook_id uuid not null,
  environment_id uuid not null,
  tenant_id uuid not null,
  count bigint not null,
  told_count bigint not null,
  constraint expiries_pkey PRIMARY KEY (webhook_id)
);
alter table expiries enable row level security;

create table idempotency_keys (
  window_start timestamp with time zone not null,
  tenant_id uuid not null,
  key text not null,
  event_id uuid not null,
  body_hash bytea not null,
  constraint idempotency_keys_pkey PRIMARY KEY (window_start, tenant_id, key)
) partition by RANGE (window_start);
alter table idempotency_keys enable row level security;

create table leases (
  name text not null,
  holder uuid,
  term bigint not null default 0,
  held_until timestamp with time zone not null default '-infinity'::timestamp with time zone,
  constraint leases_pkey PRIMARY KEY (name)
) with (fillfactor=50);

create table mailroom (
  id boolean not null default true,
  constraint mailroom_id_check CHECK (id),
  constraint mailroom_pkey PRIMARY KEY (id)
);

create table mails (
  id uuid not null,
  environment_id uuid not null,
  address text not null,
  kind text not null,
  subject text not null,
  text_body text not null,
  html_body text not null,
  headers jsonb not null default '{}'::jsonb,
  status text not null default 'waiting'::text,
  tries smallint not null default 0,
  due_at timestamp with time zone not null default now(),
  lease_until timestamp with time zone,
  error text,
  created_at timestamp with time zone not null default now(),
  ended_at timestamp with time zone,
  constraint mails_environment_id_fkey FOREIGN KEY (environment_id) REFERENCES environments(id),
  constraint mails_kind_check CHECK ((kind = ANY (ARRAY['trouble'::text, 'digest'::text]))),
  constraint mails_pkey PRIMARY KEY (id),
  constraint mails_status_check CHECK ((status = ANY (ARRAY['waiting'::text, 'sent'::text, 'failed'::text])))
);
CREATE INDEX mails_created ON public.mails USING btree (created_at);
CREATE INDEX mails_of_address ON public.mails USING btree (environment_id, address, kind, created_at);
CREATE INDEX mails_waiting ON public.mails USING btree (due_at) WHERE (status = 'waiting'::text);
alter table mails enable row level security;
create policy of_environment on mails to posthorn_management using ( CASE WHEN (environment_id = ( SELECT (NULLIF(current_setting('posthorn.environment'::text, true), ''::text))::uuid AS "nullif")) THEN 1 ELSE 0 END <> 0);
create policy of_tenant on mails to posthorn_tenant using ( CASE WHEN ((environment_id = ( SELECT (NULLIF(current_setting('posthorn.environment'::text, true), ''::text))::uuid AS "nullif")) AND (EXISTS ( SELECT FROM notifications n WHERE ((n.mail_id = mails.id) AND (n.tenant_id = ( SELECT (NULLIF(current_setting('posthorn.tenant'::text, true), ''::text))::uuid AS "nullif")))))) THEN 1 ELSE 0 END <> 0);
grant select on mails to posthorn_management;
grant select on mails to posthorn_tenant;

create table notifications (
  id uuid not null,
  environment_id uuid not null,
  tenant_id uuid not null,
  webhook_id uuid not null,
  kind text not null,
  count bigint not null,
  first_at timestamp with time zone not null,
  last_at timestamp with time zone not null,
  details jsonb not null,
  due_at timestamp with time zone not null default now(),
  closed_at timestamp with time zone,
  outcome text,
  mail_id uuid,
  constraint notifications_closed_check CHECK ((((closed_at IS NULL) = (outcome IS NULL)) AND ((mail_id IS NULL) OR (outcome = 'mailed'::text)))),
  constraint notifications_environment_id_fkey FOREIGN KEY (environment_id) REFERENCES environments(id),
  constraint notifications_kind_check CHECK ((kind = ANY (ARRAY['webhook_failing'::text, 'webhook_recovered'::text, 'circuit_opened'::text, 'webhook_disabled'::text, 'delivery_failed'::text, 'deliveries_expiring'::text, 'deliveries_expired'::text, 'deliveries_succeeded'::text]))),
  constraint notifications_outcome_check CHECK ((outcome = ANY (ARRAY['mailed'::text, 'nobody'::text, 'switched_off'::text, 'no_mail_server'::text]))),
  constraint notifications_pkey PRIMARY KEY (id)
);
CREATE INDEX notifications_due ON public.notifications USING btree (due_at) WHERE (closed_at IS NULL);
CREATE INDEX notifications_of_environment ON public.notifications USING btree (environment_id, id);
CREATE INDEX notifications_of_mail ON public.notifications USING btree (mail_id) WHERE (mail_id IS NOT NULL);
CREATE INDEX notifications_of_tenant ON public.notifications USING btree (tenant_id, id);
CREATE INDEX notifications_of_webhook ON public.notifications USING btree (webhook_id, id);
CREATE UNIQUE INDEX notifications_open ON public.notifications USING btree (webhook_id, kind) WHERE (closed_at IS NULL);
alter table notifications enable row level security;
create policy of_environment on notifications to posthorn_management using ( CASE WHEN (environment_id = ( SELECT (NULLIF(current_setting('posthorn.environment'::text, true), ''::text))::uuid AS "nullif")) THEN 1 ELSE 0 END <> 0);
create policy of_tenant on notifications to posthorn_tenant using ( CASE WHEN (tenant_id = ( SELECT (NULLIF(current_setting('posthorn.tenant'::text, true), ''::text))::uuid AS "nullif")) THEN 1 ELSE 0 END <> 0) with check ( CASE WHEN ((environment_id = ( SELECT (NULLIF(current_setting('posthorn.environment'::text, true), ''::text))::uuid AS "nullif")) AND (tenant_id = ( SELECT (NULLIF(current_setting('posthorn.tenant'::text, true), ''::text))::uuid AS "nullif"))) THEN 1 ELSE 0 END <> 0);
grant insert, select, update on notifications to posthorn_management;
grant insert, select, update on notifications to posthorn_tenant;

create table processes (
  id uuid not null,
  role text not null,
  host text not null,
  pid integer not null,
  node_version text not null,
  started_at timestamp with time zone not null,
  seen_at timestamp with time zone not null,
  version text,
  commit text,
  jobs_max integer,
  encryption_key_ids text[],
  shards_fed smallint,
  shards_served smallint[],
  constraint processes_pkey PRIMARY KEY (id),
  constraint processes_role_check CHECK ((role = ANY (ARRAY['api'::text, 'worker'::text])))
) with (fillfactor=50);

create table replays (
  id uuid not null,
  environment_id uuid not null,
  tenant_id uuid,
  filter jsonb not null,
  mode text not null,
  status text not null,
  position jsonb,
  total bigint,
  opened bigint not null default 0,
  already_waiting bigint not null default 0,
  created_by_key_id uuid,
  created_at timestamp with time zone not null default clock_timestamp(),
  ended_at timestamp with time zone,
  refused bigint not null default 0,
  recovers_webhook_id uuid,
  constraint replays_environment_id_fkey FOREIGN KEY (environment_id) REFERENCES environments(id),
  constraint replays_mode_check CHECK ((mode = ANY (ARRAY['original'::text, 'current'::text]))),
  constraint replays_pkey PRIMARY KEY (id),
  constraint replays_status_check CHECK ((status = ANY (ARRAY['running'::text, 'done'::text, 'cancelled'::text])))
);
CREATE INDEX replays_of_environment ON public.replays USING btree (environment_id, id);
CREATE INDEX replays_running ON public.replays USING btree (id) WHERE (ended_at IS NULL);
alter table replays enable row level security;
create policy of_environment on replays to posthorn_management using ( CASE WHEN (environment_id = ( SELECT (NULLIF(current_setting('posthorn.environment'::text, true), ''::text))::uuid AS "nullif")) THEN 1 ELSE 0 END <> 0);
create policy of_tenant on replays to posthorn_tenant using ( CASE WHEN (tenant_id = ( SELECT (NULLIF(current_setting('posthorn.tenant'::text, true), ''::text))::uuid AS "nullif")) THEN 1 ELSE 0 END <> 0) with check ( CASE WHEN ((environment_id = ( SELECT (NULLIF(current_setting('posthorn.environment'::text, true), ''::text))::uuid AS "nullif")) AND (tenant_id = ( SELECT (NULLIF(current_setting('posthorn.tenant'::text, true), ''::text))::uuid AS "nullif"))) THEN 1 ELSE 0 END <> 0);
grant insert, select, update on replays to posthorn_management;
grant insert, select, update on replays to posthorn_tenant;

create table retention (
  only_row boolean not null default true,
  kept_from uuid not null default '00000000-0000-0000-0000-000000000000'::uuid,
  moved_at timestamp with time zone not null default '-infinity'::timestamp with time zone,
  settled_from uuid not null default '00000000-0000-0000-0000-000000000000'::uuid,
  constraint retention_only_row_check CHECK (only_row),
  constraint retention_pkey PRIMARY KEY (only_row)
);
grant select on retention to posthorn_management;
grant select on retention to posthorn_tenant;

create table tenant_erasures (
  tenant_id uuid not null,
  environment_id uuid not null,
  actor_key_id uuid not null,
  actor text not null,
  begun_at timestamp with time zone not null default clock_timestamp(),
  due_at timestamp with time zone not null default clock_timestamp(),
  walk_at timestamp with time zone,
  position uuid not null,
  constraint tenant_erasures_environment_id_tenant_id_fkey FOREIGN KEY (environment_id, tenant_id) REFERENCES tenants(environment_id, id),
  constraint tenant_erasures_pkey PRIMARY KEY (tenant_id)
);
CREATE INDEX tenant_erasures_due ON public.tenant_erasures USING btree (due_at);
alter table tenant_erasures enable row level security;
create policy of_environment on tenant_erasures to posthorn_management using ( CASE WHEN (environment_id = ( SELECT (NULLIF(current_setting('posthorn.environment'::text, true), ''::text))::uuid AS "nullif")) THEN 1 ELSE 0 END <> 0);
create policy of_tenant on tenant_erasures to posthorn_tenant using ( CASE WHEN (tenant_id = ( SELECT (NULLIF(current_setting('posthorn.tenant'::text, true), ''::text))::uuid AS "nullif")) THEN 1 ELSE 0 END <> 0) with check ( CASE WHEN ((environment_id = ( SELECT (NULLIF(current_setting('posthorn.environment'::text, true), ''::text))::uuid AS "nullif")) AND (tenant_id = ( SELECT (NULLIF(current_setting('posthorn.tenant'::text, true), ''::text))::uuid AS "nullif"))) THEN 1 ELSE 0 END <> 0);
grant insert, select on tenant_erasures to posthorn_management;

create table tenant_stats (
  environment_id uuid not null,
  tenant_id uuid not null,
  span smallint not null,
  at timestamp with time zone not null,
  event_type text not null,
  created bigint not null default 0,
  succeeded bigint not null default 0,
  failed bigint not null default 0,
  skipped bigint not null default 0,
  cancelled bigint not null default 0,
  succeeded_again bigint not null default 0,
  failed_again bigint not null default 0,
  skipped_again bigint not null default 0,
  cancelled_again bigint not null default 0,
  attempts bigint not null default 0,
  attempts_ok bigint not null default 0,
  retries bigint not null default 0,
  status_3xx bigint not null default 0,
  status_4xx bigint not null default 0,
  status_5xx bigint not null default 0,
  error_dns bigint not null default 0,
  error_connect bigint not null default 0,
  error_tls bigint not null default 0,
  error_timeout bigint not null default 0,
  error_reset bigint not null default 0,
  error_protocol bigint not null default 0,
  error_blocked bigint not null default 0,
  error_cut_off bigint not null default 0,
  duration_ms_sum bigint not null default 0,
  ms_1 bigint not null default 0,
  ms_2 bigint not null default 0,
  ms_4 bigint not null default 0,
  ms_8 bigint not null default 0,
  ms_16 bigint not null default 0,
  ms_32 bigint not null default 0,
  ms_64 bigint not null default 0,
  ms_128 bigint not null default 0,
  ms_256 bigint not null default 0,
  ms_512 bigint not null default 0,
  ms_1024 bigint not null default 0,
  ms_2048 bigint not null default 0,
  ms_4096 bigint not null default 0,
  ms_8192 bigint not null default 0,
  ms_16384 bigint not null default 0,
  ms_32768 bigint not null default 0,
  last_attempt_at timestamp with time zone,
  last_success_at timestamp with time zone,
  constraint tenant_stats_pkey PRIMARY KEY (environment_id, span, at, tenant_id, event_type)
) with (autovacuum_vacuum_cost_delay=0, autovacuum_vacuum_scale_factor=0.01, autovacuum_vacuum_threshold=5000, fillfactor=50);
alter table tenant_stats enable row level security;
create policy of_environment on tenant_stats to posthorn_management using ( CASE WHEN (environment_id = ( SELECT (NULLIF(current_setting('posthorn.environment'::text, true), ''::text))::uuid AS "nullif")) THEN 1 ELSE 0 END <> 0);
create policy of_tenant on tenant_stats to posthorn_tenant using ( CASE WHEN (tenant_id = ( SELECT (NULLIF(current_setting('posthorn.tenant'::text, true), ''::text))::uuid AS "nullif")) THEN 1 ELSE 0 END <> 0) with check ( CASE WHEN ((environment_id = ( SELECT (NULLIF(current_setting('posthorn.environment'::text, true), ''::text))::uuid AS "nullif")) AND (tenant_id = ( SELECT (NULLIF(current_setting('posthorn.tenant'::text, true), ''::text))::uuid AS "nullif"))) THEN 1 ELSE 0 END <> 0);
grant select on tenant_stats to posthorn_management;
grant select on tenant_stats to posthorn_tenant;

create table tenants (
  id uuid not null,
  environment_id uuid not null,
  key text not null,
  name text,
  email text,
  metadata jsonb not null default '{}'::jsonb,
  webhooks_version bigint not null default 1,
  created_at timestamp with time zone not null default clock_timestamp(),
  updated_at timestamp with time zone not null default clock_timestamp(),
  erasing_at timestamp with time zone,
  erased_at timestamp with time zone,
  constraint tenants_environment_id_fkey FOREIGN KEY (environment_id) REFERENCES environments(id),
  constraint tenants_environment_id_id_key UNIQUE (environment_id, id),
  constraint tenants_environment_id_key_key UNIQUE (environment_id, key),
  constraint tenants_key_check CHECK (((key ~ '^[A-Za-z0-9_.:-]{1,128}$'::text) OR ((erasing_at IS NOT NULL) AND (key = ('erased/'::text || (id)::text))))),
  constraint tenants_metadata_check CHECK ((jsonb_typeof(metadata) = 'object'::text)),
  constraint tenants_pkey PRIMARY KEY (id)
);
alter table tenants enable row level security;
create policy of_environment on tenants to posthorn_management using ( CASE WHEN (environment_id = ( SELECT (NULLIF(current_setting('posthorn.environment'::text, true), ''::text))::uuid AS "nullif")) THEN 1 ELSE 0 END <> 0);
create policy of_tenant on tenants to posthorn_tenant using ( CASE WHEN ((environment_id = ( SELECT (NULLIF(current_setting('posthorn.environment'::text, true), ''::text))::uuid AS "nullif")) AND (id = ( SELECT (NULLIF(current_setting('posthorn.tenant'::text, true), ''::text))::uuid AS "nullif"))) THEN 1 ELSE 0 END <> 0);
grant insert, select, update on tenants to posthorn_management;
grant select, update on tenants to posthorn_tenant;

create table webhook_secrets (
  id uuid not null,
  environment_id uuid not null,
  tenant_id uuid not null,
  webhook_id uuid not null,
  purpose text not null,
  key_id text not null,
  iv bytea not null,
  ciphertext bytea not null,
  created_at timestamp with time zone not null default clock_timestamp(),
  expires_at timestamp with time zone,
  constraint webhook_secrets_iv_check CHECK ((length(iv) = 12)),
  constraint webhook_secrets_pkey PRIMARY KEY (id),
  constraint webhook_secrets_purpose_check CHECK ((purpose = ANY (ARRAY['signing'::text, 'authentication'::text, 'headers'::text]))),
  constraint webhook_secrets_webhook_id_fkey FOREIGN KEY (webhook_id) REFERENCES webhooks(id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX webhook_secrets_current ON public.webhook_secrets USING btree (webhook_id, purpose) WHERE (expires_at IS NULL);
CREATE INDEX webhook_secrets_of_key ON public.webhook_secrets USING btree (key_id, id);
CREATE INDEX webhook_secrets_of_webhook ON public.webhook_secrets USING btree (webhook_id);
alter table webhook_secrets enable row level security;
create policy of_environment on webhook_secrets to posthorn_management using ( CASE WHEN (environment_id = ( SELECT (NULLIF(current_setting('posthorn.environment'::text, true), ''::text))::uuid AS "nullif")) THEN 1 ELSE 0 END <> 0);
create policy of_tenant on webhook_secrets to posthorn_tenant using ( CASE WHEN (tenant_id = ( SELECT (NULLIF(current_setting('posthorn.tenant'::text, true), ''::text))::uuid AS "nullif")) THEN 1 ELSE 0 END <> 0) with check ( CASE WHEN ((environment_id = ( SELECT (NULLIF(current_setting('posthorn.environment'::text, true), ''::text))::uuid AS "nullif")) AND (tenant_id = ( SELECT (NULLIF(current_setting('posthorn.tenant'::text, true), ''::text))::uuid AS "nullif"))) THEN 1 ELSE 0 END <> 0);
grant delete, insert, select, update on webhook_secrets to posthorn_management;
grant delete, insert, select, update on webhook_secrets to posthorn_tenant;

create table webhook_state (
  webhook_id uuid not null,
  environment_id uuid not null,
  tenant_id uuid not null,
  circuit smallint not null default 0,
  circuit_failure_count integer not null default 0,
  circuit_epoch integer not null default 0,
  circuit_opened_at timestamp with time zone,
  circuit_retry_at timestamp with time zone,
  no_success_since timestamp with time zone,
  cooldown_s integer not null default 30,
  paused_at timestamp with time zone,
  due_at timestamp with time zone not null default 'infinity'::timestamp with time zone,
  not_before timestamp with time zone not null default '-infinity'::timestamp with time zone,
  chunk integer not null default 1,
  chunk_lease_s smallint not null default 35,
  turn integer not null default 0,
  settled boolean not null default false,
  changed_at timestamp with time zone not null default clock_timestamp(),
  disabled_at timestamp with time zone,
  disabled_reason text,
  deleted_at timestamp with time zone,
  manual boolean not null default false,
  out_until timestamp with time zone not null default '-infinity'::timestamp with time zone,
  hold_until timestamp with time zone not null default '-infinity'::timestamp with time zone,
  is_opening_told boolean not null default false,
  rate_max integer,
  rate_per_s integer,
  rate_times timestamp with time zone[],
  rate_counts integer[],
  replay_due_at timestamp with time zone not null default 'infinity'::timestamp with time zone,
  wake_at timestamp with time zone generated always as (
CASE
    WHEN ((disabled_at IS NOT NULL) OR (deleted_at IS NOT NULL)) THEN LEAST(due_at, replay_due_at)
    WHEN ((paused_at IS NOT NULL) OR ((circuit = 1) AND manual)) THEN 'infinity'::timestamp with time zone
    ELSE GREATEST(LEAST(due_at, replay_due_at), not_before, out_until, hold_until)
END) stored,
  failing_since timestamp with time zone,
  failing_told_at timestamp with time zone,
  expiry_told_at timestamp with time zone,
  constraint webhook_state_check CHECK (((disabled_at IS NULL) = (disabled_reason IS NULL))),
  constraint webhook_state_check1 CHECK (((rate_max IS NULL) = (rate_per_s IS NULL))),
  constraint webhook_state_circuit_check CHECK (((circuit >= 0) AND (circuit <= 2))),
  constraint webhook_state_disabled_reason_check CHECK ((disabled_reason = ANY (ARRAY['by_hand'::text, 'gone'::text, 'no_success'::text]))),
  constraint webhook_state_pkey PRIMARY KEY (webhook_id),
  constraint webhook_state_webhook_id_fkey FOREIGN KEY (webhook_id) REFERENCES webhooks(id) ON DELETE CASCADE
) with (autovacuum_vacuum_cost_delay=0, autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_threshold=5000, fillfactor=50);
CREATE INDEX webhook_state_changed ON public.webhook_state USING btree (changed_at);
CREATE INDEX webhook_state_failing ON public.webhook_state USING btree (failing_since) WHERE ((failing_since IS NOT NULL) AND (failing_told_at IS NULL));
CREATE INDEX webhook_state_no_success ON public.webhook_state USING btree (no_success_since) WHERE (no_success_since IS NOT NULL);
CREATE INDEX webhook_state_wake ON public.webhook_state USING btree (wake_at) WHERE (wake_at < 'infinity'::timestamp with time zone);
alter table webhook_state enable row level security;
create policy of_environment on webhook_state to posthorn_management using ( CASE WHEN (environment_id = ( SELECT (NULLIF(current_setting('posthorn.environment'::text, true), ''::text))::uuid AS "nullif")) THEN 1 ELSE 0 END <> 0);
create policy of_tenant on webhook_state to posthorn_tenant using ( CASE WHEN (tenant_id = ( SELECT (NULLIF(current_setting('posthorn.tenant'::text, true), ''::text))::uuid AS "nullif")) THEN 1 ELSE 0 END <> 0) with check ( CASE WHEN ((environment_id = ( SELECT (NULLIF(current_setting('posthorn.environment'::text, true), ''::text))::uuid AS "nullif")) AND (tenant_id = ( SELECT (NULLIF(current_setting('posthorn.tenant'::text, true), ''::text))::uuid AS "nullif"))) THEN 1 ELSE 0 END <> 0);
grant insert, select, update on webhook_state to posthorn_management;
grant insert, select, update on webhook_state to posthorn_tenant;

create table webhook_stats (
  environment_id uuid not null,
  tenant_id uuid not null,
  webhook_id uuid not null,
  span smallint not null,
  at timestamp with time zone not null,
  event_type text not null,
  slot smallint not null,
  created integer not null default 0,
  succeeded integer not null default 0,
  failed integer not null default 0,
  skipped integer not null default 0,
  cancelled integer not null default 0,
  succeeded_again integer not null default 0,
  failed_again integer not null default 0,
  skipped_again integer not null default 0,
  cancelled_again integer not null default 0,
  attempts integer not null default 0,
  attempts_ok integer not null default 0,
  retries integer not null default 0,
  status_3xx integer not null default 0,
  status_4xx integer not null default 0,
  status_5xx integer not null default 0,
  error_dns integer not null default 0,
  error_connect integer not null default 0,
  error_tls integer not null default 0,
  error_timeout integer not null default 0,
  error_reset integer not null default 0,
  error_protocol integer not null default 0,
  error_blocked integer not null default 0,
  error_cut_off integer not null default 0,
  duration_ms_sum bigint not null default 0,
  ms_1 integer not null default 0,
  ms_2 integer not null default 0,
  ms_4 integer not null default 0,
  ms_8 integer not null default 0,
  ms_16 integer not null default 0,
  ms_32 integer not null default 0,
  ms_64 integer not null default 0,
  ms_128 integer not null default 0,
  ms_256 integer not null default 0,
  ms_512 integer not null default 0,
  ms_1024 integer not null default 0,
  ms_2048 integer not null default 0,
  ms_4096 integer not null default 0,
  ms_8192 integer not null default 0,
  ms_16384 integer not null default 0,
  ms_32768 integer not null default 0,
  last_attempt_at timestamp with time zone,
  last_success_at timestamp with time zone,
  constraint webhook_stats_pkey PRIMARY KEY (webhook_id, span, at, event_type, slot)
) with (autovacuum_vacuum_cost_delay=0, autovacuum_vacuum_scale_factor=0.01, autovacuum_vacuum_threshold=5000, fillfactor=50);
CREATE INDEX webhook_stats_raw ON public.webhook_stats USING btree (at) WHERE (slot < 16);
CREATE INDEX webhook_stats_raw_of_webhook ON public.webhook_stats USING btree (webhook_id) WHERE (slot < 16);
CREATE INDEX webhook_stats_settled ON public.webhook_stats USING btree (environment_id, span, at) WHERE (slot = 16);
alter table webhook_stats enable row level security;
create policy of_environment on webhook_stats to posthorn_management using ( CASE WHEN (environment_id = ( SELECT (NULLIF(current_setting('posthorn.environment'::text, true), ''::text))::uuid AS "nullif")) THEN 1 ELSE 0 END <> 0);
create policy of_tenant on webhook_stats to posthorn_tenant using ( CASE WHEN (tenant_id = ( SELECT (NULLIF(current_setting('posthorn.tenant'::text, true), ''::text))::uuid AS "nullif")) THEN 1 ELSE 0 END <> 0) with check ( CASE WHEN ((environment_id = ( SELECT (NULLIF(current_setting('posthorn.environment'::text, true), ''::text))::uuid AS "nullif")) AND (tenant_id = ( SELECT (NULLIF(current_setting('posthorn.tenant'::text, true), ''::text))::uuid AS "nullif"))) THEN 1 ELSE 0 END <> 0);
grant insert, select, update on webhook_stats to posthorn_management;
grant insert, select, update on webhook_stats to posthorn_tenant;

create table webhook_timeline (
  environment_id uuid not null,
  tenant_id uuid not null,
  webhook_id uuid not null,
  at timestamp with time zone not null default clock_timestamp(),
  sequence bigint not null generated always as identity,
  kind text not null,
  circuit_failure_count integer,
  details jsonb not null default '{}'::jsonb,
  constraint webhook_timeline_pkey PRIMARY KEY (webhook_id, at, sequence),
  constraint webhook_timeline_webhook_id_fkey FOREIGN KEY (webhook_id) REFERENCES webhooks(id) ON DELETE CASCADE
);
CREATE INDEX webhook_timeline_by_time ON public.webhook_timeline USING btree (at);
alter table webhook_timeline enable row level security;
create policy of_environment on webhook_timeline to posthorn_management using ( CASE WHEN (environment_id = ( SELECT (NULLIF(current_setting('posthorn.environment'::text, true), ''::text))::uuid AS "nullif")) THEN 1 ELSE 0 END <> 0);
create policy of_tenant on webhook_timeline to posthorn_tenant using ( CASE WHEN (tenant_id = ( SELECT (NULLIF(current_setting('posthorn.tenant'::text, true), ''::text))::uuid AS "nullif")) THEN 1 ELSE 0 END <> 0) with check ( CASE WHEN ((environment_id = ( SELECT (NULLIF(current_setting('posthorn.environment'::text, true), ''::text))::uuid AS "nullif")) AND (tenant_id = ( SELECT (NULLIF(current_setting('posthorn.tenant'::text, true), ''::text))::uuid AS "nullif"))) THEN 1 ELSE 0 END <> 0);
grant insert, select on webhook_timeline to posthorn_management;
grant insert, select on webhook_timeline to posthorn_tenant;

create table webhook_totals (
  webhook_id uuid not null,
  environment_id uuid not null,
  tenant_id uuid not null,
  created bigint not null default 0,
  succeeded bigint not null default 0,
  failed bigint not null default 0,
  skipped bigint not null default 0,
  cancelled bigint not null default 0,
  succeeded_again bigint not null default 0,
  failed_again bigint not null default 0,
  skipped_again bigint not null default 0,
  cancelled_again bigint not null default 0,
  attempts bigint not null default 0,
  attempts_ok bigint not null default 0,
  retries bigint not null default 0,
  duration_ms_sum bigint not null default 0,
  last_attempt_at timestamp with time zone,
  last_success_at timestamp with time zone,
  constraint webhook_totals_pkey PRIMARY KEY (webhook_id)
) with (autovacuum_vacuum_cost_delay=0, autovacuum_vacuum_scale_factor=0.02, autovacuum_vacuum_threshold=5000, fillfactor=70);
CREATE INDEX webhook_totals_of_environment ON public.webhook_totals USING btree (environment_id);
alter table webhook_totals enable row level security;
create policy of_environment on webhook_totals to posthorn_management using ( CASE WHEN (environment_id = ( SELECT (NULLIF(current_setting('posthorn.environment'::text, true), ''::text))::uuid AS "nullif")) THEN 1 ELSE 0 END <> 0);
create policy of_tenant on webhook_totals to posthorn_tenant using ( CASE WHEN (tenant_id = ( SELECT (NULLIF(current_setting('posthorn.tenant'::text, true), ''::text))::uuid AS "nullif")) THEN 1 ELSE 0 END <> 0) with check ( CASE WHEN ((environment_id = ( SELECT (NULLIF(current_setting('posthorn.environment'::text, true), ''::text))::uuid AS "nullif")) AND (tenant_id = ( SELECT (NULLIF(current_setting('posthorn.tenant'::text, true), ''::text))::uuid AS "nullif"))) THEN 1 ELSE 0 END <> 0);
grant insert, select on webhook_totals to posthorn_management;
grant insert, select on webhook_totals to posthorn_tenant;

create table webhook_versions (
  environment_id uuid not null,
  tenant_id uuid not null,
  webhook_id uuid not null,
  version integer not null,
  snapshot jsonb not null,
  changes jsonb not null,
  changed_by_key_id uuid,
  changed_by text not null,
  changed_at timestamp with time zone not null default clock_timestamp(),
  constraint webhook_versions_pkey PRIMARY KEY (webhook_id, version),
  constraint webhook_versions_webhook_id_fkey FOREIGN KEY (webhook_id) REFERENCES webhooks(id) ON DELETE CASCADE
);
alter table webhook_versions enable row level security;
create policy of_environment on webhook_versions to posthorn_management using ( CASE WHEN (environment_id = ( SELECT (NULLIF(current_setting('posthorn.environment'::text, true), ''::text))::uuid AS "nullif")) THEN 1 ELSE 0 END <> 0);
create policy of_tenant on webhook_versions to posthorn_tenant using ( CASE WHEN (tenant_id = ( SELECT (NULLIF(current_setting('posthorn.tenant'::text, true), ''::text))::uuid AS "nullif")) THEN 1 ELSE 0 END <> 0) with check ( CASE WHEN ((environment_id = ( SELECT (NULLIF(current_setting('posthorn.environment'::text, true), ''::text))::uuid AS "nullif")) AND (tenant_id = ( SELECT (NULLIF(current_setting('posthorn.tenant'::text, true), ''::text))::uuid AS "nullif"))) THEN 1 ELSE 0 END <> 0);
grant insert, select on webhook_versions to posthorn_management;
grant insert, select on webhook_versions to posthorn_tenant;

create table webhooks (
  id uuid not null,
  environment_id uuid not null,
  tenant_id uuid not null,
  object_id text,
  name text,
  code text,
  description text,
  url text not null,
  event_types text[] not null default '{}'::text[],
  context jsonb not null default '{}'::jsonb,
  project_flows text[] not null default '{}'::text[],
  filter jsonb,
  include_resources text[] not null default '{}'::text[],
  notification_type text not null default 'rest'::text,
  payload_format text not null default 'envelope'::text,
  authentication jsonb not null default '{"type": "none"}'::jsonb,
  header_names text[] not null default '{}'::text[],
  signature_header jsonb,
  circuit_threshold integer,
  circuit_recovery text,
  retry_schedule_s integer[],
  rate_limit jsonb,
  max_in_flight integer,
  timeout_ms integer,
  notification_email text,
  notification_success boolean not null default false,
  notification_fail boolean not null default true,
  reference text,
  reference_origin text,
  metadata jsonb not null default '{}'::jsonb,
  dialect jsonb,
  version integer not null default 1,
  created_at timestamp with time zone not null default clock_timestamp(),
  updated_at timestamp with time zone not null default clock_timestamp(),
  deleted_at timestamp with time zone,
  constraint webhooks_authentication_check CHECK ((jsonb_typeof(authentication) = 'object'::text)),
  constraint webhooks_circuit_recovery_check CHECK ((circuit_recovery = ANY (ARRAY['automatic'::text, 'manual'::text]))),
  constraint webhooks_circuit_threshold_check CHECK (((circuit_threshold >= 1) AND (circuit_threshold <= 1000))),
  constraint webhooks_code_check CHECK ((code ~ '^[a-z0-9_]{1,64}$'::text)),
  constraint webhooks_context_check CHECK ((jsonb_typeof(context) = 'object'::text)),
  constraint webhooks_environment_id_fkey FOREIGN KEY (environment_id) REFERENCES environments(id),
  constraint webhooks_environment_id_tenant_id_fkey FOREIGN KEY (environment_id, tenant_id) REFERENCES tenants(environment_id, id),
  constraint webhooks_max_in_flight_check CHECK (((max_in_flight >= 1) AND (max_in_flight <= 10000))),
  constraint webhooks_metadata_check CHECK ((jsonb_typeof(metadata) = 'object'::text)),
  constraint webhooks_name_check CHECK (((length(name) >= 1) AND (length(name) <= 256))),
  constraint webhooks_notification_type_check CHECK ((notification_type = 'rest'::text)),
  constraint webhooks_object_id_check CHECK ((object_id ~ '^[0-9a-f]{24}$'::text)),
  constraint webhooks_payload_format_check CHECK ((payload_format = ANY (ARRAY['envelope'::text, 'standard'::text, 'jsonapi'::text, 'event_payload'::text, 'cloudevents'::text, 'data'::text]))),
  constraint webhooks_pkey PRIMARY KEY (id),
  constraint webhooks_rate_limit_check CHECK ((jsonb_typeof(rate_limit) = 'object'::text)),
  constraint webhooks_signature_header_check CHECK ((jsonb_typeof(signature_header) = 'object'::text)),
  constraint webhooks_timeout_ms_check CHECK (((timeout_ms >= 1000) AND (timeout_ms <= 30000))),
  constraint webhooks_url_check CHECK ((length(url) <= 2048))
);
CREATE INDEX webhooks_by_code ON public.webhooks USING btree (environment_id, code) WHERE ((deleted_at IS NULL) AND (code IS NOT NULL));
CREATE INDEX webhooks_by_created_at ON public.webhooks USING btree (environment_id, created_at, id) WHERE (deleted_at IS NULL);
CREATE INDEX webhooks_by_exact_name ON public.webhooks USING btree (environment_id, name) WHERE ((deleted_at IS NULL) AND (name IS NOT NULL));
CREATE INDEX webhooks_by_name ON public.webhooks USING btree (environment_id, COALESCE(name, ''::text) COLLATE "C", id) WHERE (deleted_at IS NULL);
CREATE INDEX webhooks_by_reference ON public.webhooks USING btree (environment_id, reference) WHERE ((deleted_at IS NULL) AND (reference IS NOT NULL));
CREATE INDEX webhooks_by_updated_at ON public.webhooks USING btree (environment_id, updated_at, id) WHERE (deleted_at IS NULL);
CREATE INDEX webhooks_by_url ON public.webhooks USING btree (environment_id, md5(url)) WHERE (deleted_at IS NULL);
CREATE UNIQUE INDEX webhooks_code ON public.webhooks USING btree (tenant_id, code) WHERE ((code IS NOT NULL) AND (deleted_at IS NULL));
CREATE UNIQUE INDEX webhooks_name ON public.webhooks USING btree (tenant_id, name) WHERE ((name IS NOT NULL) AND (deleted_at IS NULL));
CREATE UNIQUE INDEX webhooks_object_id ON public.webhooks USING btree (environment_id, object_id) WHERE ((object_id IS NOT NULL) AND (deleted_at IS NULL));
CREATE INDEX webhooks_of_environment ON public.webhooks USING btree (environment_id, id) WHERE (deleted_at IS NULL);
CREATE INDEX webhooks_of_tenant ON public.webhooks USING btree (tenant_id, id) WHERE (deleted_at IS NULL);
CREATE INDEX webhooks_of_tenant_by_created_at ON public.webhooks USING btree (tenant_id, created_at, id) WHERE (deleted_at IS NULL);
CREATE INDEX webhooks_of_tenant_by_name ON public.webhooks USING btree (tenant_id, COALESCE(name, ''::text) COLLATE "C", id) WHERE (deleted_at IS NULL);
CREATE INDEX webhooks_of_tenant_by_updated_at ON public.webhooks USING btree (tenant_id, updated_at, id) WHERE (deleted_at IS NULL);
CREATE INDEX webhooks_with_digest ON public.webhooks USING btree (id) WHERE (notification_success AND (deleted_at IS NULL));
alter table webhooks enable row level security;
create policy of_environment on webhooks to posthorn_management using ( CASE WHEN (environment_id = ( SELECT (NULLIF(current_setting('posthorn.environment'::text, true), ''::text))::uuid AS "nullif")) THEN 1 ELSE 0 END <> 0);
create policy of_tenant on webhooks to posthorn_tenant using ( CASE WHEN (tenant_id = ( SELECT (NULLIF(current_setting('posthorn.tenant'::text, true), ''::text))::uuid AS "nullif")) THEN 1 ELSE 0 END <> 0) with check ( CASE WHEN ((environment_id = ( SELECT (NULLIF(current_setting('posthorn.environment'::text, true), ''::text))::uuid AS "nullif")) AND (tenant_id = ( SELECT (NULLIF(current_setting('posthorn.tenant'::text, true), ''::text))::uuid AS "nullif"))) THEN 1 ELSE 0 END <> 0);
grant insert, select, update on webhooks to posthorn_management;
grant insert, select, update on webhooks to posthorn_tenant;

CREATE OR REPLACE FUNCTION public.close_partition(partition regclass)
 RETURNS void
 LANGUAGE plpgsql
 SET lock_timeout TO '800ms'
AS $function$
begin
  execute format('alter table %s set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000, '
                 'autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 1000, '
                 'autovacuum_analyze_scale_factor = 0.02, autovacuum_analyze_threshold = 1000)', partition);
end
$function$;

CREATE OR REPLACE FUNCTION public.end_waiting_deliveries(webhooks_max integer, rows_max integer, stats_slot integer, only_webhook uuid DEFAULT NULL::uuid, recheck interval DEFAULT '00:00:10'::interval)
 RETURNS integer
 LANGUAGE plpgsql
 SET enable_hashjoin TO 'off'
 SET enable_mergejoin TO 'off'
 SET enable_seqscan TO 'off'
AS $function$
#variable_conflict use_column
declare
  turn_ids uuid[];
  chosen_events uuid[];
  chosen_webhooks uuid[];
  ended integer;
begin
  select array_agg(s.webhook_id) into turn_ids
    from (select s.webhook_id
            from webhook_state s
           where s.webhook_id = any (array(select webhook_id from webhook_state
                                            where only_webhook is null and wake_at <= now() and (disabled_at is not null or deleted_at is not null)
                                            order by wake_at limit webhooks_max) || only_webhook)
             and (s.disabled_at is not null or s.deleted_at is not null)
           order by s.webhook_id
             for update) s;
  if turn_ids is null then
    return 0;
  end if;
  select array_agg(c.event_id), array_agg(c.webhook_id)
    into chosen_events, chosen_webhooks
    from (
      select t.webhook_id, d.event_id
        from unnest(turn_ids) as t (webhook_id)
       cross join lateral (
         select d.event_id from deliveries d
          where d.webhook_id = t.webhook_id and d.status = 0 and d.replay_id is null and not (d.out and d.due_at > now())
          limit rows_max / cardinality(turn_ids) + 1 for update skip locked) d
      union all
      select t.webhook_id, d.event_id
        from unnest(turn_ids) as t (webhook_id)
       cross join lateral (
         select d.event_id from deliveries d
          where d.webhook_id = t.webhook_id and d.status = 0 and d.replay_id is not null and not (d.out and d.due_at > now())
          limit rows_max / cardinality(turn_ids) + 1 for update skip locked) d
    ) c;
  with gone as (
    update deliveries d
       set status = case when s.deleted_at is not null then 4 else 3 end, reason = case when s.deleted_at is not null then 16 else 3 end,
           out = false, due_at = null, ended_at = now()
      from unnest(chosen_events, chosen_webhooks) as c (event_id, webhook_id)
      join webhook_state s on s.webhook_id = c.webhook_id
     where d.event_id = c.event_id and d.webhook_id = c.webhook_id
    returning d.environment_id, d.tenant_id, d.webhook_id, d.event_id, d.status
  ), counted as (
    insert into webhook_stats as s (environment_id, tenant_id, webhook_id, span, at, event_type, slot, skipped, cancelled)
    select g.environment_id, g.tenant_id, g.webhook_id, 0, date_trunc('minute', now()), coalesce(e.event_type, ''), stats_slot,
           count(*) filter (where g.status = 3), count(*) filter (where g.status = 4)
      from gone g left join events e on e.id = g.event_id
     group by g.environment_id, g.tenant_id, g.webhook_id, coalesce(e.event_type, '')
     order by g.webhook_id, coalesce(e.event_type, '')
    on conflict (webhook_id, span, at, event_type, slot) do update
       set skipped = s.skipped + excluded.skipped, cancelled = s.cancelled + excluded.cancelled
  )
  select count(*)::integer into ended from gone;
  update webhook_state s
     set settled = x.due_at is null,
         due_at = case when x.due_at is null then case when s.settled then 'infinity'::timestamptz else now() + recheck end
                       else x.due_at end,
         replay_due_at = 'infinity',
         changed_at = clock_timestamp()
    from (
      select t.webhook_id,
             -- What is under way ends by itself, or is anybody's at the end of its lease; everything else is ended at once.
             (select min(case when d.out then d.due_at else now() end) from deliveries d where d.webhook_id = t.webhook_id and d.status = 0) as due_at
        from unnest(turn_ids) as t (webhook_id)
    ) x
   where s.webhook_id = x.webhook_id;
  return ended;
end
$function$;

CREATE OR REPLACE FUNCTION public.lease_due_deliveries(webhooks_max integer, chunk_max integer, deliveries_max integer, with_replays boolean DEFAULT true, recheck interval DEFAULT '00:00:10'::interval)
 RETURNS TABLE(webhook_id uuid, event_id uuid, attempt integer, probe boolean, circuit_epoch integer, turn integer, replay boolean)
 LANGUAGE plpgsql
 SET enable_hashjoin TO 'off'
 SET enable_mergejoin TO 'off'
 SET enable_seqscan TO 'off'
AS $function$
#variable_conflict use_column
declare
  turn_ids uuid[];
  turn_sizes integer[];
  turn_probes boolean[];
  turn_epochs integer[];
  turn_leases integer[];
  turn_numbers integer[];
  turn_limited boolean[];
  chosen_events uuid[];
  chosen_webhooks uuid[];
  replay_events uuid[];
  replay_webhooks uuid[];
begin
  -- 1. The webhooks whose turn it is, as many as fill the round, locked in the order of their ids.
  select array_agg(s.webhook_id), array_agg(least(s.size, s.room)), array_agg(s.circuit <> 0), array_agg(s.circuit_epoch),
         array_agg(s.chunk_lease_s), array_agg(s.turn + 1), array_agg(s.rate_max is not null)
    into turn_ids, turn_sizes, turn_probes, turn_epochs, turn_leases, turn_numbers, turn_limited
    from (
      select s.webhook_id, s.circuit, s.circuit_epoch, s.chunk_lease_s, s.turn, s.rate_max,
             case when s.circuit = 0 then greatest(least(s.chunk, chunk_max), 1) else 1 end as size,
             case when s.rate_max is null then chunk_max
                  else (select rate_room(s.rate_max, s.rate_per_s, l.times, l.counts, now())
                          from rate_settled(s.rate_per_s, s.rate_times, s.rate_counts, s.out_until, now()) l) end as room
        from webhook_state s
       where s.webhook_id = any (array(
               select r.webhook_id
                 from (select w.webhook_id, w.wake_at,
                              sum(case when w.circuit = 0 then greatest(least(w.chunk, chunk_max), 1) else 1 end) over (order by w.wake_at, w.webhook_id) as running,
                              case when w.circuit = 0 then greatest(least(w.chunk, chunk_max), 1) else 1 end as size
                         from (select * from webhook_state
                                where wake_at <= now() and disabled_at is null and deleted_at is null order by wake_at limit webhooks_max) w) r
                where r.running - r.size < deliveries_max))
         and s.wake_at <= now() and s.disabled_at is null and s.deleted_at is null
       order by s.webhook_id
         for update
    ) s;
  if turn_ids is null then
    return;
  end if;

  -- 2. A chunk of each, into arrays: with the choice inside the UPDATE the planner guesses a share of the table for a limit that is
  --    no constant, and hashes whole partitions.
  select array_agg(c.event_id), array_agg(c.webhook_id)
    into chosen_events, chosen_webhooks
    from (
      select t.webhook_id, d.event_id
        from unnest(turn_ids, turn_sizes) as t (webhook_id, size)
       cross join lateral (
         select d.event_id
           from deliveries d
          where d.webhook_id = t.webhook_id and d.status = 0 and d.replay_id is null and d.due_at <= now()
          order by d.due_at
          limit t.size
            for update skip locked
       ) d
    ) c;
  select array_agg(c.event_id), array_agg(c.webhook_id)
    into replay_events, replay_webhooks
    from (
      select t.webhook_id, d.event_id
        from unnest(turn_ids, turn_sizes) as t (webhook_id, size)
       cross join lateral (
         select d.event_id
           from deliveries d
          where d.webhook_id = t.webhook_id and d.status = 0 and d.replay_id is not null and d.due_at <= now()
          order by d.due_at
          limit t.size
            for update skip locked
       ) d
       where with_replays and (t.webhook_id = any (chosen_webhooks)) is not true
    ) c;
  chosen_events := chosen_events || replay_events;
  chosen_webhooks := chosen_webhooks || replay_webhooks;

  return query
    update deliveries d
       set due_at = now() + make_interval(secs => t.lease_s), attempt = d.attempt + 1, out = true
      from unnest(chosen_events, chosen_webhooks) as c (event_id, webhook_id)
      join unnest(turn_ids, turn_probes, turn_epochs, turn_leases, turn_numbers) as t (webhook_id, probe, epoch, lease_s, number) on t.webhook_id = c.webhook_id
     where d.event_id = c.event_id and d.webhook_id = c.webhook_id
    returning d.webhook_id, d.event_id, d.attempt::integer, t.probe, (t.epoch + t.probe::integer), t.number, d.replay_id is not null;

  -- 3. One chunk out: the next look is when it reports or its lease is over. An open circuit whose probe is out is half open. A limit that
  --    leaves no room: the next look is when the oldest of its requests leaves the window.
  --    A flush that is under way may not have been seen and may have seen the old due_at, so due_at is raised beyond the next look
  --    (recheck) only at a second look in a row that finds nothing due. A flush that begins after the first look sees settled and takes it
  --    back, whatever the time of its delivery: it may still be under way at the second.
  update webhook_state s
     set circuit = case when s.circuit = 1 and x.taken > 0 then 2 else s.circuit end,
         circuit_epoch = case when s.circuit <> 0 and x.taken > 0 then s.circuit_epoch + 1 else s.circuit_epoch end,
         turn = s.turn + (x.taken > 0)::integer,
         settled = x.taken = 0 and not x.full,
         due_at = case when x.full then s.due_at
                       when s.settled and x.taken = 0 then coalesce(x.due_at, 'infinity') else least(x.due_at, now() + recheck) end,
         replay_due_at = case when x.full then s.replay_due_at
                              when s.settled and x.taken = 0 then coalesce(x.replay_due_at, 'infinity') else least(x.replay_due_at, now() + recheck) end,
         out_until = case when x.taken > 0 then now() + make_interval(secs => s.chunk_lease_s) else s.out_until end,
         not_before = case when x.full then x.oldest + make_interval(secs => s.rate_per_s) else s.not_before end,
         rate_times = case when s.rate_max is null then null when x.taken > 0 then x.times || 'infinity'::timestamptz else x.times end,
         rate_counts = case when s.rate_max is null then null when x.taken > 0 then x.counts || x.taken else x.counts end,
         changed_at = clock_timestamp()
    from (
      select t.webhook_id, m.due_at, r.due_at as replay_due_at, l.times, l.counts, l.times[1] as oldest, t.limited and t.size = 0 as full,
             (select count(*)::integer from unnest(chosen_webhooks) as c (id) where c.id = t.webhook_id) as taken
        from unnest(turn_ids, turn_sizes, turn_limited) as t (webhook_id, size, limited)
        join webhook_state w on w.webhook_id = t.webhook_id
       cross join lateral (select min(d.due_at) as due_at from deliveries d where d.webhook_id = t.webhook_id and d.status = 0 and d.replay_id is null) m
       cross join lateral (select min(d.due_at) as due_at from deliveries d where d.webhook_id = t.webhook_id and d.status = 0 and d.replay_id is not null) r
       cross join lateral (select * from rate_settled(w.rate_per_s, w.rate_times, w.rate_counts, w.out_until, now())) l
    ) x
   where s.webhook_id = x.webhook_id;
end
$function$;

CREATE OR REPLACE FUNCTION public.make_partitions(first_day date, last_day date)
 RETURNS integer
 LANGUAGE plpgsql
AS $function$
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
$function$;

CREATE OR REPLACE FUNCTION public.mend_due_hints()
 RETURNS integer
 LANGUAGE sql
AS $function$
  with recursive waiting as (
      (select webhook_id from deliveries where status = 0 and replay_id is null order by webhook_id limit 1)
      union all
      select (select d.webhook_id from deliveries d where d.status = 0 and d.replay_id is null and d.webhook_id > w.webhook_id order by d.webhook_id limit 1)
        from waiting w where w.webhook_id is not null
    ),
    replaying as (
      (select webhook_id from deliveries where status = 0 and replay_id is not null order by webhook_id limit 1)
      union all
      select (select d.webhook_id from deliveries d where d.status = 0 and d.replay_id is not null and d.webhook_id > w.webhook_id order by d.webhook_id limit 1)
        from replaying w where w.webhook_id is not null
    ),
    truth as (
      select w.webhook_id,
             (select min(d.due_at) from deliveries d where d.webhook_id = w.webhook_id and d.status = 0 and d.replay_id is null) as due_at,
             (select min(d.due_at) from deliveries d where d.webhook_id = w.webhook_id and d.status = 0 and d.replay_id is not null) as replay_due_at
        from (select webhook_id from waiting union select webhook_id from replaying) w where w.webhook_id is not null
    ),
    late as (
      select s.webhook_id, t.due_at, t.replay_due_at
        from webhook_state s join truth t using (webhook_id)
       where t.due_at < s.due_at or t.replay_due_at < s.replay_due_at
       order by s.webhook_id
         for update of s
    ),
    mended as (
      update webhook_state s
         set due_at = least(s.due_at, late.due_at), replay_due_at = least(s.replay_due_at, late.replay_due_at), settled = false, changed_at = clock_timestamp()
        from late where s.webhook_id = late.webhook_id
      returning 1
    )
  select count(*)::integer from mended
$function$;

CREATE OR REPLACE FUNCTION public.new_uuidv7()
 RETURNS uuid
 LANGUAGE sql
 PARALLEL SAFE
AS $function$
  select (lpad(to_hex((extract(epoch from clock_timestamp()) * 1000)::bigint), 12, '0')
          || '7' || substr(replace(gen_random_uuid()::text, '-', ''), 14))::uuid
$function$;

CREATE OR REPLACE FUNCTION public.own_event_time(moment timestamp with time zone)
 RETURNS text
 LANGUAGE sql
 STABLE
AS $function$
  select to_char(moment at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
$function$;

CREATE OR REPLACE FUNCTION public.rate_room(rate_max integer, rate_per_s integer, times timestamp with time zone[], counts integer[], moment timestamp with time zone)
 RETURNS integer
 LANGUAGE sql
 IMMUTABLE
AS $function$
  select greatest(0, rate_max - coalesce((select sum(c)::integer from unnest(times, counts) as l (t, c)
                                           where t > moment - make_interval(secs => rate_per_s)), 0))
$function$;

CREATE OR REPLACE FUNCTION public.rate_settled(rate_per_s integer, times timestamp with time zone[], counts integer[], ended_at timestamp with time zone, moment timestamp with time zone)
 RETURNS rate_ledger
 LANGUAGE sql
 IMMUTABLE
AS $function$
  select row(array_agg(t order by t), array_agg(c order by t))::rate_ledger
    from (
      select t, sum(c)::integer as c
        from (
          select case when l.t = 'infinity'
                      then to_timestamp(ceil(extract(epoch from ended_at) * 16 / rate_per_s) * rate_per_s / 16)
                      else l.t end as t, l.c
            from unnest(times, counts) as l (t, c)
        ) s
       where t > moment - make_interval(secs => rate_per_s)
       group by t
    ) m
$function$;

CREATE OR REPLACE FUNCTION public.reason_name(code integer)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
AS $function$
  select (array['tenant', 'created_later', 'webhook_disabled', 'webhook_paused', 'event_type', 'project_flow', 'context', 'filter', 'circuit_open',
                'rate_limited', 'in_flight_limit', 'retry_waiting', 'exhausted', 'rejected', 'blocked_address', 'webhook_deleted',
                'cancelled_by_hand', 'expired', 'erased'])[code]
$function$;

CREATE OR REPLACE FUNCTION public.refuse_other_encryption_key()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO '$user', 'public'
AS $function$
declare
  sealing text;
begin
  select encryption_key_id into sealing from deployment for share;
  if new.key_id <> sealing then
    raise exception 'secrets are sealed with key %, not with %', sealing, new.key_id using errcode = 'PHKEY';
  end if;
  return new;
end
$function$;

CREATE OR REPLACE FUNCTION public.tend_partition(partition regclass)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
begin
  execute format('alter table %s set (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 5000, '
                 'autovacuum_vacuum_insert_scale_factor = 0.1, autovacuum_analyze_scale_factor = 0.05)', partition);
end
$function$;

CREATE OR REPLACE FUNCTION public.uuidv7_floor(moment timestamp with time zone)
 RETURNS uuid
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
AS $function$
  select (lpad(to_hex((extract(epoch from moment) * 1000)::bigint), 12, '0') || '00000000000000000000')::uuid
$function$;

CREATE OR REPLACE FUNCTION public.uuidv7_time(id uuid)
 RETURNS timestamp with time zone
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
AS $function$
  select to_timestamp(('x' || lpad(replace(left(id::text, 13), '-', ''), 16, '0'))::bit(64)::bigint / 1000.0)
$function$;

CREATE OR REPLACE FUNCTION public.walk_end_of_deliveries(before_event uuid, before_webhook uuid, from_event uuid, rows_max integer, not_succeeded_of uuid)
 RETURNS TABLE(event_id uuid, webhook_id uuid)
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
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
$function$;

CREATE OR REPLACE FUNCTION public.walk_end_of_events(before_id uuid, from_id uuid, rows_max integer)
 RETURNS uuid
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
begin
  return (select e.id from events e where e.id < before_id and e.id >= from_id order by e.id desc offset rows_max - 1 limit 1);
end
$function$;
