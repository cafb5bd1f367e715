-- Going from one encryption key to another while everything runs. encryption_key_id is the key that seals; while there may be secrets that the key
-- before it sealed, that one is named beside it, and a process that has not both does not start.
alter table deployment add column encryption_key_id_before text;

-- Secrets by key: to count them, and to find those that are to be sealed anew.
create index webhook_secrets_of_key on webhook_secrets (key_id, id);

-- The keys that a process has, by their public names. Null: it is of a version that had but one.
alter table processes add column encryption_key_ids text[];

-- A secret is sealed under the key that seals, or it is not written: a process that has not yet heard of a new one is told so by this error, and
-- seals again. The shared lock makes the change of the key wait for the secrets that are being written, so that whoever looks for secrets of the
-- old key after it finds all there are. Whoever writes secrets need not have rights of his own on the deployment. Without its row there is no rule.
create function refuse_other_encryption_key() returns trigger language plpgsql security definer set search_path from current as $$
declare
  sealing text;
begin
  select encryption_key_id into sealing from deployment for share;
  if new.key_id <> sealing then
    raise exception 'secrets are sealed with key %, not with %', sealing, new.key_id using errcode = 'PHKEY';
  end if;
  return new;
end
$$;
create trigger webhook_secrets_key before insert or update of key_id on webhook_secrets
  for each row execute function refuse_other_encryption_key();
