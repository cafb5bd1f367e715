// The flush as one statement: what came back of a batch of deliveries becomes deliveries, attempts, statistics, circuit and agenda, and
// the dispatches that it completes are deleted. Everything that is counted is derived from what the inserts and updates really
// changed, so a flush that is sent twice, or late by a worker that was frozen, changes nothing the second time.
//
// Order of locks: deliveries (own lease), statistics by key, webhook_state by id. Consecutive failures are counted in the order in which
// flushes commit and, within one, in which the requests ended (ord): a flush with a success leaves the failures after its last success.
// A webhook_state row is locked only where something of it changes, and is computed from the values of the locked row: reading the
// table again would read the snapshot and lose updates.

import { addUp, attemptCounts, count, statsCounters } from './stats-columns.js';

export const flushSql = `
with input as materialized (
  select *, ok and sent as good, sent and not ok and counts as bad
    from unnest(
      $1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::boolean[], $7::int[], $8::int2[], $9::int2[], $10::float8[], $11::boolean[],
      $12::int[], $13::boolean[], $14::boolean[], $15::boolean[], $16::int2[], $17::int[], $18::float8[], $19::int2[], $20::int2[], $21::text[],
      $22::int[], $23::int[], $24::int[], $25::int[], $26::int[], $27::text[], $28::text[], $29::bytea[], $30::boolean[], $31::int[], $32::int[],
      $33::float8[]
    ) with ordinality as t (
      environment_id, tenant_id, event_id, webhook_id, event_type, is_new, attempt, status, reason, due_in_ms, out,
      shape, sent, ok, counts, kind, webhook_version, started_at_ms, status_code, error_kind, error,
      duration_ms, dns_ms, connect_ms, tls_ms, first_byte_ms, request_headers, response_headers, response_body, response_truncated, epoch, threshold,
      hold_ms, ord
    )
),
inserted as (
  insert into deliveries (environment_id, tenant_id, event_id, webhook_id, status, reason, attempt, failures, out, shape, due_at,
                          last_status_code, last_error_kind, ended_at)
  select environment_id, tenant_id, event_id, webhook_id, status, reason, attempt, (sent and not ok)::int, out, shape,
         now() + due_in_ms * interval '1 ms', status_code, error_kind, case when status > 0 then now() end
    from input where is_new
  on conflict (event_id, webhook_id) do nothing
  returning event_id, webhook_id, attempt::int
),
updated as (
  update deliveries d
     set status = i.status, reason = i.reason, out = false, due_at = now() + i.due_in_ms * interval '1 ms',
         failures = d.failures + (i.sent and not i.ok)::int,
         last_status_code = case when i.sent then i.status_code else d.last_status_code end,
         last_error_kind = case when i.sent then i.error_kind else d.last_error_kind end,
         ended_at = case when i.status > 0 then now() end
    from input i
   where not i.is_new and d.event_id = i.event_id and d.webhook_id = i.webhook_id and d.event_id between $34 and $35
     and d.attempt = i.attempt and d.out and d.status = 0
  returning d.event_id, d.webhook_id, i.attempt
),
attempted as (
  insert into attempts (environment_id, tenant_id, event_id, webhook_id, n, kind, webhook_version, started_at, ok, status_code, error_kind, error,
                        duration_ms, dns_ms, connect_ms, tls_ms, first_byte_ms, request_headers, response_headers, response_body, response_truncated)
  select environment_id, tenant_id, event_id, webhook_id, attempt, kind, webhook_version, to_timestamp(started_at_ms / 1000), ok, status_code,
         error_kind, error, duration_ms, dns_ms, connect_ms, tls_ms, first_byte_ms, request_headers, response_headers, response_body, response_truncated
    from input where sent
  on conflict (event_id, webhook_id, n) do nothing
  returning event_id, webhook_id, n
),
-- "is true" keeps the planner from turning these into joins: a hashed subplan costs the same for 8 rows and for 800.
tallied as (
  select i.*, i.is_new and i.changed as is_created
    from (
      select i.*,
             ((event_id, webhook_id, attempt, is_new) in (select event_id, webhook_id, attempt, true from inserted
                                                          union all select event_id, webhook_id, attempt, false from updated)) is true as changed,
             i.sent and ((event_id, webhook_id, attempt) in (select event_id, webhook_id, n from attempted)) is true as counted
        from input i
    ) i
),
stats as (
  insert into webhook_stats as s (environment_id, tenant_id, webhook_id, span, at, event_type, slot, ${statsCounters.join(', ')},
                                  last_attempt_at, last_success_at)
  select environment_id, tenant_id, webhook_id, 0, minute, event_type, $36,
         ${count('is_created')}, ${[1, 2, 3, 4].map((status) => count(`changed and status = ${status}`)).join(', ')},
         ${attemptCounts.join(',\n         ')},
         to_timestamp(max(started_at_ms) filter (where counted) / 1000), to_timestamp(max(started_at_ms) filter (where counted and ok) / 1000)
    from (select t.*, date_trunc('minute', coalesce(to_timestamp(started_at_ms / 1000), now())) as minute from tallied t where counted or changed) t
   group by webhook_id, minute, event_type, environment_id, tenant_id
   order by webhook_id, minute, event_type
  on conflict (webhook_id, span, at, event_type, slot) do update
     set ${addUp}, last_attempt_at = greatest(s.last_attempt_at, excluded.last_attempt_at),
         last_success_at = greatest(s.last_success_at, excluded.last_success_at)
),
-- Materialized: FOR UPDATE that had to wait for another's change looks at its row anew, and loses it where it is joined to an inlined union.
moved as materialized (
  select webhook_id, bool_or(bad) as bad, bool_or(kind = 2) as probed, min(due_in_ms) filter (where status = 0) as due_in_ms,
         max(hold_ms) as hold_ms, max(threshold) as threshold
    from tallied where changed group by webhook_id
  union all
  select id, false, false, null, null, null from unnest($37::uuid[]) as r (id)
   where (id in (select webhook_id from tallied where changed)) is not true
),
locked as (
  select m.*, s.circuit, s.circuit_failure_count, s.circuit_epoch, s.cooldown_s,
         ((m.webhook_id, s.turn) in (select webhook_id, turn from unnest($37::uuid[], $43::int[]) as r (webhook_id, turn))) is true as reported,
         -- A time beyond the end of any lease is what the endpoint asked for: neither a report nor an opening may shorten it.
         case when s.not_before > now() + make_interval(secs => s.chunk_lease_s) then s.not_before end as held_until
    from webhook_state s join moved m on m.webhook_id = s.webhook_id
   where m.bad or m.probed or m.hold_ms is not null or now() + m.due_in_ms * interval '1 ms' < s.due_at
      or (s.settled and m.due_in_ms is not null) or s.circuit_failure_count <> 0 or m.webhook_id = any ($37::uuid[])
   order by s.webhook_id
     for update of s
),
folded as (
  select l.*, a.last_good is not null as any_good, b.failures_after, b.probe_good, b.probe_bad,
         case l.circuit
           when 0 then case when a.last_good is not null then b.failures_after else l.circuit_failure_count + b.failures_after end
           when 2 then case when b.probe_good then 0 when b.probe_bad then l.circuit_failure_count + 1 else l.circuit_failure_count end
           else l.circuit_failure_count
         end as next_count
    from locked l
   cross join lateral (
     select max(ord) filter (where good) as last_good from tallied t where t.webhook_id = l.webhook_id and changed and epoch = l.circuit_epoch
   ) a
   cross join lateral (
     select count(*) filter (where bad and ord > coalesce(a.last_good, 0))::int as failures_after,
            coalesce(bool_or(kind = 2 and good), false) as probe_good, coalesce(bool_or(kind = 2 and bad), false) as probe_bad
       from tallied t where t.webhook_id = l.webhook_id and changed and epoch = l.circuit_epoch
   ) b
),
decided as (
  select f.*,
         case circuit
           when 0 then case when next_count >= threshold and failures_after > 0 then 1 else 0 end
           when 2 then case when probe_good then 0 when probe_bad then 1 else 2 end
           else circuit
         end as next_circuit,
         -- How long an opening lasts that begins now.
         case circuit when 2 then least(cooldown_s * 2, $39) else $38 end as opening_s
    from folded f
),
state as (
  update webhook_state s
     set circuit = n.next_circuit,
         circuit_failure_count = n.next_count,
         circuit_epoch = s.circuit_epoch + (n.next_circuit <> s.circuit)::int,
         circuit_opened_at = case when n.next_circuit = 0 then null when s.circuit = 0 and n.next_circuit = 1 then now() else s.circuit_opened_at end,
         no_success_since = case when n.next_circuit = 0 then null when s.circuit = 0 and n.next_circuit = 1 then now() else s.no_success_since end,
         cooldown_s = case when n.next_circuit = 0 then $38 when n.next_circuit = 1 and s.circuit <> 1 then n.opening_s else s.cooldown_s end,
         chunk = case when not n.reported then case when n.next_circuit <> s.circuit then 1 else s.chunk end
                      when n.next_circuit <> 0 or n.failures_after > 0 or s.circuit <> 0 then 1
                      else least(s.chunk * 2, $40) end,
         due_at = least(s.due_at, now() + n.due_in_ms * interval '1 ms'),
         -- Whatever the time of the new delivery: the scheduler's second look may come before this commit.
         settled = s.settled and n.due_in_ms is null,
         circuit_retry_at = case when n.next_circuit = 1 and s.circuit <> 1
                                   then greatest(n.held_until, now() + make_interval(secs => n.opening_s), now() + n.hold_ms * interval '1 ms')
                                 when n.next_circuit = 0 then null else s.circuit_retry_at end,
         not_before = case
           when n.next_circuit = 1 and s.circuit <> 1
             then greatest(n.held_until, now() + make_interval(secs => n.opening_s), now() + n.hold_ms * interval '1 ms')
           when n.hold_ms is not null
             then greatest(case when n.reported then now() else s.not_before end, n.held_until, now() + n.hold_ms * interval '1 ms')
           when n.reported and n.next_circuit <> 1 then greatest(n.held_until, now())
           else s.not_before end,
         changed_at = clock_timestamp()
    from decided n
   where s.webhook_id = n.webhook_id
  returning s.webhook_id, s.environment_id, s.tenant_id, s.circuit, s.circuit_failure_count, s.circuit_epoch, s.not_before, n.circuit as before
),
timeline as (
  insert into webhook_timeline (environment_id, tenant_id, webhook_id, kind, circuit_failure_count)
  select environment_id, tenant_id, webhook_id,
         case circuit when 0 then 'circuit_closed' else case before when 2 then 'circuit_reopened' else 'circuit_opened' end end, circuit_failure_count
    from state where circuit <> before and circuit <> 2
),
finished as (
  delete from dispatches d using unnest($41::uuid[], $42::int[]) as t (id, claim) where d.id = t.id and d.claim = t.claim
)
select webhook_id, circuit, circuit_epoch from state`;
