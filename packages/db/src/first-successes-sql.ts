// The flush of the good day: every row is a new delivery whose first attempt succeeded. It promises what flush-sql.ts promises, at half the
// cost, because it inserts without asking for conflicts: where a row is already there (a flush sent twice, another claim of the dispatch)
// the whole statement fails with a unique violation, and the caller sends the general one instead.
import { publishOwnEvents, toldOfStreaks } from './own-events-sql.js';
import { addUp, attemptCounts, statsCounters } from './stats-columns.js';

export const firstSuccessesSql = `
with input as materialized (
  select *, true as counted, true as ok, 0::int2 as kind, null::int2 as error_kind
    from unnest(
      $1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::int[], $7::int[], $8::float8[], $9::int2[], $10::int[], $11::int[], $12::int[],
      $13::int[], $14::int[], $15::text[], $16::text[], $17::bytea[], $18::boolean[], $19::int[]
    ) as t (
      environment_id, tenant_id, event_id, webhook_id, event_type, attempt, shape, started_at_ms, status_code, duration_ms, dns_ms, connect_ms,
      tls_ms, first_byte_ms, request_headers, response_headers, response_body, response_truncated, epoch
    )
),
inserted as (
  insert into deliveries (environment_id, tenant_id, event_id, webhook_id, status, attempt, shape, last_status_code, ended_at)
  select environment_id, tenant_id, event_id, webhook_id, 1, attempt, shape, status_code, now() from input
),
attempted as (
  insert into attempts (environment_id, tenant_id, event_id, webhook_id, n, kind, webhook_version, started_at, ok, status_code, duration_ms, dns_ms,
                        connect_ms, tls_ms, first_byte_ms, request_headers, response_headers, response_body, response_truncated)
  select environment_id, tenant_id, event_id, webhook_id, attempt, kind, shape, to_timestamp(started_at_ms / 1000), true, status_code, duration_ms,
         dns_ms, connect_ms, tls_ms, first_byte_ms, request_headers, response_headers, response_body, response_truncated from input
),
stats as (
  insert into webhook_stats as s (environment_id, tenant_id, webhook_id, span, at, event_type, slot, ${statsCounters.join(', ')},
                                  last_attempt_at, last_success_at)
  select environment_id, tenant_id, webhook_id, 0, minute, event_type, $20, count(*), count(*), 0, 0, 0,
         ${attemptCounts.join(',\n         ')},
         to_timestamp(max(started_at_ms) / 1000), to_timestamp(max(started_at_ms) / 1000)
    from (select i.*, date_trunc('minute', to_timestamp(started_at_ms / 1000)) as minute from input i) i
   group by webhook_id, minute, event_type, environment_id, tenant_id
   order by webhook_id, minute, event_type
  on conflict (webhook_id, span, at, event_type, slot) do update
     set ${addUp}, last_attempt_at = greatest(s.last_attempt_at, excluded.last_attempt_at),
         last_success_at = greatest(s.last_success_at, excluded.last_success_at)
),
-- A success ends the run of failures of a closed circuit.
failing as (
  select s.webhook_id, s.failing_since, s.failing_told_at is not null as recovers
    from (select webhook_id, max(epoch) as epoch from input group by webhook_id) i
    join webhook_state s on s.webhook_id = i.webhook_id
   where (s.circuit_failure_count <> 0 or s.failing_told_at is not null) and s.circuit = 0 and s.circuit_epoch = i.epoch
   order by s.webhook_id
     for update of s
),
state as (
  update webhook_state s set circuit_failure_count = 0, failing_since = null, failing_told_at = null, changed_at = clock_timestamp()
    from failing f where s.webhook_id = f.webhook_id
  returning s.webhook_id, s.environment_id, s.tenant_id, s.circuit, s.circuit_failure_count, s.circuit_epoch, s.disabled_at is not null as disabled,
            s.hold_until, false as fails, f.recovers, s.failing_since, f.failing_since as failing_since_before
),
told (environment_id, tenant_id, kind, data) as (
  ${toldOfStreaks}
),
${publishOwnEvents},
finished as (
  delete from dispatches d using unnest($21::uuid[], $22::int[]) as t (id, claim) where d.id = t.id and d.claim = t.claim
)
select webhook_id, circuit, circuit_epoch, disabled, (extract(epoch from hold_until) * 1000)::float8 as hold_until_ms from state`;
