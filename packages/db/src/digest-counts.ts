// What was delivered since a webhook's last digest, from the statistics that the flushes keep. `told` remembers what was counted by then, over all that is not
// older than its first day; so a result that is recorded late is in the next digest, and none is in two.
import { numberArray, uuidArray } from './array-literal.js';
import { groupBy } from './mailroom.js';
import type { HotPool } from './pools.js';
import { latencyBoundsMs } from './stats-buckets.js';
import { settledSlot, spans } from './stats-columns.js';

/** Counters from the day `from` on (UTC, `YYYY-MM-DD`): deliveries that succeeded by event type, attempts, and these by duration. */
export type Counted = {
  readonly from: string;
  readonly by_type: Readonly<Record<string, number>>;
  readonly attempts: number;
  readonly latency: readonly number[];
};

/** What came between two of these. */
export type Delivered = {
  readonly total: number;
  /** Most first. */
  readonly byType: readonly { readonly eventType: string; readonly count: number }[];
  readonly attempts: number;
  readonly latency: readonly number[];
};

/** Results that come so many days late are still counted. */
export const lateDays = 2;

const sums = `sum(succeeded)::float8 as succeeded, sum(attempts)::float8 as attempts,
  array[${latencyBoundsMs.map((bound) => `sum(ms_${bound})::float8`).join(', ')}] as latency`;
const columns = `event_type, at, succeeded, attempts, ${latencyBoundsMs.map((bound) => `ms_${bound}`).join(', ')}`;

// $1 webhooks, $2 from which day on each is counted, in seconds. What is not settled is in rows of minutes, what is settled in days.
const readSql = `
select u.webhook_id, s.event_type, s.at >= r.recent as is_recent, to_char(r.recent at time zone 'UTC', 'YYYY-MM-DD') as recent, ${sums}
  from unnest($1::uuid[], $2::float8[]) as u (webhook_id, from_s)
  cross join (select date_trunc('day', now(), 'UTC') - interval '${lateDays} days' as recent) r
  cross join lateral (
    select ${columns} from webhook_stats where webhook_id = u.webhook_id and slot < ${settledSlot} and at >= to_timestamp(u.from_s)
    union all
    select ${columns} from webhook_stats
     where webhook_id = u.webhook_id and span = ${spans.day} and slot = ${settledSlot} and at >= to_timestamp(u.from_s)
  ) s
 group by u.webhook_id, s.event_type, is_recent, r.recent`;

type CountRow = {
  webhook_id: string;
  event_type: string;
  is_recent: boolean;
  recent: string;
  succeeded: number;
  attempts: number;
  latency: number[];
};

const countedOf = (from: string, rows: readonly CountRow[]): Counted => {
  const byType = new Map<string, number>();
  for (const { event_type, succeeded } of rows) byType.set(event_type, (byType.get(event_type) ?? 0) + succeeded);
  return {
    from,
    by_type: Object.fromEntries(byType),
    attempts: rows.reduce((sum, row) => sum + row.attempts, 0),
    latency: latencyBoundsMs.map((_, index) => rows.reduce((sum, row) => sum + (row.latency[index] ?? 0), 0)),
  };
};

/** What is counted of webhooks now: over the days of `told`, to be compared with it, and over those that are compared next. */
export const readCounted = async (
  connection: HotPool,
  webhooks: readonly { readonly webhookId: string; readonly from: string }[],
): Promise<ReadonlyMap<string, { readonly now: Counted; readonly next: Counted }>> => {
  const { rows } = await connection.query<CountRow>(readSql, [
    uuidArray(webhooks.map(({ webhookId }) => webhookId)),
    numberArray(webhooks.map(({ from }) => Date.parse(from) / 1_000)),
  ]);
  const rowsOf = groupBy(rows, (row) => row.webhook_id);
  return new Map(
    webhooks.map(({ webhookId, from }) => {
      const own = rowsOf.get(webhookId) ?? [];
      const recent = own[0]?.recent ?? from;
      const next =
        recent > from
          ? countedOf(
              recent,
              own.filter((row) => row.is_recent),
            )
          : countedOf(from, own);
      return [webhookId, { now: countedOf(from, own), next }];
    }),
  );
};

/** What is counted now and was not by then. */
export const deliveredSince = (told: Counted, now: Counted): Delivered => {
  const byType = Object.entries(now.by_type)
    .map(([eventType, count]) => ({ eventType, count: count - (Object.hasOwn(told.by_type, eventType) ? told.by_type[eventType]! : 0) }))
    .filter(({ count }) => count > 0)
    .sort((a, b) => b.count - a.count || (a.eventType < b.eventType ? -1 : 1));
  return {
    total: byType.reduce((sum, { count }) => sum + count, 0),
    byType,
    attempts: now.attempts - told.attempts,
    latency: now.latency.map((count, index) => count - (told.latency[index] ?? 0)),
  };
};
