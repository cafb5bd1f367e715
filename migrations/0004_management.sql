-- Managing an environment: tenants that are erased, who made a key, and what the audit log is searched for.

-- erasing_at: the tenant is gone for people, its keys are revoked and its name is free again: it stands under a key that nobody can write.
-- erased_at: nothing of its content is left.
alter table tenants
  add column erasing_at timestamptz,
  add column erased_at timestamptz,
  drop constraint tenants_key_check,
  add constraint tenants_key_check check (key ~ '^[A-Za-z0-9_.:-]{1,128}$' or (erasing_at is not null and key = 'erased/' || id::text));

-- A tenant that is being erased, while there is something left to do. Its events are walked along by id, in steps.
--   due_at: nobody works on it before; a step that never came to its end is made again then.
--   walk_at: when the present walk began; it covers the events of before. A walk that began too early to see the last of them is followed by another.
--   position: the last event that the walk has looked at; only the step that finds it there moves it.
create table tenant_erasures (
  tenant_id uuid primary key,
  environment_id uuid not null,
  actor_key_id uuid not null,
  actor text not null,
  begun_at timestamptz not null default clock_timestamp(),
  due_at timestamptz not null default clock_timestamp(),
  walk_at timestamptz,
  position uuid not null,
  foreign key (environment_id, tenant_id) references tenants (environment_id, id)
);
create index tenant_erasures_due on tenant_erasures (due_at);

alter table api_keys add column created_by_key_id uuid;
create index api_keys_of_environment on api_keys (environment_id, id);
create index api_keys_of_tenant on api_keys (tenant_id) where tenant_id is not null;

-- By the one clock: ids are made by the clocks of many processes.
drop index audit_log_of_environment;
create index audit_log_of_environment on audit_log (environment_id, at, id);
create index audit_log_of_subject on audit_log (environment_id, subject_id, at, id);
