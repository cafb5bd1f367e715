-- The whole data model of Posthorn. Rules that hold for every table:
--   * every row that belongs to a tenant says so (environment_id, tenant_id);
--   * times are Postgres's own; no process writes a clock of its own into a key;
--   * events, deliveries and attempts are partitioned by range of the event's UUIDv7, one partition a UTC day,
--     so (event_id, webhook_id) is unique across partitions and a day leaves with all that hangs on it;
--   * the hot tables have no foreign keys (a quarter of the cost of a row) and no default partition.

-- The smallest UUIDv7 of a moment: the bounds of a day's partition.
create function uuidv7_floor(moment timestamptz) returns uuid language sql immutable parallel safe as $$
  select (lpad(to_hex((extract(epoch from moment) * 1000)::bigint), 12, '0') || '00000000000000000000')::uuid
$$;

create function uuidv7_time(id uuid) returns timestamptz language sql immutable parallel safe as $$
  select to_timestamp(('x' || lpad(replace(left(id::text, 13), '-', ''), 16, '0'))::bit(64)::bigint / 1000.0)
$$;

-- What all processes of one installation must agree on; one that differs does not start.
create table deployment (
  only_row boolean primary key default true check (only_row),
  queue_backend text not null check (queue_backend in ('redis', 'postgres')),
  queue_shards smallint not null check (queue_shards between 1 and 64),
  encryption_key_id text not null,
  created_at timestamptz not null default clock_timestamp()
);

-- Who does a duty that one process at a time should do. An economy, not a guard: every duty is right with two at once.
create table leases (
  name text primary key,
  holder uuid,
  term bigint not null default 0,
  held_until timestamptz not null default '-infinity'
);
insert into leases (name) values ('scheduler');

create table environments (
  id uuid primary key,
  name text not null unique check (name ~ '^[A-Za-z0-9_.:-]{1,128}$'),
  mode text not null check (mode in ('live', 'test')),
  settings jsonb not null default '{}' check (jsonb_typeof(settings) = 'object'),
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp()
);

create table tenants (
  id uuid primary key,
  environment_id uuid not null references environments,
  key text not null check (key ~ '^[A-Za-z0-9_.:-]{1,128}$'),
  name text,
  email text,
  metadata jsonb not null default '{}' check (jsonb_typeof(metadata) = 'object'),
  -- Raised in the transaction of every change of a webhook of this tenant. A dispatch reads it together with its events, so a
  -- worker never matches an event against webhooks older than the event.
  webhooks_version bigint not null default 1,
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp(),
  unique (environment_id, key),
  unique (environment_id, id)
);

create table api_keys (
  id uuid primary key,
  environment_id uuid not null references environments,
  tenant_id uuid,
  name text,
  role text not null check (role in ('admin', 'operator', 'publisher', 'viewer', 'channel')),
  public_id text not null unique,
  key_hash bytea not null unique check (length(key_hash) = 32),
  last_four text not null,
  created_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz,
  revoked_at timestamptz,
  last_used_at timestamptz,
  foreign key (environment_id, tenant_id) references tenants (environment_id, id),
  check (role <> 'channel' or tenant_id is not null)
);

create table event_types (
  environment_id uuid not null references environments,
  name text not null check (length(name) <= 128),
  description text,
  schema text,
  example text,
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp(),
  primary key (environment_id, name)
);

create table webhooks (
  id uuid primary key,
  environment_id uuid not null references environments,
  tenant_id uuid not null,
  object_id text check (object_id ~ '^[0-9a-f]{24}$'),
  name text check (length(name) between 1 and 256),
  code text check (code ~ '^[a-z0-9_]{1,64}$'),
  description text,
  url text not null check (length(url) <= 2048),
  event_types text[] not null default '{}',
  context jsonb not null default '{}' check (jsonb_typeof(context) = 'object'),
  project_flows text[] not null default '{}',
  filter jsonb,
  include_resources text[] not null default '{}',
  notification_type text not null default 'rest' check (notification_type in ('rest')),
  payload_format text not null default 'envelope'
    check (payload_format in ('envelope', 'standard', 'jsonapi', 'event_payload', 'cloudevents', 'data')),
  -- Without the secret parts: those stand encrypted in webhook_secrets under the purposes 'authentication' and 'headers'.
  authentication jsonb not null default '{"type": "none"}' check (jsonb_typeof(authentication) = 'object'),
  header_names text[] not null default '{}',
  signature_header jsonb check (jsonb_typeof(signature_header) = 'object'),
  disabled_at timestamptz,
  disabled_reason text check (disabled_reason in ('by_hand', 'gone', 'no_success')),
  circuit_threshold integer check (circuit_threshold between 1 and 1000),
  circuit_recovery text check (circuit_recovery in ('automatic', 'manual')),
  retry_schedule_s integer[],
  rate_limit jsonb check (jsonb_typeof(rate_limit) = 'object'),
  max_in_flight integer check (max_in_flight between 1 and 10000),
  timeout_ms integer check (timeout_ms between 1000 and 30000),
  notification_email text,
  notification_success boolean not null default false,
  notification_fail boolean not null default true,
  reference text,
  reference_origin text,
  metadata jsonb not null default '{}' check (jsonb_typeof(metadata) = 'object'),
  -- What a dialect must read back as it was sent (a trigger's compound name, empty context members).
  dialect jsonb,
  version integer not null default 1,
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp(),
  deleted_at timestamptz,
  foreign key (environment_id, tenant_id) references tenants (environment_id, id),
  check ((disabled_at is null) = (disabled_reason is null)),
  unique (environment_id, object_id)
);
create unique index webhooks_name on webhooks (tenant_id, name) where name is not null and deleted_at is null;
create unique index webhooks_code on webhooks (tenant_id, code) where code is not null and deleted_at is null;
create index webhooks_of_tenant on webhooks (tenant_id, id) where deleted_at is null;
create index webhooks_of_environment on webhooks (environment_id, id) where deleted_at is null;

-- AES-256-GCM; the additional data bind the row, its webhook and the purpose, so a ciphertext that was moved does not decrypt.
create table webhook_secrets (
  id uuid primary key,
  environment_id uuid not null,
  tenant_id uuid not null,
  webhook_id uuid not null references webhooks on delete cascade,
  purpose text not null check (purpose in ('signing', 'authentication', 'headers')),
  key_id text not null,
  iv bytea not null check (length(iv) = 12),
  ciphertext bytea not null,
  created_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz
);
create unique index webhook_secrets_current on webhook_secrets (webhook_id, purpose) where expires_at is null;
create index webhook_secrets_of_webhook on webhook_secrets (webhook_id);

-- One whole snapshot a version: what an attempt or explain of that time refers to.
create table webhook_versions (
  environment_id uuid not null,
  tenant_id uuid not null,
  webhook_id uuid not null references webhooks on delete cascade,
  version integer not null,
  snapshot jsonb not null,
  changes jsonb not null,
  changed_by_key_id uuid,
  changed_by text not null,
  changed_at timestamptz not null default clock_timestamp(),
  primary key (webhook_id, version)
);

-- What changes at run time, apart from the configuration: one narrow row a webhook, made together with it.
--   circuit: 0 closed, 1 open, 2 half_open.
--   due_at: the earliest due time of its waiting deliveries; a hint that may be early, never late: a flush lowers it, only
--   the scheduler raises it, and only after a second look (settled).
--   not_before: no turn before then (chunk out, cool-down, Retry-After).  wake_at: when the scheduler looks at it next.
--   turn: number of its newest chunk, and so the fence of reports: only the chunk that is out can be reported.
create table webhook_state (
  webhook_id uuid primary key references webhooks on delete cascade,
  environment_id uuid not null,
  tenant_id uuid not null,
  circuit smallint not null default 0 check (circuit between 0 and 2),
  circuit_failure_count integer not null default 0,
  circuit_epoch integer not null default 0,
  circuit_opened_at timestamptz,
  circuit_retry_at timestamptz,
  no_success_since timestamptz,
  cooldown_s integer not null default 30,
  paused_at timestamptz,
  due_at timestamptz not null default 'infinity',
  not_before timestamptz not null default '-infinity',
  chunk integer not null default 1,
  chunk_lease_s smallint not null default 35,
  turn integer not null default 0,
  settled boolean not null default false,
  tokens real,
  refilled_at timestamptz,
  changed_at timestamptz not null default clock_timestamp(),
  wake_at timestamptz generated always as
    (case when paused_at is not null then 'infinity'::timestamptz else greatest(due_at, not_before) end) stored
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0);
create index webhook_state_wake on webhook_state (wake_at) where wake_at < 'infinity';
create index webhook_state_changed on webhook_state (changed_at);

-- What happened to a webhook: circuit changes with the count that caused them, pauses, resets, disabling, expiry.
create table webhook_timeline (
  environment_id uuid not null,
  tenant_id uuid not null,
  webhook_id uuid not null references webhooks on delete cascade,
  at timestamptz not null default clock_timestamp(),
  sequence bigint generated always as identity,
  kind text not null,
  circuit_failure_count integer,
  details jsonb not null default '{}',
  primary key (webhook_id, at, sequence)
);

create table events (
  id uuid primary key,
  environment_id uuid not null,
  tenant_id uuid not null,
  event_type text not null,
  source_id text,
  event_time timestamptz not null,
  project_flows text[],
  -- The producer's own text, byte for byte; never parsed again, never re-serialised.
  data text not null,
  current_context text,
  resources text,
  dispatch_id uuid not null,
  accepted_at timestamptz not null default clock_timestamp()
) partition by range (id);
alter table events alter data set storage external, alter current_context set storage external, alter resources set storage external;
create index events_source on events (tenant_id, source_id) where source_id is not null;

-- One event for one webhook. status: 0 waiting, 1 succeeded, 2 failed, 3 skipped, 4 cancelled; a waiting delivery is shown as
-- held while its webhook is paused or its circuit is not closed, so opening a circuit is one row's update whatever waits behind it.
--   attempt: number of the newest attempt, and so the fence: a result counts only with this number and while out.
--   due_at: when it is next anybody's; while out, the end of its lease.
--   shape: the webhook's version whose payload format and resources every attempt of it carries.
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
  due_at timestamptz,
  last_status_code smallint,
  last_error_kind smallint,
  ended_at timestamptz,
  primary key (event_id, webhook_id)
) partition by range (event_id);
create index deliveries_waiting on deliveries (webhook_id, due_at) where status = 0;
create index deliveries_of_webhook on deliveries (webhook_id, event_id);

-- One HTTP request. n is the number of its lease (of a first attempt: of its claim); a missing number is an attempt whose
-- worker died. kind: 0 first, 1 retry, 2 probe, 3 manual, 4 replay, 5 test. webhook_version tells the URL it went to.
create table attempts (
  environment_id uuid not null,
  tenant_id uuid not null,
  event_id uuid not null,
  webhook_id uuid not null,
  n integer not null,
  kind smallint not null,
  webhook_version integer not null,
  started_at timestamptz not null,
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
  primary key (event_id, webhook_id, n)
) partition by range (event_id);

-- A micro-batch of events on its way through fan-out. lease_until: somebody works on it until then; later it is anybody's.
-- Only a claim raises claim; feeding it to the queue again moves lease_until alone.
create table dispatches (
  id uuid primary key,
  event_ids uuid[] not null,
  shard smallint not null default 0,
  position integer not null default 0,
  claim integer not null default 0,
  lease_until timestamptz not null,
  set_aside_at timestamptz
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0);
create index dispatches_lease on dispatches (lease_until) where set_aside_at is null;

-- A key lives in the window in which it was first used and through the next one; expiry is a dropped partition.
create table idempotency_keys (
  window_start timestamptz not null,
  tenant_id uuid not null,
  key text not null,
  event_id uuid not null,
  body_hash bytea not null,
  primary key (window_start, tenant_id, key)
) partition by range (window_start);

-- Counters by webhook and event type. span: 0 minute, 1 hour, 2 day. A flush writes minutes, each process under its own slot so that
-- workers do not wait for each other's row; hours, days and webhook_totals are sums that the scheduler makes of them.
-- created and ended counts are changes of state, *_again the reverse (a retry by hand, a replay), so that
-- waiting = created - (succeeded + failed + skipped + cancelled) + (the four *_again).
create table webhook_stats (
  environment_id uuid not null,
  tenant_id uuid not null,
  webhook_id uuid not null,
  span smallint not null,
  at timestamptz not null,
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
  -- How many attempts took at most 1, 2, 4 … 32,768 ms; the rest of attempts took longer. Each counts its own bucket only.
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
  last_attempt_at timestamptz,
  last_success_at timestamptz,
  primary key (webhook_id, span, at, event_type, slot)
) with (fillfactor = 50);

-- One row a webhook: what left webhook_stats and the partitions through retention. Lifetime = this row + what is still there.
create table webhook_totals (
  webhook_id uuid primary key references webhooks on delete cascade,
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
  last_attempt_at timestamptz,
  last_success_at timestamptz
);

create table replays (
  id uuid primary key,
  environment_id uuid not null references environments,
  tenant_id uuid,
  filter jsonb not null,
  mode text not null check (mode in ('original', 'current')),
  status text not null check (status in ('running', 'done', 'cancelled')),
  position jsonb,
  total bigint,
  opened bigint not null default 0,
  already_waiting bigint not null default 0,
  created_by_key_id uuid,
  created_at timestamptz not null default clock_timestamp(),
  ended_at timestamptz
);

create table notifications (
  id uuid primary key,
  environment_id uuid not null references environments,
  tenant_id uuid not null,
  webhook_id uuid,
  kind text not null,
  facts jsonb not null,
  recipient text,
  created_at timestamptz not null default clock_timestamp(),
  due_at timestamptz not null default clock_timestamp(),
  attempts smallint not null default 0,
  sent_at timestamptz,
  failed_at timestamptz,
  error text
);
create index notifications_due on notifications (due_at) where sent_at is null and failed_at is null;

create table audit_log (
  id uuid primary key,
  environment_id uuid not null references environments,
  tenant_id uuid,
  at timestamptz not null default clock_timestamp(),
  actor_key_id uuid,
  actor text not null,
  action text not null,
  subject_kind text not null,
  subject_id text,
  details jsonb not null default '{}'
);
create index audit_log_of_environment on audit_log (environment_id, id);
