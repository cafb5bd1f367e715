// Counts by interval, and how things stand.
import { Type } from 'typebox';
import { count, nullable, oneOf, time, timeOrNull, uuid } from './fields.js';

export const intervals = ['minute', 'hour', 'day'] as const;
export const groupings = ['webhook', 'tenant', 'event_type'] as const;

const milliseconds = nullable(Type.Number({ minimum: 0 }), {
  description: 'Interpolated within a bucket of `latency`; null: no attempts.',
});

const counts = {
  attempts: count('Attempts that began in the interval.'),
  attempts_ok: count(),
  retries: count('Attempts after the first of a delivery.'),
  created: count('Deliveries that came to be.'),
  succeeded: count('Deliveries that ended so in the interval.'),
  failed: count(),
  skipped: count(),
  cancelled: count(),
  reopened: count('Deliveries that had ended and were made to go out again.'),
  status_codes: Type.Object({ '3xx': count(), '4xx': count(), '5xx': count() }),
  errors: Type.Object(
    Object.fromEntries(['dns', 'connect', 'tls', 'timeout', 'reset', 'protocol', 'blocked', 'cut_off'].map((name) => [name, count()])),
    { description: 'Attempts without a complete answer, by what happened.' },
  ),
  duration_ms_sum: count('Of all attempts.'),
  latency: Type.Array(count(), { description: 'Attempts by duration: at most the bound of the same place in `latency_bounds_ms`.' }),
  p50_ms: milliseconds,
  p95_ms: milliseconds,
  p99_ms: milliseconds,
};

export const statisticsCountsSchema = Type.Object(counts, {
  $id: 'StatisticsCounts',
  description: 'Attempts and deliveries of some time.',
});
export const statisticsBucketSchema = Type.Object(
  { at: time('Where the interval begins.'), ...counts },
  { $id: 'StatisticsBucket', description: 'The same of one interval.' },
);
export const statisticsGroupSchema = Type.Object(
  { key: Type.String({ description: 'The id of a webhook, a tenant or an event type.' }), ...counts },
  { $id: 'StatisticsGroup', description: 'The same of one webhook, tenant or event type.' },
);

const query = {
  interval: oneOf(intervals),
  from: time('The beginning of an interval.'),
  to: time(),
  latency_bounds_ms: Type.Array(Type.Integer()),
};
const data = Type.Array(Type.Ref('StatisticsBucket'), { description: 'Oldest first; intervals in which nothing happened are left out.' });

export const webhookStatisticsSchema = Type.Object(
  { webhook_id: uuid(), ...query, lifetime: Type.Ref('LifetimeStatistics'), totals: Type.Ref('StatisticsCounts'), data },
  { $id: 'WebhookStatistics', description: 'Attempts that began and deliveries that ended, by interval.' },
);

export const backlogSchema = Type.Object(
  {
    webhooks: count(),
    disabled: count(),
    paused: count(),
    circuits_open: count(),
    circuits_half_open: count(),
    pending: count('Deliveries that wait for their time, or to be taken.'),
    held: count('Deliveries that wait at a webhook that is paused or whose circuit is not closed.'),
    oldest_due_at: timeOrNull('Since when the earliest delivery that may go out waits.'),
    created_per_s: Type.Number({ minimum: 0, description: 'Deliveries, over the last five whole minutes.' }),
    ended_per_s: Type.Number({ minimum: 0 }),
    clear_estimate_s: nullable(count(), { description: 'When the backlog is gone if it goes on so; null: it does not shrink.' }),
  },
  { $id: 'Backlog', description: 'How things stand now.' },
);

export const statisticsSchema = Type.Object(
  {
    ...query,
    group_by: nullable(oneOf(groupings)),
    now: Type.Ref('Backlog'),
    totals: Type.Ref('StatisticsCounts'),
    data,
    groups: nullable(Type.Array(Type.Ref('StatisticsGroup')), {
      description: 'The 100 with most failed attempts, then most attempts; null: nothing is grouped.',
    }),
  },
  { $id: 'Statistics', description: 'Attempts that began and deliveries that ended, by interval, and how things stand now.' },
);
