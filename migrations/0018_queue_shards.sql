-- Going from one number of queue shards to another while everything runs: queue_shards_next is where it goes. Until it is there, what is new is fed
-- to the shards that both numbers have, and all that either has are served.
alter table deployment add column queue_shards_next smallint check (queue_shards_next between 1 and 64);

-- How many shards a process feeds, and which ones a worker serves. Null: it is of a version that follows no change, or serves none.
alter table processes
  add column shards_fed smallint,
  add column shards_served smallint[];
