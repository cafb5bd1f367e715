// Statistics as people read them: sums over the counters that the flushes kept, never scans of deliveries.
import { sql } from 'kysely';
import type { Database } from './pools.js';

/** Deliveries by the state they are in now, and attempts, since the webhook was made. */
export type WebhookStatistics = {
  readonly webhook_id: string;
  readonly succeeded: number;
  readonly failed: number;
  readonly waiting: number;
  readonly skipped: number;
  readonly cancelled: number;
  readonly attempts: number;
  readonly last_attempt_at: Date | null;
  readonly last_success_at: Date | null;
};

const lifetimeNames = [
  'created',
  'succeeded',
  'failed',
  'skipped',
  'cancelled',
  'succeeded_again',
  'failed_again',
  'skipped_again',
  'cancelled_again',
  'attempts',
] as const;
const names = sql.raw(lifetimeNames.join(', '));

/** Lifetime statistics of webhooks: what retention dropped (webhook_totals) plus what is still there. */
export const readWebhookStatistics = async (
  db: Database,
  webhookIds: readonly string[],
): Promise<ReadonlyMap<string, WebhookStatistics>> => {
  if (webhookIds.length === 0) return new Map();
  const { rows } = await sql<WebhookStatistics>`
    select webhook_id,
           (sum(succeeded) - sum(succeeded_again))::int8 as succeeded, (sum(failed) - sum(failed_again))::int8 as failed,
           (sum(skipped) - sum(skipped_again))::int8 as skipped, (sum(cancelled) - sum(cancelled_again))::int8 as cancelled,
           (sum(created) - sum(succeeded) - sum(failed) - sum(skipped) - sum(cancelled)
             + sum(succeeded_again) + sum(failed_again) + sum(skipped_again) + sum(cancelled_again))::int8 as waiting,
           sum(attempts)::int8 as attempts, max(last_attempt_at) as last_attempt_at, max(last_success_at) as last_success_at
      from (
        select webhook_id, ${names}, last_attempt_at, last_success_at from webhook_stats where webhook_id = any (${[...webhookIds]}::uuid[])
        union all
        select webhook_id, ${names}, last_attempt_at, last_success_at from webhook_totals where webhook_id = any (${[...webhookIds]}::uuid[])
      ) s
     group by webhook_id`.execute(db);
  return new Map(rows.map((row) => [row.webhook_id, row]));
};

export const latencyBoundsMs = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768] as const;

/** Counts of one interval: attempts that began in it and deliveries that ended in it. */
export type StatisticsBucket = {
  readonly at: Date;
  readonly attempts: number;
  readonly attempts_ok: number;
  readonly retries: number;
  readonly created: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly skipped: number;
  readonly cancelled: number;
  readonly duration_ms_sum: number;
  /** Attempts by duration: at most latencyBoundsMs[i] and more than the bound before it. */
  readonly latency: readonly number[];
};

export type StatisticsQuery = {
  readonly environmentId: string;
  readonly webhookId: string;
  readonly from: Date;
  readonly to: Date;
  readonly interval: 'minute' | 'hour' | 'day';
};

/** Buckets of one webhook, oldest first; intervals in which nothing happened are left out. */
export const readStatistics = async (db: Database, query: StatisticsQuery): Promise<readonly StatisticsBucket[]> => {
  const sums = ['attempts', 'attempts_ok', 'retries', 'created', 'succeeded', 'failed', 'skipped', 'cancelled', 'duration_ms_sum'];
  const { rows } = await sql<StatisticsBucket>`
    select date_trunc(${query.interval}, at, 'UTC') as at,
           ${sql.raw(sums.map((name) => `sum(${name})::int8 as ${name}`).join(', '))},
           array[${sql.raw(latencyBoundsMs.map((bound) => `sum(ms_${bound})::int4`).join(', '))}] as latency
      from webhook_stats
     where webhook_id = ${query.webhookId} and environment_id = ${query.environmentId} and at >= ${query.from} and at < ${query.to}
     group by 1 order by 1`.execute(db);
  return rows;
};
