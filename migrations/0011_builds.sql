-- What each process runs: version and commit of its build, and how many jobs of a lane and shard a worker takes at once. Null: it did not say.
alter table processes
  add column version text,
  add column commit text,
  add column jobs_max integer;
