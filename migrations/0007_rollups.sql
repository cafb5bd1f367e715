-- Statistics in three spans (0 minute, 1 hour, 2 day). What processes write are raw minutes, each in its slot 0–15; the scheduler settles them: it adds
-- them up into the rows of slot 16, of each span, and into those of their tenant, and deletes them. What comes late is raw again, and settled later.
create table tenant_stats (
  environment_id uuid not null,
  tenant_id uuid not null,
  span smallint not null,
  at timestamptz not null,
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
  last_attempt_at timestamptz,
  last_success_at timestamptz,
  primary key (environment_id, span, at, tenant_id, event_type)
) with (fillfactor = 50);

-- One row a webhook: all that was settled since it was made. Lifetime = this row + what is still raw; so what is too old can be deleted anywhere else.
alter table webhook_totals drop constraint webhook_totals_webhook_id_fkey;
create index webhook_totals_of_environment on webhook_totals (environment_id);

create index webhook_stats_raw on webhook_stats (at) where slot < 16;
create index webhook_stats_raw_of_webhook on webhook_stats (webhook_id) where slot < 16;
create index webhook_stats_settled on webhook_stats (environment_id, span, at) where slot = 16;
