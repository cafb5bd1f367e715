-- The id that a deleted webhook had may come back: who imports again what was deleted keeps its ids.
alter table webhooks drop constraint webhooks_environment_id_object_id_key;
create unique index webhooks_object_id on webhooks (environment_id, object_id) where object_id is not null and deleted_at is null;
