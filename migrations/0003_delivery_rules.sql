-- The rules of delivery: what switches a webhook off, how fast it may be called, replays, and our own events.

-- A UUIDv7 of this moment, for rows that SQL makes by itself.
create function new_uuidv7() returns uuid language sql volatile parallel safe as $$
  select (lpad(to_hex((extract(epoch from clock_timestamp()) * 1000)::bigint), 12, '0')
          || '7' || substr(replace(gen_random_uuid()::text, '-', ''), 14))::uuid
$$;

-- A time as our own events tell it: RFC 3339 with milliseconds, or null.
create function own_event_time(moment timestamptz) returns text language sql stable as $$
  select to_char(moment at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
$$;

-- The reason that a stored smallint stands for; a test compares it with the list in the code.
create function reason_name(code integer) returns text language sql immutable parallel safe as $$
  select (array['tenant', 'created_later', 'webhook_disabled', 'webhook_paused', 'event_type', 'project_flow', 'context', 'filter', 'circuit_open',
                'rate_limited', 'in_flight_limit', 'retry_waiting', 'exhausted', 'rejected', 'blocked_address', 'webhook_deleted',
                'cancelled_by_hand', 'expired', 'erased'])[code]
$$;

-- Whatever changes at run time stands in the state row, so switching off is one row's update too, whatever waits behind it.
--   disabled_at, deleted_at: the scheduler ends what waits, as skipped or as cancelled, and so does it with what still comes.
--   manual: an open circuit waits for a person (circuit_recovery, the environment's default filled in).
--   not_before: no turn before then: the cool-down's end, or when the rate limit has room again.
--   out_until: when the lease of the chunk that is out ends, or when the last one ended. So a circuit that is opened or reset while a chunk is out
--   lets no second one out beside it.
--   hold_until: the endpoint asked (429 with Retry-After) that nothing be sent before.
--   is_opening_told: the present opening of the circuit was told as an event of ours, so its closing is too.
--   rate_max, rate_per_s: the rate limit. rate_times, rate_counts: its ledger, when how many requests ended at the latest; 'infinity' for
--   the chunk that is out.
--   replay_due_at: what due_at is, for deliveries of a replay. They have a hint of their own since they must not make a webhook look behind.
--   chunk: size of the next one; 0 while one is out of which an attempt failed.
alter table webhook_state
  add column disabled_at timestamptz,
  add column disabled_reason text check (disabled_reason in ('by_hand', 'gone', 'no_success')),
  add column deleted_at timestamptz,
  add column manual boolean not null default false,
  add column out_until timestamptz not null default '-infinity',
  add column hold_until timestamptz not null default '-infinity',
  add column is_opening_told boolean not null default false,
  add column rate_max integer,
  add column rate_per_s integer,
  add column rate_times timestamptz[],
  add column rate_counts integer[],
  add column replay_due_at timestamptz not null default 'infinity',
  add check ((disabled_at is null) = (disabled_reason is null)),
  add check ((rate_max is null) = (rate_per_s is null)),
  drop column tokens,
  drop column refilled_at,
  drop column wake_at;
alter table webhook_state
  add column wake_at timestamptz generated always as
    (case when disabled_at is not null or deleted_at is not null then least(due_at, replay_due_at)
          when paused_at is not null or (circuit = 1 and manual) then 'infinity'::timestamptz
          else greatest(least(due_at, replay_due_at), not_before, out_until, hold_until) end) stored;
create index webhook_state_wake on webhook_state (wake_at) where wake_at < 'infinity';
create index webhook_state_no_success on webhook_state (no_success_since) where no_success_since is not null;

update webhook_state s
   set disabled_at = w.disabled_at, disabled_reason = w.disabled_reason, deleted_at = w.deleted_at,
       manual = coalesce(w.circuit_recovery, e.settings ->> 'circuit_recovery', 'automatic') = 'manual',
       out_until = greatest(s.not_before, '-infinity'), rate_max = (w.rate_limit ->> 'max')::integer, rate_per_s = (w.rate_limit ->> 'per_seconds')::integer, changed_at = clock_timestamp()
  from webhooks w join environments e on e.id = w.environment_id
 where w.id = s.webhook_id;
alter table webhooks drop column disabled_at, drop column disabled_reason;

-- A delivery that a replay opened again belongs to it until it is opened by something else. lane: 1 while it is due because a person said so.
alter table deliveries add column replay_id uuid;
drop index deliveries_waiting;
create index deliveries_waiting on deliveries (webhook_id, due_at) where status = 0 and replay_id is null;
create index deliveries_replaying on deliveries (webhook_id, due_at) where status = 0 and replay_id is not null;
create index deliveries_of_replay on deliveries (replay_id, status) where replay_id is not null;

-- position: where the replay's cursor stands; only the step that finds it there moves it. refused: what could not be opened.
alter table replays
  add column refused bigint not null default 0,
  add column recovers_webhook_id uuid;
-- A cancelled replay has not ended while deliveries of it wait.
create index replays_running on replays (id) where ended_at is null;
create index replays_of_environment on replays (environment_id, id);

-- A test has an attempt and nothing else, so it is found by this.
create index attempts_of_tests on attempts (webhook_id, event_id) where kind = 5;

alter table events add column erased_at timestamptz;

-- How many requests a ledger leaves room for at a moment: in no window of rate_per_s ends more than rate_max.
create function rate_room(rate_max integer, rate_per_s integer, times timestamptz[], counts integer[], moment timestamptz)
returns integer language sql immutable as $$
  select greatest(0, rate_max - coalesce((select sum(c)::integer from unnest(times, counts) as l (t, c)
                                           where t > moment - make_interval(secs => rate_per_s)), 0))
$$;

-- The ledger at a turn: the chunk that was out ended at `ended_at` at the latest; what has left the window is dropped. Times are rounded up to
-- a sixteenth of the window, so there are never more than seventeen of them.
create type rate_ledger as (times timestamptz[], counts integer[]);
create function rate_settled(rate_per_s integer, times timestamptz[], counts integer[], ended_at timestamptz, moment timestamptz)
returns rate_ledger language sql immutable as $$
  select row(array_agg(t order by t), array_agg(c order by t))::rate_ledger
    from (
      select t, sum(c)::integer as c
        from (
          select case when l.t = 'infinity'
                      then to_timestamp(ceil(extract(epoch from ended_at) * 16 / rate_per_s) * rate_per_s / 16)
                      else l.t end as t, l.c
            from unnest(times, counts) as l (t, c)
        ) s
       where t > moment - make_interval(secs => rate_per_s)
       group by t
    ) m
$$;

-- As before (0002), and: nothing of a webhook that is switched off; no more than the rate limit leaves room for; replayed deliveries when no other
-- delivery of the webhook is due, and not at all without with_replays: their queue has enough.
drop function lease_due_deliveries;
create function lease_due_deliveries(webhooks_max integer, chunk_max integer, deliveries_max integer, with_replays boolean default true,
                                     recheck interval default '10 seconds')
returns table (webhook_id uuid, event_id uuid, attempt integer, probe boolean, circuit_epoch integer, turn integer, replay boolean)
language plpgsql as $$
#variable_conflict use_column
declare
  turn_ids uuid[];
  turn_sizes integer[];
  turn_probes boolean[];
  turn_epochs integer[];
  turn_leases integer[];
  turn_numbers integer[];
  turn_limited boolean[];
  chosen_events uuid[];
  chosen_webhooks uuid[];
  replay_events uuid[];
  replay_webhooks uuid[];
begin
  -- 1. The webhooks whose turn it is, as many as fill the round, locked in the order of their ids.
  select array_agg(s.webhook_id), array_agg(least(s.size, s.room)), array_agg(s.circuit <> 0), array_agg(s.circuit_epoch),
         array_agg(s.chunk_lease_s), array_agg(s.turn + 1), array_agg(s.rate_max is not null)
    into turn_ids, turn_sizes, turn_probes, turn_epochs, turn_leases, turn_numbers, turn_limited
    from (
      select s.webhook_id, s.circuit, s.circuit_epoch, s.chunk_lease_s, s.turn, s.rate_max,
             case when s.circuit = 0 then greatest(least(s.chunk, chunk_max), 1) else 1 end as size,
             case when s.rate_max is null then chunk_max
                  else (select rate_room(s.rate_max, s.rate_per_s, l.times, l.counts, now())
                          from rate_settled(s.rate_per_s, s.rate_times, s.rate_counts, s.out_until, now()) l) end as room
        from webhook_state s
       where s.webhook_id = any (array(
               select r.webhook_id
                 from (select w.webhook_id, w.wake_at,
                              sum(case when w.circuit = 0 then greatest(least(w.chunk, chunk_max), 1) else 1 end) over (order by w.wake_at, w.webhook_id) as running,
                              case when w.circuit = 0 then greatest(least(w.chunk, chunk_max), 1) else 1 end as size
                         from (select * from webhook_state
                                where wake_at <= now() and disabled_at is null and deleted_at is null order by wake_at limit webhooks_max) w) r
                where r.running - r.size < deliveries_max))
         and s.wake_at <= now() and s.disabled_at is null and s.deleted_at is null
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
          where d.webhook_id = t.webhook_id and d.status = 0 and d.replay_id is null and d.due_at <= now()
          order by d.due_at
          limit t.size
            for update skip locked
       ) d
    ) c;
  select array_agg(c.event_id), array_agg(c.webhook_id)
    into replay_events, replay_webhooks
    from (
      select t.webhook_id, d.event_id
        from unnest(turn_ids, turn_sizes) as t (webhook_id, size)
       cross join lateral (
         select d.event_id
           from deliveries d
          where d.webhook_id = t.webhook_id and d.status = 0 and d.replay_id is not null and d.due_at <= now()
          order by d.due_at
          limit t.size
            for update skip locked
       ) d
       where with_replays and (t.webhook_id = any (chosen_webhooks)) is not true
    ) c;
  chosen_events := chosen_events || replay_events;
  chosen_webhooks := chosen_webhooks || replay_webhooks;

  return query
    update deliveries d
       set due_at = now() + make_interval(secs => t.lease_s), attempt = d.attempt + 1, out = true
      from unnest(chosen_events, chosen_webhooks) as c (event_id, webhook_id)
      join unnest(turn_ids, turn_probes, turn_epochs, turn_leases, turn_numbers) as t (webhook_id, probe, epoch, lease_s, number) on t.webhook_id = c.webhook_id
     where d.event_id = c.event_id and d.webhook_id = c.webhook_id
    returning d.webhook_id, d.event_id, d.attempt::integer, t.probe, (t.epoch + t.probe::integer), t.number, d.replay_id is not null;

  -- 3. One chunk out: the next look is when it reports or its lease is over. An open circuit whose probe is out is half open. A limit that
  --    leaves no room: the next look is when the oldest of its requests leaves the window.
  --    A flush that is under way may not have been seen and may have seen the old due_at, so due_at is raised beyond the next look
  --    (recheck) only at a second look in a row that finds nothing due. A flush that begins after the first look sees settled and takes it
  --    back, whatever the time of its delivery: it may still be under way at the second.
  update webhook_state s
     set circuit = case when s.circuit = 1 and x.taken > 0 then 2 else s.circuit end,
         circuit_epoch = case when s.circuit <> 0 and x.taken > 0 then s.circuit_epoch + 1 else s.circuit_epoch end,
         turn = s.turn + (x.taken > 0)::integer,
         settled = x.taken = 0 and not x.full,
         due_at = case when x.full then s.due_at
                       when s.settled and x.taken = 0 then coalesce(x.due_at, 'infinity') else least(x.due_at, now() + recheck) end,
         replay_due_at = case when x.full then s.replay_due_at
                              when s.settled and x.taken = 0 then coalesce(x.replay_due_at, 'infinity') else least(x.replay_due_at, now() + recheck) end,
         out_until = case when x.taken > 0 then now() + make_interval(secs => s.chunk_lease_s) else s.out_until end,
         not_before = case when x.full then x.oldest + make_interval(secs => s.rate_per_s) else s.not_before end,
         rate_times = case when s.rate_max is null then null when x.taken > 0 then x.times || 'infinity'::timestamptz else x.times end,
         rate_counts = case when s.rate_max is null then null when x.taken > 0 then x.counts || x.taken else x.counts end,
         changed_at = clock_timestamp()
    from (
      select t.webhook_id, m.due_at, r.due_at as replay_due_at, l.times, l.counts, l.times[1] as oldest, t.limited and t.size = 0 as full,
             (select count(*)::integer from unnest(chosen_webhooks) as c (id) where c.id = t.webhook_id) as taken
        from unnest(turn_ids, turn_sizes, turn_limited) as t (webhook_id, size, limited)
        join webhook_state w on w.webhook_id = t.webhook_id
       cross join lateral (select min(d.due_at) as due_at from deliveries d where d.webhook_id = t.webhook_id and d.status = 0 and d.replay_id is null) m
       cross join lateral (select min(d.due_at) as due_at from deliveries d where d.webhook_id = t.webhook_id and d.status = 0 and d.replay_id is not null) r
       cross join lateral (select * from rate_settled(w.rate_per_s, w.rate_times, w.rate_counts, w.out_until, now())) l
    ) x
   where s.webhook_id = x.webhook_id;
end
$$;
-- The choice must walk deliveries_waiting, whatever the statistics of a fresh partition say.
alter function lease_due_deliveries set enable_hashjoin = off;
alter function lease_due_deliveries set enable_mergejoin = off;
alter function lease_due_deliveries set enable_seqscan = off;

-- Ends what waits at webhooks that are switched off, up to rows_max deliveries of webhooks_max webhooks a call: skipped where the webhook is
-- disabled, cancelled where it is deleted. A request that is under way ends by itself. Counted where each is ended, in the minute of now.
-- Returns how many it ended. `only_webhook`: of this one, whether it has a turn or not.
create function end_waiting_deliveries(webhooks_max integer, rows_max integer, stats_slot integer, only_webhook uuid default null,
                                       recheck interval default '10 seconds')
returns integer language plpgsql as $$
#variable_conflict use_column
declare
  turn_ids uuid[];
  chosen_events uuid[];
  chosen_webhooks uuid[];
  ended integer;
begin
  select array_agg(s.webhook_id) into turn_ids
    from (select s.webhook_id
            from webhook_state s
           where s.webhook_id = any (array(select webhook_id from webhook_state
                                            where only_webhook is null and wake_at <= now() and (disabled_at is not null or deleted_at is not null)
                                            order by wake_at limit webhooks_max) || only_webhook)
             and (s.disabled_at is not null or s.deleted_at is not null)
           order by s.webhook_id
             for update) s;
  if turn_ids is null then
    return 0;
  end if;
  select array_agg(c.event_id), array_agg(c.webhook_id)
    into chosen_events, chosen_webhooks
    from (
      select t.webhook_id, d.event_id
        from unnest(turn_ids) as t (webhook_id)
       cross join lateral (
         select d.event_id from deliveries d
          where d.webhook_id = t.webhook_id and d.status = 0 and d.replay_id is null and not (d.out and d.due_at > now())
          limit rows_max / cardinality(turn_ids) + 1 for update skip locked) d
      union all
      select t.webhook_id, d.event_id
        from unnest(turn_ids) as t (webhook_id)
       cross join lateral (
         select d.event_id from deliveries d
          where d.webhook_id = t.webhook_id and d.status = 0 and d.replay_id is not null and not (d.out and d.due_at > now())
          limit rows_max / cardinality(turn_ids) + 1 for update skip locked) d
    ) c;
  with gone as (
    update deliveries d
       set status = case when s.deleted_at is not null then 4 else 3 end, reason = case when s.deleted_at is not null then 16 else 3 end,
           out = false, due_at = null, ended_at = now()
      from unnest(chosen_events, chosen_webhooks) as c (event_id, webhook_id)
      join webhook_state s on s.webhook_id = c.webhook_id
     where d.event_id = c.event_id and d.webhook_id = c.webhook_id
    returning d.environment_id, d.tenant_id, d.webhook_id, d.event_id, d.status
  ), counted as (
    insert into webhook_stats as s (environment_id, tenant_id, webhook_id, span, at, event_type, slot, skipped, cancelled)
    select g.environment_id, g.tenant_id, g.webhook_id, 0, date_trunc('minute', now()), coalesce(e.event_type, ''), stats_slot,
           count(*) filter (where g.status = 3), count(*) filter (where g.status = 4)
      from gone g left join events e on e.id = g.event_id
     group by g.environment_id, g.tenant_id, g.webhook_id, coalesce(e.event_type, '')
     order by g.webhook_id, coalesce(e.event_type, '')
    on conflict (webhook_id, span, at, event_type, slot) do update
       set skipped = s.skipped + excluded.skipped, cancelled = s.cancelled + excluded.cancelled
  )
  select count(*)::integer into ended from gone;
  update webhook_state s
     set settled = x.due_at is null,
         due_at = case when x.due_at is null then case when s.settled then 'infinity'::timestamptz else now() + recheck end
                       else x.due_at end,
         replay_due_at = 'infinity',
         changed_at = clock_timestamp()
    from (
      select t.webhook_id,
             -- What is under way ends by itself, or is anybody's at the end of its lease; everything else is ended at once.
             (select min(case when d.out then d.due_at else now() end) from deliveries d where d.webhook_id = t.webhook_id and d.status = 0) as due_at
        from unnest(turn_ids) as t (webhook_id)
    ) x
   where s.webhook_id = x.webhook_id;
  return ended;
end
$$;
alter function end_waiting_deliveries set enable_hashjoin = off;
alter function end_waiting_deliveries set enable_mergejoin = off;
alter function end_waiting_deliveries set enable_seqscan = off;

-- As before (0002), for both hints.
create or replace function mend_due_hints() returns integer language sql as $$
  with recursive waiting as (
      (select webhook_id from deliveries where status = 0 and replay_id is null order by webhook_id limit 1)
      union all
      select (select d.webhook_id from deliveries d where d.status = 0 and d.replay_id is null and d.webhook_id > w.webhook_id order by d.webhook_id limit 1)
        from waiting w where w.webhook_id is not null
    ),
    replaying as (
      (select webhook_id from deliveries where status = 0 and replay_id is not null order by webhook_id limit 1)
      union all
      select (select d.webhook_id from deliveries d where d.status = 0 and d.replay_id is not null and d.webhook_id > w.webhook_id order by d.webhook_id limit 1)
        from replaying w where w.webhook_id is not null
    ),
    truth as (
      select w.webhook_id,
             (select min(d.due_at) from deliveries d where d.webhook_id = w.webhook_id and d.status = 0 and d.replay_id is null) as due_at,
             (select min(d.due_at) from deliveries d where d.webhook_id = w.webhook_id and d.status = 0 and d.replay_id is not null) as replay_due_at
        from (select webhook_id from waiting union select webhook_id from replaying) w where w.webhook_id is not null
    ),
    late as (
      select s.webhook_id, t.due_at, t.replay_due_at
        from webhook_state s join truth t using (webhook_id)
       where t.due_at < s.due_at or t.replay_due_at < s.replay_due_at
       order by s.webhook_id
         for update of s
    ),
    mended as (
      update webhook_state s
         set due_at = least(s.due_at, late.due_at), replay_due_at = least(s.replay_due_at, late.replay_due_at), settled = false, changed_at = clock_timestamp()
        from late where s.webhook_id = late.webhook_id
      returning 1
    )
  select count(*)::integer from mended
$$;
