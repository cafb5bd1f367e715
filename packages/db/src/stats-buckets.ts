// Statistics by interval: of an environment, a tenant, a webhook or an event type, by any of these. Sums over the rows of one span and over what is not
// settled yet, never scans of deliveries.
import { type RawBuilder, sql } from 'kysely';
import type { Database } from './pools.js';
import {
  allCounters,
  allTenants,
  type Counter,
  type Span,
  settledSlot,
  spans,
  spansOfAllTypes,
  spansOfEnvironment,
} from './stats-columns.js';

export const latencyBoundsMs = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768] as const;

/** What is asked of; null: all. */
export type StatisticsScope = {
  readonly environmentId: string;
  readonly tenantId: string | null;
  readonly webhookId: string | null;
  readonly eventType: string | null;
};

export type StatisticsQuery = StatisticsScope & {
  /** From the interval that `from` is in, up to `to`. */
  readonly from: Date;
  readonly to: Date;
  readonly interval: Span;
};

/** Attempts that began, deliveries that came to be and that ended, and how long attempts took. */
export type StatisticsCounts = Readonly<Record<PlainCounter, number>> & {
  /** Attempts by duration: at most latencyBoundsMs[i] and more than the bound before it. */
  readonly latency: readonly number[];
};
export type StatisticsBucket = StatisticsCounts & { readonly at: Date };
export type StatisticsGroup = StatisticsCounts & { readonly key: string };

type PlainCounter = Exclude<Counter, `ms_${number}`>;
const isPlain = (name: Counter): name is PlainCounter => !/^ms_\d+$/.test(name);
const plain = allCounters.filter(isPlain);

/** Of several rows. */
export const sumOfCounts = (all: readonly StatisticsCounts[]): StatisticsCounts => {
  const sum = (countOf: (counts: StatisticsCounts) => number): number => all.reduce((total, counts) => total + countOf(counts), 0);
  return {
    ...(Object.fromEntries(plain.map((name) => [name, sum((counts) => counts[name])])) as Record<PlainCounter, number>),
    latency: latencyBoundsMs.map((_, index) => sum((counts) => counts.latency[index] ?? 0)),
  };
};
const sums = sql.raw(
  [
    ...plain.map((name) => `coalesce(sum(${name}), 0)::float8 as ${name}`),
    `array[${latencyBoundsMs.map((bound) => `coalesce(sum(ms_${bound}), 0)::float8`).join(', ')}] as latency`,
  ].join(', '),
);
const columns = sql.raw(['at', 'tenant_id', 'event_type', ...allCounters].join(', '));

const conditions = ({ environmentId, tenantId, eventType, from, to, interval }: StatisticsQuery): RawBuilder<unknown> => sql`
  environment_id = ${environmentId}::uuid and at >= date_trunc(${interval}, ${from}::timestamptz, 'UTC') and at < ${to}::timestamptz
  and ${tenantId === null ? sql`true` : sql`tenant_id = ${tenantId}::uuid`}
  and ${eventType === null ? sql`true` : sql`event_type = ${eventType}`}`;

/** The settled rows: the fewest that tell what is asked, so of all event types together and of all tenants together where neither is. */
const settledOf = (query: StatisticsQuery, grouping: StatisticsGrouping | null): RawBuilder<unknown> => {
  const { webhookId, interval, tenantId, eventType } = query;
  const where = conditions(query);
  const isWhole = eventType === null && grouping !== 'event_type';
  const span = sql.lit((isWhole ? spansOfAllTypes : spans)[interval]);
  if (webhookId !== null || grouping === 'webhook') {
    const ofWebhook = webhookId === null ? sql`true` : sql`webhook_id = ${webhookId}::uuid`;
    return sql`select ${columns}, webhook_id from webhook_stats where slot = ${sql.lit(settledSlot)} and span = ${span} and ${ofWebhook} and ${where}`;
  }
  const ofTenants = sql`select ${columns}, null::uuid as webhook_id from tenant_stats where ${where}`;
  return isWhole && tenantId === null && grouping !== 'tenant'
    ? sql`${ofTenants} and span = ${sql.lit(spansOfEnvironment[interval])} and tenant_id = ${sql.lit(allTenants)}::uuid`
    : sql`${ofTenants} and span = ${span}`;
};

/** The rows that count: settled ones, of each part of the time, and raw ones. */
const rowsOf = (
  query: StatisticsQuery,
  grouping: StatisticsGrouping | null,
  parts: readonly StatisticsQuery[] = [query],
): RawBuilder<unknown> => {
  const ofWebhook = query.webhookId === null ? sql`true` : sql`webhook_id = ${query.webhookId}::uuid`;
  const settled = sql.join(
    parts.map((part) => settledOf(part, grouping)),
    sql` union all `,
  );
  return sql`${settled} union all
    select ${columns}, webhook_id from webhook_stats where slot < ${sql.lit(settledSlot)} and ${ofWebhook} and ${conditions(query)}`;
};

/** Buckets, oldest first; intervals in which nothing happened are left out. */
export const readStatistics = async (db: Database, query: StatisticsQuery): Promise<readonly StatisticsBucket[]> => {
  const { rows } = await sql<StatisticsBucket>`
    select date_trunc(${query.interval}, at, 'UTC') as at, ${sums} from (${rowsOf(query, null)}) s group by 1 order by 1`.execute(db);
  return rows;
};

export type StatisticsGrouping = 'webhook' | 'tenant' | 'event_type';
const keys = {
  webhook: sql`s.webhook_id::text`,
  tenant: sql`(select t.key from tenants t where t.id = s.tenant_id)`,
  event_type: sql`s.event_type`,
} as const;
const groupColumns = { webhook: sql`s.webhook_id`, tenant: sql`s.tenant_id`, event_type: sql`s.event_type` } as const;

const dayMs = 86_400_000;

/** The same time in parts, of which whole days are read as days and not hour by hour; for sums over the whole time alone. */
const partsOf = (query: StatisticsQuery): readonly StatisticsQuery[] => {
  const firstDay = new Date(Math.ceil(query.from.getTime() / dayMs) * dayMs);
  const lastDay = new Date(Math.floor(query.to.getTime() / dayMs) * dayMs);
  if (query.interval !== 'hour' || firstDay >= lastDay) return [query];
  return [
    { ...query, to: firstDay },
    { ...query, from: firstDay, to: lastDay, interval: 'day' as const },
    { ...query, from: lastDay },
  ].filter(({ from, to }) => from < to);
};

/** The whole time in one, by group: those with most failed attempts first, then those with most attempts. */
export const readStatisticsGroups = async (
  db: Database,
  query: StatisticsQuery,
  grouping: StatisticsGrouping,
  groupsMax: number,
): Promise<readonly StatisticsGroup[]> => {
  const { rows } = await sql<StatisticsGroup>`
    select ${keys[grouping]} as key, ${sums} from (${rowsOf(query, grouping, partsOf(query))}) s
     group by ${groupColumns[grouping]}
     order by sum(attempts - attempts_ok) desc, sum(attempts) desc, 1 limit ${groupsMax}`.execute(db);
  return rows;
};
