-- Lists of webhooks, by environment and by tenant: one index for each order in which they are read, and for what they are looked up by.
-- Webhooks are changed rarely, so their indexes cost little; the tables that grow with events get none.

create index webhooks_by_created_at on webhooks (environment_id, created_at, id) where deleted_at is null;
create index webhooks_by_updated_at on webhooks (environment_id, updated_at, id) where deleted_at is null;
-- Those without a name come before all others.
create index webhooks_by_name on webhooks (environment_id, (coalesce(name, '') collate "C"), id) where deleted_at is null;
create index webhooks_of_tenant_by_created_at on webhooks (tenant_id, created_at, id) where deleted_at is null;
create index webhooks_of_tenant_by_updated_at on webhooks (tenant_id, updated_at, id) where deleted_at is null;
create index webhooks_of_tenant_by_name on webhooks (tenant_id, (coalesce(name, '') collate "C"), id) where deleted_at is null;

create index webhooks_by_exact_name on webhooks (environment_id, name) where deleted_at is null and name is not null;
create index webhooks_by_code on webhooks (environment_id, code) where deleted_at is null and code is not null;
create index webhooks_by_reference on webhooks (environment_id, reference) where deleted_at is null and reference is not null;
-- A URL may be longer than an entry of an index.
create index webhooks_by_url on webhooks (environment_id, md5(url)) where deleted_at is null;
