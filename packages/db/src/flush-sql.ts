// The flush as one statement: what came back of a batch of deliveries becomes deliveries, attempts, statistics, circuit and agenda, and
// the dispatches that it completes are deleted. Everything that is counted is derived from what the inserts and updates really
// changed, so a flush that is sent twice, or late by a worker that was frozen, changes nothing the second time.
//
// Order of locks: deliveries (own lease), statistics by key, webhook_state by id. Consecutive failures are counted in the order in which
// flushes commit and, within one, in which the requests ended (ord): a flush with a success leaves the failures after its last success.
// A webhook_state row is locked only where something of it changes, and is computed from the values of the locked row: reading the
// table again would read the snapshot and lose updates.

//
// What the owner of a webhook is to be told (a circuit opened or closed, a webhook switched off, a delivery failed for good) becomes events
// of our own in the same statement, as do a streak of failures and its end. Deliveries of such events tell nothing, so no event can cause another for ever.

import { errorKindCodes } from '@posthorn/core';
import { failingFailures, publishOwnEvents, toldOfStreaks } from './own-events-sql.js';
import { addUp, attemptCounts, count, statsCounters } from './stats-columns.js';

/** A failure of its endpoint, which uses up one attempt of the schedule: what our own stop cut off does not. */
const failed = (row: string): string =>
  `(${row}.sent and not ${row}.ok and ${row}.error_kind is distinct from ${errorKindCodes.cut_off})::int`;

/**
 * How many deliveries of a webhook the scheduler hands out next: twice as many once a chunk is through of which at least half was taken, as many after worse, one
 * after `failingFailures` in a row and after every change of the circuit. An endpoint that now and then says no is not slowed down for it.
 */
const nextChunk = `case when n.next_circuit <> s.circuit or (n.reported and n.next_circuit <> 0) then 1
                      when n.bads > 0 and n.next_count >= ${failingFailures} then 1
                      when n.reported and n.bads <= n.goods then least(s.chunk * 2, $42)
                      else s.chunk end`;

export const flushSql = `
with input as materialized (
  select *, ok and sent as good, sent and not ok and counts as bad, event_type not like 'posthorn.%' as is_told
    from unnest(
      $1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::boolean[], $7::int[], $8::int2[], $9::int2[], $10::float8[], $11::boolean[],
      $12::int[], $13::boolean[], $14::boolean[], $15::boolean[], $16::int2[], $17::int[], $18::float8[], $19::int2[], $20::int2[], $21::text[],
      $22::int[], $23::int[], $24::int[], $25::int[], $26::int[], $27::text[], $28::text[], $29::bytea[], $30::boolean[], $31::int[], $32::int[],
      $33::float8[], $34::boolean[], $35::boolean[]
    ) with ordinality as t (
      environment_id, tenant_id, event_id, webhook_id, event_type, is_new, attempt, status, reason, due_in_ms, out,
      shape, sent, ok, counts, kind, webhook_version, started_at_ms, status_code, error_kind, error,
      duration_ms, dns_ms, connect_ms, tls_ms, first_byte_ms, request_headers, response_headers, response_body, response_truncated, epoch, threshold,
      hold_ms, gone, replay, ord
    )
),
inserted as (
  insert into deliveries (environment_id, tenant_id, event_id, webhook_id, status, reason, attempt, failures, out, shape, due_at,
                          last_status_code, last_error_kind, ended_at)
  select environment_id, tenant_id, event_id, webhook_id, status, reason, attempt, ${failed('input')}, out, shape,
         now() + due_in_ms * interval '1 ms', status_code, error_kind, case when status > 0 then now() end
    from input where is_new
  on conflict (event_id, webhook_id) do nothing
  returning event_id, webhook_id, attempt::int
),
updated as (
  update deliveries d
     set status = i.status, reason = i.reason, out = false, due_at = now() + i.due_in_ms * interval '1 ms',
         failures = d.failures + ${failed('i')},
         -- An attempt that a person asked for has been made.
         lane = case when i.sent then 0 else d.lane end,
         last_status_code = case when i.sent then i.status_code else d.last_status_code end,
         last_error_kind = case when i.sent then i.error_kind else d.last_error_kind end,
         ended_at = case when i.status > 0 then now() end
    from input i
   where not i.is_new and d.event_id = i.event_id and d.webhook_id = i.webhook_id and d.event_id between $36 and $37
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
  select environment_id, tenant_id, webhook_id, 0, minute, event_type, $38,
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
  select webhook_id, bool_or(bad) as bad, bool_or(kind = 2) as probed, bool_or(gone) as gone, bool_or(is_told) as is_told,
         min(due_in_ms) filter (where status = 0 and not replay) as due_in_ms, min(due_in_ms) filter (where status = 0 and replay) as replay_due_in_ms,
         max(hold_ms) as hold_ms, max(threshold) as threshold
    from tallied where changed group by webhook_id
  union all
  select id, false, false, false, false, null, null, null, null from unnest($39::uuid[]) as r (id)
   where (id in (select webhook_id from tallied where changed)) is not true
),
locked as (
  select m.*, s.circuit, s.circuit_failure_count, s.circuit_epoch, s.cooldown_s, s.failing_since, s.failing_told_at, s.is_opening_told,
         ((m.webhook_id, s.turn) in (select webhook_id, turn from unnest($39::uuid[], $45::int[]) as r (webhook_id, turn))) is true as reported,
         m.gone and s.disabled_at is null as goes,
         -- What waits at a webhook that is switched off is ended at once, whenever it is due.
         m.gone or ((s.disabled_at is not null or s.deleted_at is not null) and (m.due_in_ms is not null or m.replay_due_in_ms is not null)) as ends
    from webhook_state s join moved m on m.webhook_id = s.webhook_id
   where m.bad or m.probed or m.gone or m.hold_ms is not null or now() + m.due_in_ms * interval '1 ms' < s.due_at
      or now() + m.replay_due_in_ms * interval '1 ms' < s.replay_due_at
      or (s.settled and (m.due_in_ms is not null or m.replay_due_in_ms is not null)) or s.circuit_failure_count <> 0
      or ((s.disabled_at is not null or s.deleted_at is not null) and (m.due_in_ms is not null or m.replay_due_in_ms is not null))
      or m.webhook_id = any ($39::uuid[]) or s.failing_told_at is not null
   order by s.webhook_id
     for update of s
),
folded as (
  select l.*, a.last_good is not null as any_good, b.goods, b.bads, b.failures_after, b.probe_good, b.probe_bad,
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
     select count(*) filter (where good) as goods, count(*) filter (where bad) as bads,
            count(*) filter (where bad and ord > coalesce(a.last_good, 0))::int as failures_after,
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
         case circuit when 0 then any_good when 2 then probe_good else false end as succeeds,
         -- How long an opening lasts that begins now.
         case circuit when 2 then least(cooldown_s * 2, $41) else $40 end as opening_s
    from folded f
),
judged as (
  select d.*, next_count >= ${failingFailures} and is_told and (succeeds or failing_told_at is null) as fails,
         succeeds and (failing_told_at is not null or (circuit = 2 and is_opening_told)) as recovers,
         -- A streak of our own events alone is none: its telling would be one of them.
         case when next_count = 0 then null when succeeds or failing_since is null then case when is_told then now() end else failing_since end
           as next_failing_since
    from decided d
),
state as (
  update webhook_state s
     set circuit = n.next_circuit,
         circuit_failure_count = n.next_count,
         circuit_epoch = s.circuit_epoch + (n.next_circuit <> s.circuit)::int,
         circuit_opened_at = case when n.next_circuit = 0 then null when s.circuit = 0 and n.next_circuit = 1 then now() else s.circuit_opened_at end,
         no_success_since = case when n.next_circuit = 0 then null when s.circuit = 0 and n.next_circuit = 1 then now() else s.no_success_since end,
         cooldown_s = case when n.next_circuit = 0 then $40 when n.next_circuit = 1 and s.circuit <> 1 then n.opening_s else s.cooldown_s end,
         chunk = ${nextChunk},
         due_at = case when n.ends then least(s.due_at, now()) else least(s.due_at, now() + n.due_in_ms * interval '1 ms') end,
         replay_due_at = least(s.replay_due_at, now() + n.replay_due_in_ms * interval '1 ms'),
         -- Whatever the time of the new delivery: the scheduler's second look may come before this commit.
         settled = s.settled and n.due_in_ms is null and n.replay_due_in_ms is null and not n.ends,
         circuit_retry_at = case when n.next_circuit = 1 and s.circuit <> 1
                                   then case when not s.manual then greatest(s.hold_until, now() + make_interval(secs => n.opening_s), now() + n.hold_ms * interval '1 ms') end
                                 when n.next_circuit = 0 then null else s.circuit_retry_at end,
         not_before = case when n.next_circuit = 1 and s.circuit <> 1 then now() + make_interval(secs => n.opening_s) else s.not_before end,
         -- The end of the line for the next one.
         out_until = case when n.reported then now() else s.out_until end,
         -- Who was not told of the opening is not told of the closing: a webhook of our own events alone would tell itself for ever.
         is_opening_told = case when s.circuit = 0 and n.next_circuit = 1 then n.is_told else s.is_opening_told end,
         hold_until = greatest(s.hold_until, now() + n.hold_ms * interval '1 ms'),
         disabled_at = case when n.goes then now() else s.disabled_at end,
         disabled_reason = case when n.goes then 'gone' else s.disabled_reason end,
         failing_since = n.next_failing_since,
         failing_told_at = case when n.fails then now() when not n.succeeds then s.failing_told_at end,
         changed_at = clock_timestamp()
    from judged n
   where s.webhook_id = n.webhook_id
  returning s.webhook_id, s.environment_id, s.tenant_id, s.circuit, s.circuit_failure_count, s.circuit_epoch, s.disabled_at is not null as disabled,
            s.hold_until, s.circuit_retry_at, s.is_opening_told, n.circuit as before, n.goes, n.is_told, n.fails, n.recovers, s.failing_since,
            n.failing_since as failing_since_before
),
changes as (
  select *, case circuit when 0 then 'circuit_closed' else case before when 2 then 'circuit_reopened' else 'circuit_opened' end end as kind
    from state where circuit <> before and circuit <> 2
  union all
  select *, 'disabled' from state where goes
),
timeline as (
  insert into webhook_timeline (environment_id, tenant_id, webhook_id, kind, circuit_failure_count, details)
  select environment_id, tenant_id, webhook_id, kind, circuit_failure_count,
         case kind when 'disabled' then '{"reason": "gone"}'::jsonb else '{}' end from changes
),
told as (
  select environment_id, tenant_id, case kind when 'disabled' then 'webhook_disabled' else kind end as kind,
         case kind when 'disabled' then jsonb_build_object('webhook_id', webhook_id, 'disabled_reason', 'gone')
                   else jsonb_build_object('webhook_id', webhook_id, 'circuit_failure_count', circuit_failure_count,
                                           'circuit_retry_at', own_event_time(circuit_retry_at)) end as data
    from changes where case kind when 'disabled' then is_told else is_opening_told and kind <> 'circuit_reopened' end
  union all
  ${toldOfStreaks}
  union all
  select environment_id, tenant_id, 'delivery_failed',
         jsonb_build_object('webhook_id', webhook_id, 'event_id', event_id, 'delivery_id', event_id || '.' || webhook_id, 'event_type', event_type,
                            'attempt', attempt, 'reason', reason_name(reason), 'status_code', status_code, 'error', error)
    from tallied where changed and status = 2 and is_told
),
${publishOwnEvents},
finished as (
  delete from dispatches d using unnest($43::uuid[], $44::int[]) as t (id, claim) where d.id = t.id and d.claim = t.claim
)
select webhook_id, circuit, circuit_epoch, disabled, (extract(epoch from hold_until) * 1000)::float8 as hold_until_ms from state`;
