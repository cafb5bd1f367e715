-- Processes that are running: each says so every few seconds. For people who look; nothing depends on it.
create table processes (
  id uuid primary key,
  role text not null check (role in ('api', 'worker')),
  host text not null,
  pid integer not null,
  node_version text not null,
  started_at timestamptz not null,
  seen_at timestamptz not null
);
