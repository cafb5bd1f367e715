// Webhooks by conditions that people put together themselves, in any order, page by number, with how many there are: for dialects whose lists are so.
// Conditions and order decide on ids alone; what a page shows is read for its own rows.
import { type RawBuilder, sql } from 'kysely';
import { type Condition, conditionSql, orderSql, type QueryColumn } from './condition-sql.js';
import type { Database } from './pools.js';
import type { Reach } from './reading.js';
import { selectWebhooks, type WebhookRow } from './webhooks.js';

export type WebhookQueryField =
  | 'id'
  | 'name'
  | 'topic'
  | 'url'
  | 'circuit_state'
  | 'circuit_failure_count'
  | 'disabled_at'
  | 'created_at'
  | 'updated_at'
  | 'reference'
  | 'reference_origin';

export type WebhookQuery = Reach & {
  /** All are to be met. */
  readonly conditions: readonly Condition<WebhookQueryField>[];
  /** Ties by id, in the direction of the last; empty: newest first. */
  readonly sort: readonly { readonly by: WebhookQueryField; readonly descending: boolean }[];
  readonly offset: number;
  readonly limit: number;
};

const required = (column: RawBuilder<unknown>, kind: QueryColumn['kind']): QueryColumn => ({ sql: column, kind, isNullable: false });
const nullable = (column: RawBuilder<unknown>, kind: QueryColumn['kind']): QueryColumn => ({ sql: column, kind, isNullable: true });

/** `topic`: all event types in one text, `*` for every one. `circuit_state`: what is not closed is open. */
const columns: Readonly<Record<WebhookQueryField, QueryColumn>> = {
  id: required(sql`w.id`, 'uuid'),
  name: nullable(sql`w.name`, 'text'),
  topic: required(sql`(case when w.event_types = '{}' then '*' else array_to_string(w.event_types, ',') end)`, 'text'),
  url: required(sql`w.url`, 'text'),
  circuit_state: required(sql`(case when s.circuit = 0 then 'closed' else 'open' end)`, 'text'),
  circuit_failure_count: required(sql`s.circuit_failure_count`, 'number'),
  disabled_at: nullable(sql`s.disabled_at`, 'time'),
  created_at: required(sql`w.created_at`, 'time'),
  updated_at: required(sql`w.updated_at`, 'time'),
  reference: nullable(sql`w.reference`, 'text'),
  reference_origin: nullable(sql`w.reference_origin`, 'text'),
};
/** By name the nameless come first, as its index has them. */
const sortColumns = { ...columns, name: required(sql`coalesce(w.name, '')`, 'text') };
const ofState: readonly WebhookQueryField[] = ['circuit_state', 'circuit_failure_count', 'disabled_at'];

/**
 * From where ids are chosen; the state's row is read where it is asked for. OFFSET 0 is a fence to the planner: it would look the states up one by one in
 * the order of the page, in the hope of ten that meet the conditions soon.
 */
const chosenFrom = (
  { environmentId, tenantId, conditions }: WebhookQuery,
  fields: readonly WebhookQueryField[],
): RawBuilder<unknown> => sql`
  from webhooks w ${
    fields.some((field) => ofState.includes(field))
      ? sql`join (
    select webhook_id, circuit, circuit_failure_count, disabled_at from webhook_state s
     where s.environment_id = ${environmentId}::uuid and ${tenantId === null ? sql`true` : sql`s.tenant_id = ${tenantId}::uuid`} offset 0
  ) s on s.webhook_id = w.id`
      : sql``
  }
 where w.deleted_at is null and w.environment_id = ${environmentId}::uuid
   and ${tenantId === null ? sql`true` : sql`w.tenant_id = ${tenantId}::uuid`}
   and ${
     conditions.length === 0
       ? sql`true`
       : sql.join(
           conditions.map((condition) => conditionSql(columns, condition)),
           sql` and `,
         )
   }`;

const orderOf = ({ sort }: WebhookQuery): RawBuilder<unknown> => {
  const keys = sort.length === 0 ? [{ by: 'created_at' as const, descending: true }] : sort;
  const last = keys.at(-1)!;
  const withId = keys.some(({ by }) => by === 'id') ? keys : [...keys, { by: 'id' as const, descending: last.descending }];
  return sql.join(withId.map(({ by, descending }) => orderSql(sortColumns[by], descending)));
};

/** A page of the webhooks in reach that meet the conditions, and how many there are on all pages. */
export const queryWebhooks = async (
  db: Database,
  query: WebhookQuery,
): Promise<{ readonly rows: readonly WebhookRow[]; readonly count: number }> => {
  const asked = query.conditions.flatMap(({ fields }) => fields);
  const order = orderOf(query);
  const chosen = await sql<{ id: string }>`
    select w.id ${chosenFrom(query, [...asked, ...query.sort.map(({ by }) => by)])}
     order by ${order} limit ${query.limit} offset ${query.offset}`.execute(db);
  const ids = chosen.rows.map(({ id }) => id);
  const rows =
    ids.length === 0 ? [] : await selectWebhooks(db).where('w.id', 'in', ids).orderBy(sql`array_position(${ids}::uuid[], w.id)`).execute();
  // A page that is not full is the last one.
  if (ids.length > 0 && ids.length < query.limit) return { rows, count: query.offset + ids.length };
  const counted = await sql<{ count: number }>`select count(*)::integer as count ${chosenFrom(query, asked)}`.execute(db);
  return { rows, count: counted.rows[0]!.count };
};
