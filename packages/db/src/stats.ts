// Statistics as people read them: sums over the counters that the flushes kept, never scans of deliveries.
import { sql } from 'kysely';
import type { Database } from './pools.js';
import { settledSlot } from './stats-columns.js';

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

/** Lifetime statistics of webhooks: what was settled (webhook_totals), and what is not yet. */
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
        select webhook_id, ${names}, last_attempt_at, last_success_at from webhook_stats
         where webhook_id = any (${[...webhookIds]}::uuid[]) and slot < ${sql.lit(settledSlot)}
        union all
        select webhook_id, ${names}, last_attempt_at, last_success_at from webhook_totals where webhook_id = any (${[...webhookIds]}::uuid[])
      ) s
     group by webhook_id`.execute(db);
  return new Map(rows.map((row) => [row.webhook_id, row]));
};
