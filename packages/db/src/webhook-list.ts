// The list of webhooks: filters that are all to be met, three orders, and pages that begin after the row where the last one ended.
import { type RawBuilder, sql } from 'kysely';
import type { Database } from './pools.js';
import { type TimeRange, timeRangeSql } from './time-range.js';
import { selectWebhooks, type WebhookRow } from './webhooks.js';

export const webhookSortColumns = ['created_at', 'name', 'updated_at'] as const;
export type WebhookSortColumn = (typeof webhookSortColumns)[number];

/** Null: any. Texts are compared as they are. */
export type WebhookFilters = {
  readonly isActive: boolean | null;
  readonly status: 'active' | 'paused' | 'disabled' | null;
  /** circuitStateCodes */
  readonly circuit: number | null;
  /** An event type: webhooks that events of this type go to, their other conditions apart. */
  readonly eventType: string | null;
  readonly code: string | null;
  readonly name: string | null;
  readonly url: string | null;
  readonly reference: string | null;
  readonly objectId: string | null;
  readonly createdAt: TimeRange | null;
  readonly updatedAt: TimeRange | null;
};

/** Filters that every webhook meets. */
export const anyWebhook: WebhookFilters = {
  isActive: null,
  status: null,
  circuit: null,
  eventType: null,
  code: null,
  name: null,
  url: null,
  reference: null,
  objectId: null,
  createdAt: null,
  updatedAt: null,
};

export type WebhookPage = {
  readonly environmentId: string;
  readonly tenantId: string | null;
  readonly filters: WebhookFilters;
  readonly sort: { readonly by: WebhookSortColumn; readonly descending: boolean };
  /** Where the page before ended: the sort value as it was read, and the id. */
  readonly after: { readonly value: string; readonly id: string } | null;
  readonly limit: number;
};

/** `sort_value`: what it is sorted by, exact, as text. */
export type ListedWebhook = WebhookRow & { readonly sort_value: string };

/** Each as the index of its order has it. Times to the microsecond: two webhooks of one millisecond have an order too. */
const sortColumns: Readonly<
  Record<WebhookSortColumn, { readonly column: RawBuilder<unknown>; readonly text: RawBuilder<string>; readonly type: RawBuilder<unknown> }>
> = {
  created_at: { column: sql`w.created_at`, text: sql`(extract(epoch from w.created_at) * 1000000)::int8::text`, type: sql`timestamptz` },
  updated_at: { column: sql`w.updated_at`, text: sql`(extract(epoch from w.updated_at) * 1000000)::int8::text`, type: sql`timestamptz` },
  name: { column: sql`coalesce(w.name, '') collate "C"`, text: sql`coalesce(w.name, '')`, type: sql`text` },
};

const positionSql = (by: WebhookSortColumn, value: string): RawBuilder<unknown> =>
  by === 'name' ? sql`${value}::text` : sql`(timestamptz 'epoch' + ${value}::int8 * interval '1 microsecond')`;

/** Whether events of a type go to the webhook: the same as matchesEventType of core, in SQL. */
const wantsTypeSql = (eventType: string): RawBuilder<boolean> => sql<boolean>`(
  case when w.event_types = '{}' then not starts_with(${eventType}, 'posthorn.')
       else exists (select from unnest(w.event_types) pattern
                     where (starts_with(pattern, 'posthorn.') or not starts_with(${eventType}, 'posthorn.'))
                       and ${eventType}::text like replace(replace(pattern, '_', '\\_'), '*', '%')) end)`;

const statusSql = {
  active: sql<boolean>`s.disabled_at is null and s.paused_at is null`,
  paused: sql<boolean>`s.disabled_at is null and s.paused_at is not null`,
  disabled: sql<boolean>`s.disabled_at is not null`,
} as const;

const conditionsOf = (filters: WebhookFilters): readonly RawBuilder<boolean>[] => {
  const { isActive, status, circuit, eventType, code, name, url, reference, objectId, createdAt, updatedAt } = filters;
  return [
    isActive === null ? null : sql<boolean>`(s.disabled_at is null) = ${isActive}`,
    status === null ? null : statusSql[status],
    circuit === null ? null : sql<boolean>`s.circuit = ${circuit}`,
    code === null ? null : sql<boolean>`w.code = ${code}`,
    name === null ? null : sql<boolean>`w.name = ${name}`,
    url === null ? null : sql<boolean>`md5(w.url) = md5(${url}) and w.url = ${url}`,
    reference === null ? null : sql<boolean>`w.reference = ${reference}`,
    objectId === null ? null : sql<boolean>`w.object_id = ${objectId}`,
    createdAt === null ? null : timeRangeSql(sql`w.created_at`, createdAt),
    updatedAt === null ? null : timeRangeSql(sql`w.updated_at`, updatedAt),
    eventType === null ? null : wantsTypeSql(eventType),
  ].filter((condition) => condition !== null);
};

/** Webhooks in reach that meet the filters, in order, ties by id. */
export const listWebhooks = async (db: Database, page: WebhookPage): Promise<readonly ListedWebhook[]> => {
  const { by, descending } = page.sort;
  const { column, text } = sortColumns[by];
  const direction = descending ? 'desc' : 'asc';
  let query = selectWebhooks(db).select(text.as('sort_value')).where('w.environment_id', '=', page.environmentId);
  if (page.tenantId !== null) query = query.where('w.tenant_id', '=', page.tenantId);
  for (const condition of conditionsOf(page.filters)) query = query.where(condition);
  if (page.after !== null) {
    const { value, id } = page.after;
    query = query.where(sql<boolean>`(${column}, w.id) ${sql.raw(descending ? '<' : '>')} (${positionSql(by, value)}, ${id}::uuid)`);
  }
  return query.orderBy(column, direction).orderBy('w.id', direction).limit(page.limit).execute();
};
