// The counters of webhook_stats that a flush raises, and how they follow from its rows.

/** Slots among which processes spread their statistics, so that they rarely wait for each other's row: 0 to 15. */
export const statisticsSlots = 16;
/** The slot of the rows that the scheduler adds raw ones up into. */
export const settledSlot = statisticsSlots;

/** The lengths of time that rows are about, as their column has them. */
export const spans = { minute: 0, hour: 1, day: 2 } as const;
export type Span = keyof typeof spans;
/** The same lengths of time of all event types together, under an event type that is empty; of a webhook, and of a tenant. */
export const spansOfAllTypes = { minute: 3, hour: 4, day: 5 } as const;
/** And of all tenants of an environment, under `allTenants`. */
export const spansOfEnvironment = { minute: 6, hour: 7, day: 8 } as const;
export const allTypes = '';
export const allTenants = '00000000-0000-0000-0000-000000000000';

export const statsCounters = [
  'created',
  'succeeded',
  'failed',
  'skipped',
  'cancelled',
  'attempts',
  'attempts_ok',
  'retries',
  'status_3xx',
  'status_4xx',
  'status_5xx',
  'error_dns',
  'error_connect',
  'error_tls',
  'error_timeout',
  'error_reset',
  'error_protocol',
  'error_blocked',
  'error_cut_off',
  'duration_ms_sum',
  'ms_1',
  'ms_2',
  'ms_4',
  'ms_8',
  'ms_16',
  'ms_32',
  'ms_64',
  'ms_128',
  'ms_256',
  'ms_512',
  'ms_1024',
  'ms_2048',
  'ms_4096',
  'ms_8192',
  'ms_16384',
  'ms_32768',
] as const;

/** What re-opening takes back of deliveries that had ended. */
export const againCounters = ['succeeded_again', 'failed_again', 'skipped_again', 'cancelled_again'] as const;

/** Every counter of a row of statistics. */
export const allCounters = [...statsCounters, ...againCounters] as const;
export type Counter = (typeof allCounters)[number];

/** Those that are kept of a webhook's whole life. */
export const totalCounters = [
  'created',
  'succeeded',
  'failed',
  'skipped',
  'cancelled',
  ...againCounters,
  'attempts',
  'attempts_ok',
  'retries',
  'duration_ms_sum',
] as const satisfies readonly Counter[];

const bucketBounds = statsCounters.filter((name) => /^ms_\d+$/.test(name)).map((name) => Number(name.slice(3)));
const errorNames = ['dns', 'connect', 'tls', 'timeout', 'reset', 'protocol', 'blocked', 'cut_off'] as const;

export const count = (condition: string): string => `count(*) filter (where ${condition})`;

/**
 * Counts of attempts over rows that have `ok`, `kind`, `status_code`, `error_kind` and `duration_ms`; in the order of statsCounters from
 * `attempts` on. `counted` says whether a row is an attempt that was really inserted.
 */
export const attemptCounts: readonly string[] = [
  count('counted'),
  count('counted and ok'),
  count('counted and kind in (1, 2)'),
  ...[3, 4, 5].map((hundred) => count(`counted and status_code between ${hundred}00 and ${hundred}99`)),
  ...errorNames.map((_, index) => count(`counted and error_kind = ${index + 1}`)),
  'coalesce(sum(duration_ms) filter (where counted), 0)',
  ...bucketBounds.map((bound, index) =>
    count(`counted and duration_ms <= ${bound}${index === 0 ? '' : ` and duration_ms > ${bucketBounds[index - 1]}`}`),
  ),
];

/** The `do update set` of the counters. */
export const addUp = statsCounters.map((name) => `${name} = s.${name} + excluded.${name}`).join(', ');
