// Counts by interval.
import { Type } from 'typebox';
import { count, oneOf, time, uuid } from './fields.js';

export const intervals = ['minute', 'hour', 'day'] as const;

const statisticsBucketSchema = Type.Object({
  at: time('Where the interval begins.'),
  attempts: count(),
  attempts_ok: count(),
  retries: count(),
  created: count('Deliveries that came to be.'),
  succeeded: count('Deliveries that ended so in the interval.'),
  failed: count(),
  skipped: count(),
  cancelled: count(),
  duration_ms_sum: count('Of all attempts.'),
  latency: Type.Array(count(), { description: 'Attempts by duration: at most the bound of the same place in `latency_bounds_ms`.' }),
});

export const webhookStatisticsSchema = Type.Object(
  {
    webhook_id: uuid(),
    interval: oneOf(intervals),
    from: time(),
    to: time(),
    lifetime: Type.Ref('LifetimeStatistics'),
    latency_bounds_ms: Type.Array(Type.Integer()),
    data: Type.Array(statisticsBucketSchema, { description: 'Oldest first; intervals in which nothing happened are left out.' }),
  },
  { $id: 'WebhookStatistics', description: 'Attempts that began and deliveries that ended, by interval.' },
);
