-- Makes the missing daily partitions from one day to another (inclusive, UTC days); returns how many it made.
-- CREATE TABLE (LIKE …) and ATTACH, never CREATE … PARTITION OF: the latter waits for every reader of the parent and makes all writers wait.
create function make_partitions(first_day date, last_day date) returns integer language plpgsql as $$
declare
  parent text;
  day date;
  partition text;
  lower_bound text;
  upper_bound text;
  made integer := 0;
begin
  -- Two at once would both find a day missing, and one of them would fail. Held to the end of the transaction, so poolers do no harm.
  perform pg_advisory_xact_lock(hashtext('make_partitions'));
  -- A window of idempotency keys may have begun a week ago (POSTHORN_IDEMPOTENCY_HOURS up to 168).
  -- Days are counted as numbers: a series of timestamps would go by the session's time zone, and leave out the last day where a clock
  -- change falls on midnight.
  for day in select first_day + n from generate_series(-7, last_day - first_day) as n loop
    foreach parent in array array['events', 'deliveries', 'attempts', 'idempotency_keys'] loop
      partition := parent || '_' || to_char(day, 'YYYYMMDD');
      if to_regclass(partition) is not null or (day < first_day and parent <> 'idempotency_keys') then
        continue;
      end if;
      if parent = 'idempotency_keys' then
        lower_bound := (day::timestamp at time zone 'UTC')::text;
        upper_bound := ((day + 1)::timestamp at time zone 'UTC')::text;
      else
        lower_bound := uuidv7_floor(day::timestamp at time zone 'UTC')::text;
        upper_bound := uuidv7_floor((day + 1)::timestamp at time zone 'UTC')::text;
      end if;
      execute format('create table %I (like %I including all)', partition, parent);
      execute format('alter table %I attach partition %I for values from (%L) to (%L)', parent, partition, lower_bound, upper_bound);
      made := made + 1;
    end loop;
  end loop;
  return made;
end
$$;

-- Hands out due deliveries fairly, at a cost that does not grow with the backlog: it asks which webhooks have a turn and gives each
-- one chunk, oldest due first; none behind a circuit whose cool-down runs, one (the probe) when it is over. At most one chunk of a
-- webhook is out in the whole cluster, so a chunk of one behind a half-open circuit is the single probe, and max_in_flight holds
-- cluster-wide for all that is handed out here.
--   webhooks_max, chunk_max, deliveries_max: bounds of one round.   recheck: pause before the second look at a webhook that seems empty.
-- One call is one transaction, and each step sees what was committed before it began. Locks: webhook_state by id, then deliveries.
create function lease_due_deliveries(webhooks_max integer, chunk_max integer, deliveries_max integer, recheck interval default '10 seconds')
returns table (webhook_id uuid, event_id uuid, attempt integer, probe boolean, circuit_epoch integer, turn integer)
language plpgsql as $$
#variable_conflict use_column
declare
  turn_ids uuid[];
  turn_sizes integer[];
  turn_probes boolean[];
  turn_epochs integer[];
  turn_leases integer[];
  turn_numbers integer[];
  chosen_events uuid[];
  chosen_webhooks uuid[];
begin
  -- 1. The webhooks whose turn it is, as many as fill the round, locked in the order of their ids.
  select array_agg(s.webhook_id), array_agg(s.size), array_agg(s.circuit <> 0), array_agg(s.circuit_epoch), array_agg(s.chunk_lease_s),
         array_agg(s.turn + 1)
    into turn_ids, turn_sizes, turn_probes, turn_epochs, turn_leases, turn_numbers
    from (
      select s.webhook_id, s.circuit, s.circuit_epoch, s.chunk_lease_s, s.turn,
             case when s.circuit = 0 then least(s.chunk, chunk_max) else 1 end as size
        from webhook_state s
       where s.webhook_id = any (array(
               select r.webhook_id
                 from (select w.webhook_id, w.wake_at,
                              sum(case when w.circuit = 0 then least(w.chunk, chunk_max) else 1 end) over (order by w.wake_at, w.webhook_id) as running,
                              case when w.circuit = 0 then least(w.chunk, chunk_max) else 1 end as size
                         from (select * from webhook_state where wake_at <= now() order by wake_at limit webhooks_max) w) r
                where r.running - r.size < deliveries_max))
         and s.wake_at <= now()
       order by s.webhook_id
         for update
    ) s;
  if turn_ids is null then
    return;
  end if;

  -- 2. A chunk of each, into arrays: with the choice inside the UPDATE the planner guesses a share of the table for a limit that is
  --    no constant, and hashes whole partitions.
  select array_agg(c.event_id), array_agg(c.webhook_id)
    into chosen_events, chosen_webhooks
    from (
      select t.webhook_id, d.event_id
        from unnest(turn_ids, turn_sizes) as t (webhook_id, size)
       cross join lateral (
         select d.event_id
           from deliveries d
          where d.webhook_id = t.webhook_id and d.status = 0 and d.due_at <= now()
          order by d.due_at
          limit t.size
            for update skip locked
       ) d
    ) c;

  return query
    update deliveries d
       set due_at = now() + make_interval(secs => t.lease_s), attempt = d.attempt + 1, out = true
      from unnest(chosen_events, chosen_webhooks) as c (event_id, webhook_id)
      join unnest(turn_ids, turn_probes, turn_epochs, turn_leases, turn_numbers) as t (webhook_id, probe, epoch, lease_s, number) on t.webhook_id = c.webhook_id
     where d.event_id = c.event_id and d.webhook_id = c.webhook_id
    returning d.webhook_id, d.event_id, d.attempt::integer, t.probe, (t.epoch + t.probe::integer), t.number;

  -- 3. One chunk out: the next look is when it reports or its lease is over. An open circuit whose probe is out is half open.
  --    A flush that is under way may not have been seen and may have seen the old due_at, so due_at is raised beyond the next look
  --    (recheck) only at a second look in a row that finds nothing due. A flush that begins after the first look sees settled and takes it
  --    back, whatever the time of its delivery: it may still be under way at the second.
  update webhook_state s
     set circuit = case when s.circuit = 1 and x.out then 2 else s.circuit end,
         circuit_epoch = case when s.circuit <> 0 and x.out then s.circuit_epoch + 1 else s.circuit_epoch end,
         turn = s.turn + x.out::integer,
         settled = not x.out,
         due_at = case when s.settled and not x.out then coalesce(x.due_at, 'infinity') else least(x.due_at, now() + recheck) end,
         not_before = case when x.out then now() + make_interval(secs => s.chunk_lease_s) else s.not_before end,
         changed_at = clock_timestamp()
    from (
      select t.webhook_id, m.due_at, coalesce(t.webhook_id = any (chosen_webhooks), false) as out
        from unnest(turn_ids) as t (webhook_id)
       cross join lateral (select min(d.due_at) as due_at from deliveries d where d.webhook_id = t.webhook_id and d.status = 0) m
    ) x
   where s.webhook_id = x.webhook_id;
end
$$;
-- The choice must walk deliveries_waiting, whatever the statistics of a fresh partition say.
alter function lease_due_deliveries set enable_hashjoin = off;
alter function lease_due_deliveries set enable_mergejoin = off;
alter function lease_due_deliveries set enable_seqscan = off;

-- Compares the hint webhook_state.due_at with the truth and lowers it where it is late; returns how many it mended.
-- A loose index scan: its cost grows with the webhooks that wait, not with the deliveries.
create function mend_due_hints() returns integer language sql as $$
  with recursive waiting as (
      (select webhook_id from deliveries where status = 0 order by webhook_id limit 1)
      union all
      select (select d.webhook_id from deliveries d where d.status = 0 and d.webhook_id > w.webhook_id order by d.webhook_id limit 1)
        from waiting w where w.webhook_id is not null
    ),
    truth as (
      select w.webhook_id, (select min(d.due_at) from deliveries d where d.webhook_id = w.webhook_id and d.status = 0) as due_at
        from waiting w where w.webhook_id is not null
    ),
    late as (
      select s.webhook_id, t.due_at
        from webhook_state s join truth t using (webhook_id)
       where t.due_at < s.due_at
       order by s.webhook_id
         for update of s
    ),
    mended as (
      update webhook_state s set due_at = late.due_at, settled = false, changed_at = clock_timestamp()
        from late where s.webhook_id = late.webhook_id
      returning 1
    )
  select count(*)::integer from mended
$$;
