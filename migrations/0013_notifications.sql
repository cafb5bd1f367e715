-- The table of this name that the first schema had was never written to.
drop table notifications;

-- What the owner of a webhook is to be told: every one of our own events that concerns them is noted here by the statement that makes it. What is of one
-- webhook and kind is counted in one row until it is closed, by the mail that tells it or because nobody is to be told.
create table notifications (
  id uuid not null primary key,
  environment_id uuid not null references environments (id),
  tenant_id uuid not null,
  webhook_id uuid not null,
  kind text not null
    check (kind in ('webhook_failing', 'webhook_recovered', 'circuit_opened', 'webhook_disabled', 'delivery_failed', 'deliveries_succeeded')),
  count bigint not null,
  first_at timestamptz not null,
  last_at timestamptz not null,
  -- The data of the last of them; of deliveries_succeeded the digest.
  details jsonb not null,
  -- From when on it may be told, but for the time in which what fails together is gathered; put off while its address had a mail lately.
  due_at timestamptz not null default now(),
  closed_at timestamptz,
  outcome text check (outcome in ('mailed', 'nobody', 'switched_off', 'no_mail_server')),
  mail_id uuid,
  constraint notifications_closed_check check ((closed_at is null) = (outcome is null) and (mail_id is null or outcome = 'mailed'))
);
create unique index notifications_open on notifications (webhook_id, kind) where closed_at is null;
create index notifications_due on notifications (due_at) where closed_at is null;
create index notifications_of_environment on notifications (environment_id, id);
create index notifications_of_tenant on notifications (tenant_id, id);
create index notifications_of_webhook on notifications (webhook_id, id);
create index notifications_of_mail on notifications (mail_id) where mail_id is not null;

-- Mails as they are sent. A worker takes one by its lease, so that one worker sends it; it is marked before another may take it again.
create table mails (
  id uuid not null primary key,
  environment_id uuid not null references environments (id),
  address text not null,
  -- Of what a mail is: of what needs somebody, or of what was delivered.
  kind text not null check (kind in ('trouble', 'digest')),
  subject text not null,
  text_body text not null,
  html_body text not null,
  headers jsonb not null default '{}',
  status text not null default 'waiting' check (status in ('waiting', 'sent', 'failed')),
  tries smallint not null default 0,
  due_at timestamptz not null default now(),
  lease_until timestamptz,
  -- What the mail server said last, if it did not take it.
  error text,
  created_at timestamptz not null default now(),
  ended_at timestamptz
);
create index mails_waiting on mails (due_at) where status = 'waiting';
create index mails_of_address on mails (environment_id, address, kind, created_at);
create index mails_created on mails (created_at);

-- Mails are written by one worker at a time, who holds this row meanwhile: there is no second one to an address in the same window.
create table mailroom (
  id boolean not null primary key default true check (id)
);
insert into mailroom default values;

-- What was delivered up to the last digest of a webhook, so that the next one tells of what came since.
create table digests (
  webhook_id uuid not null primary key references webhooks (id),
  told_at timestamptz not null,
  -- When it is looked at next.
  due_at timestamptz not null,
  -- What was counted by then, and from which day on: { from, by_type, latency, attempts }.
  told jsonb not null
);
create index digests_due on digests (due_at);
create index webhooks_with_digest on webhooks (id) where notification_success and deleted_at is null;

-- A streak of failures: since when, and when its webhook was said to be failing.
alter table webhook_state add column failing_since timestamptz;
alter table webhook_state add column failing_told_at timestamptz;
create index webhook_state_failing on webhook_state (failing_since) where failing_since is not null and failing_told_at is null;
