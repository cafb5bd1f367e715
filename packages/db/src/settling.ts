// Raw statistics are added up into hours, days and lifetimes, and into those of their tenants, by the scheduler and never by a flush; of each event type, and of
// all together, so that what is read of a whole costs no row for each of its parts. A raw row is deleted by the statement that adds it up, so each count is in one
// place at every moment; what comes late makes a new raw row, which is settled in its turn.
import { historyDays } from './forgetting.js';
import type { HotPool } from './pools.js';
import {
  allCounters,
  allTenants,
  allTypes,
  type Counter,
  type Span,
  settledSlot,
  spans,
  spansOfAllTypes,
  spansOfEnvironment,
  totalCounters,
} from './stats-columns.js';

/** Raw rows are left alone for so long, in seconds: processes still add to them. */
export const rawForS = 120;
/** How long settled minutes, hours and days of webhooks are kept; those of tenants as well. */
const keptS = { minute: 26 * 3_600, hour: 35 * 86_400, day: historyDays.statistics * 86_400 } as const;

const namesOf = (counters: readonly Counter[]): string => counters.join(', ');
const sumsOf = (counters: readonly Counter[]): string => counters.map((name) => `sum(${name})`).join(', ');
const addUpOf = (counters: readonly Counter[]): string => counters.map((name) => `${name} = s.${name} + excluded.${name}`).join(', ');
const [names, sums, addUp] = [namesOf(allCounters), sumsOf(allCounters), addUpOf(allCounters)];
const latest = `last_attempt_at = greatest(s.last_attempt_at, excluded.last_attempt_at),
         last_success_at = greatest(s.last_success_at, excluded.last_success_at)`;

const lengths = ['minute', 'hour', 'day'] as const satisfies readonly Span[];
/** Where a raw row is added to: the span, that of the environment if there is one, the length of time, and whether of all event types together. */
const intoSpans = lengths
  .flatMap((length) => [
    `(${spans[length]}::int2, null::int2, '${length}', false)`,
    `(${spansOfAllTypes[length]}::int2, ${spansOfEnvironment[length]}::int2, '${length}', true)`,
  ])
  .join(', ');

// SKIP LOCKED: a late flush that writes one of these rows is not waited for, so that the two never wait for each other.
const settleSql = `
with raw as materialized (
  select webhook_id, span, at, event_type, slot from webhook_stats
   where slot < ${settledSlot} and at < now() - make_interval(secs => $2)
   limit $1 for update skip locked
),
gone as (
  delete from webhook_stats s using raw r
   where s.webhook_id = r.webhook_id and s.span = r.span and s.at = r.at and s.event_type = r.event_type and s.slot = r.slot
  returning s.*
),
spread as materialized (
  select g.*, into_span, of_environment, date_trunc(length, g.at, 'UTC') as into_at, case when is_whole then '${allTypes}' else g.event_type end as into_type
    from gone g cross join (values ${intoSpans}) v (into_span, of_environment, length, is_whole)
),
of_webhooks as (
  insert into webhook_stats as s (environment_id, tenant_id, webhook_id, span, at, event_type, slot, ${names}, last_attempt_at, last_success_at)
  select environment_id, tenant_id, webhook_id, into_span, into_at, into_type, ${settledSlot}, ${sums}, max(last_attempt_at), max(last_success_at)
    from spread
   group by environment_id, tenant_id, webhook_id, into_span, into_at, into_type
   order by webhook_id, into_span, into_at, into_type
  on conflict (webhook_id, span, at, event_type, slot) do update set ${addUp}, ${latest}
),
of_tenants as (
  insert into tenant_stats as s (environment_id, tenant_id, span, at, event_type, ${names}, last_attempt_at, last_success_at)
  select * from (
    select environment_id, tenant_id, into_span, into_at, into_type, ${sums}, max(last_attempt_at), max(last_success_at)
      from spread group by environment_id, tenant_id, into_span, into_at, into_type
    union all
    select environment_id, '${allTenants}'::uuid, of_environment, into_at, '${allTypes}', ${sums}, max(last_attempt_at), max(last_success_at)
      from spread where of_environment is not null group by environment_id, of_environment, into_at
  ) t order by environment_id, into_span, into_at, tenant_id, into_type
  on conflict (environment_id, span, at, tenant_id, event_type) do update set ${addUp}, ${latest}
),
of_lifetimes as (
  insert into webhook_totals as s (environment_id, tenant_id, webhook_id, ${namesOf(totalCounters)}, last_attempt_at, last_success_at)
  select environment_id, tenant_id, webhook_id, ${sumsOf(totalCounters)}, max(last_attempt_at), max(last_success_at)
    from gone
   group by environment_id, tenant_id, webhook_id
   order by webhook_id
  on conflict (webhook_id) do update set ${addUpOf(totalCounters)}, ${latest}
)
select count(*)::integer as count from gone`;

/** Settles at most `rowsMax` raw rows of minutes that began before so many seconds; returns how many. Two schedulers at once do no harm. */
export const settleStatistics = async (pool: HotPool, rowsMax: number, olderThanS: number = rawForS): Promise<number> => {
  const { rows } = await pool.query<{ count: number }>({ name: 'settle-statistics', text: settleSql, values: [rowsMax, olderThanS] });
  return rows[0]?.count ?? 0;
};

const expireSql = (table: 'webhook_stats' | 'tenant_stats', span: number, olderThanS: number): string => `
delete from ${table} where ctid in (
  select s.ctid from environments e cross join lateral (
    select ctid from ${table} s
     where s.environment_id = e.id and s.span = ${span} and s.at < now() - interval '${olderThanS} seconds'
       ${table === 'webhook_stats' ? `and s.slot = ${settledSlot}` : ''}
     limit $1) s
   limit $1)`;
const expirySqls = lengths.flatMap((length) => [
  ...[spans, spansOfAllTypes].map((codes) => expireSql('webhook_stats', codes[length], keptS[length])),
  ...[spans, spansOfAllTypes, spansOfEnvironment].map((codes) => expireSql('tenant_stats', codes[length], keptS[length])),
]);

/** Deletes settled statistics that are older than is kept, at most `rowsMax` of each kind; returns how many. What they counted is in longer spans and in lifetimes. */
export const expireStatistics = async (pool: HotPool, rowsMax: number): Promise<number> => {
  let deleted = 0;
  for (const text of expirySqls) deleted += (await pool.query({ text, values: [rowsMax] })).rowCount ?? 0;
  return deleted;
};
