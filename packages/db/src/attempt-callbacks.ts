// Attempts as lists of answers, for dialects that know no deliveries: by conditions, page by number, with what it takes to build the body again that
// was sent. Tests are left out. A list looks at its newest attempts alone, so that conditions and count cost the same however many there are.
import { attemptKindCodes, isUuid } from '@posthorn/core';
import { type RawBuilder, sql } from 'kysely';
import { type CallbackRow, type CallbackSqlRow, callbackColumns, callbackOf, callbackRowsSql, readCallbackRows } from './callback-rows.js';
import { type Condition, conditionSql, orderSql, type QueryColumn } from './condition-sql.js';
import { highestId, lowestId } from './id-bounds.js';
import type { Database } from './pools.js';
import type { Reach } from './reading.js';
import { idRangeSql } from './time-range.js';

export const callbackLimits = {
  /** The newest attempts that a list looks at, by event. */
  attemptsMax: 10_000,
  /** Of which deliveries of a webhook its last attempts are: its newest. */
  deliveriesMax: 200,
  /** Up to so many webhooks of a tenant their attempts are looked up by webhook, from there on by event. */
  tenantWebhooksMax: 20,
} as const;

/** How far a worker's clock may be behind the database's. */
const clockSkewMs = 60_000;

/** `created_at`: when it began; `updated_at`: when it ended. `id`: `<event>.<webhook>.<n>`. */
export type CallbackQueryField = 'id' | 'webhook_id' | 'url' | 'response_code' | 'created_at' | 'updated_at';

export type CallbackQuery = Reach & {
  /** All are to be met. */
  readonly conditions: readonly Condition<CallbackQueryField>[];
  /** Ties by event and number, newest first; empty: the last begun first. */
  readonly sort: readonly { readonly by: CallbackQueryField; readonly descending: boolean }[];
  readonly offset: number;
  readonly limit: number;
  readonly withBodies: boolean;
};

const columns: Readonly<Record<CallbackQueryField, QueryColumn>> = {
  id: { sql: sql`(r.event_id || '.' || r.webhook_id || '.' || r.n)`, kind: 'text', isNullable: false },
  webhook_id: { sql: sql`r.webhook_id`, kind: 'uuid', isNullable: false },
  url: { sql: sql`coalesce(v.snapshot ->> 'url', '')`, kind: 'text', isNullable: false },
  response_code: { sql: sql`r.status_code::text`, kind: 'text', isNullable: true },
  created_at: { sql: sql`r.started_at`, kind: 'time', isNullable: false },
  updated_at: { sql: sql`(r.started_at + r.duration_ms * interval '1 millisecond')`, kind: 'time', isNullable: false },
};

const orderOf = (sort: CallbackQuery['sort']): RawBuilder<unknown> => {
  const keys = sort.length === 0 ? [{ by: 'created_at' as const, descending: true }] : sort;
  return sql.join([
    ...keys.map(({ by, descending }) => orderSql(columns[by], descending)),
    sql`r.event_id desc, r.n desc, r.webhook_id desc`,
  ]);
};

// Looked up delivery by delivery: the fence of OFFSET keeps the planner from reading attempts whole.
const attemptsOfDeliveries = sql`cross join lateral (
  select ${callbackColumns} from attempts a where a.event_id = d.event_id and a.webhook_id = d.webhook_id offset 0) a`;

/** Which webhooks (null: all in reach) and events (null: all) a list is about, as far as its conditions say so beforehand. */
type Scope = { readonly webhookIds: readonly string[] | null; readonly eventIds: readonly string[] | null; readonly toMs: number | null };

const scopeOf = (conditions: CallbackQuery['conditions']): Scope => {
  const valuesOf = (name: CallbackQueryField): readonly string[] | null => {
    const found = conditions.find(({ fields: [field, ...others], test }) => {
      return field === name && others.length === 0 && test.is === 'among' && !test.not && !test.orNull;
    });
    return found?.test.is === 'among' ? found.test.values.map(String) : null;
  };
  const uptos = conditions.flatMap(({ fields: [field, ...others], test }) =>
    field === 'created_at' && others.length === 0 && test.is === 'compared' && test.sign.startsWith('<') ? [Number(test.value)] : [],
  );
  return {
    webhookIds: valuesOf('webhook_id')?.filter(isUuid) ?? null,
    eventIds: valuesOf('id')?.flatMap((id) => id.split('.', 1).filter(isUuid)) ?? null,
    // An attempt begins after its event was accepted.
    toMs: uptos.length === 0 ? null : Math.min(...uptos) + clockSkewMs,
  };
};

const placeSql = (alias: 'a' | 'd', { environmentId, tenantId }: Reach, { eventIds, toMs }: Scope): RawBuilder<boolean> => {
  const column = (name: string) => sql.ref(`${alias}.${name}`);
  return sql<boolean>`${column('environment_id')} = ${environmentId}::uuid
    and ${tenantId === null ? sql`true` : sql`${column('tenant_id')} = ${tenantId}::uuid`}
    and ${eventIds === null ? sql`true` : sql`${column('event_id')} = any (${eventIds}::uuid[])`}
    and ${toMs === null ? sql`true` : idRangeSql(column('event_id'), { fromMs: null, toMs })}`;
};

const isNoTest = sql<boolean>`a.kind <> ${sql.lit(attemptKindCodes.test)}`;
const { attemptsMax } = callbackLimits;

/**
 * The newest deliveries of the webhook `w.id` that were tried. Bounds and order are pairs, which no index has but that of a webhook's deliveries: for a
 * webhook that has few the planner would else walk through everybody's, newest first.
 */
const triedOf = (isMeant: RawBuilder<boolean>, deliveriesMax: number): RawBuilder<unknown> => sql`
  select d.event_id, d.webhook_id from deliveries d
   where (d.webhook_id, d.event_id) >= (w.id, ${lowestId}::uuid) and (d.webhook_id, d.event_id) <= (w.id, ${highestId}::uuid)
     and d.attempt > 0 and ${isMeant}
   order by d.webhook_id desc, d.event_id desc limit ${deliveriesMax}::integer`;

/** The newest attempts of these webhooks, along the index of their deliveries. A delivery that was tried has at least one. */
const ofWebhooks = (reach: Reach, scope: Scope, webhookIds: readonly string[]): RawBuilder<unknown> => sql`
  select a.* from (
    select d.event_id, d.webhook_id
      from unnest(${webhookIds}::uuid[]) w (id) cross join lateral (
${triedOf(placeSql('d', reach, scope), attemptsMax)}) d
     order by d.event_id desc limit ${attemptsMax}::integer) d
  ${attemptsOfDeliveries}
   order by a.event_id desc, a.webhook_id desc, a.n desc limit ${attemptsMax}::integer`;

/** The newest attempts of all webhooks in reach, along the primary key. */
const ofAll = (reach: Reach, scope: Scope): RawBuilder<unknown> => sql`
  select ${callbackColumns} from attempts a where ${isNoTest} and ${placeSql('a', reach, scope)}
   order by a.event_id desc, a.webhook_id desc, a.n desc limit ${attemptsMax}::integer`;

/** The webhooks of the reach, the deleted ones too, if they are few; else null. */
const fewWebhooks = async (db: Database, { tenantId }: Reach): Promise<readonly string[] | null> => {
  if (tenantId === null) return null;
  const { tenantWebhooksMax } = callbackLimits;
  const rows = await db
    .selectFrom('webhooks')
    .select('id')
    .where('tenant_id', '=', tenantId)
    .limit(tenantWebhooksMax + 1)
    .execute();
  return rows.length > tenantWebhooksMax ? null : rows.map(({ id }) => id);
};

/** A page of the attempts in reach that meet the conditions, and how many there are on all pages; both among the newest `attemptsMax`. */
export const queryCallbacks = async (
  db: Database,
  query: CallbackQuery,
): Promise<{ readonly rows: readonly CallbackRow[]; readonly count: number }> => {
  const { conditions, sort, offset, limit, withBodies } = query;
  const scope = scopeOf(conditions);
  const webhookIds = scope.webhookIds ?? (await fewWebhooks(db, query));
  const needsUrl = [...conditions.flatMap(({ fields }) => fields), ...sort.map(({ by }) => by)].includes('url');
  const version = sql`left join webhook_versions v on v.webhook_id = r.webhook_id and v.version = r.webhook_version`;
  const met = conditions.length === 0 ? [sql<boolean>`true`] : conditions.map((condition) => conditionSql(columns, condition));
  const order = orderOf(sort);
  const page = sql`select r.*, row_number() over (order by ${order}) as position from matched r ${needsUrl ? version : sql``}
                    order by ${order} limit ${limit} offset ${offset}`;
  const { rows } = await sql<Partial<CallbackSqlRow> & { readonly count: number }>`
    with recent as materialized (${webhookIds === null ? ofAll(query, scope) : ofWebhooks(query, scope, webhookIds)}),
         matched as materialized (select r.* from recent r ${needsUrl ? version : sql``} where ${sql.join(met, sql` and `)})
    select x.*, c.count from (select count(*)::integer as count from matched) c left join (${callbackRowsSql(page, withBodies)}) x on true
     order by x.position`.execute(db);
  return { rows: rows.filter((row) => row.event_id !== null).map((row) => callbackOf(row as CallbackSqlRow)), count: rows[0]!.count };
};

/** One attempt in reach, or undefined; tests are none. */
export const findCallback = async (
  db: Database,
  reach: Reach,
  { eventId, webhookId, attempt }: { readonly eventId: string; readonly webhookId: string; readonly attempt: number },
): Promise<CallbackRow | undefined> => {
  const page = sql`select ${callbackColumns}, 1 as position from attempts a
    where a.event_id = ${eventId}::uuid and a.webhook_id = ${webhookId}::uuid and a.n = ${attempt}::integer and ${isNoTest}
      and ${placeSql('a', reach, { webhookIds: null, eventIds: null, toMs: null })}`;
  const [row] = await readCallbackRows(db, callbackRowsSql(page, true));
  return row;
};

/**
 * The last attempts of webhooks, those last begun first, by the webhook's id; a webhook without any is not among them. The webhooks are the caller's to
 * have checked. Of each the newest `deliveriesMax` deliveries are looked at.
 */
export const newestCallbacks = async (
  db: Database,
  webhookIds: readonly string[],
  withBodies: boolean,
  perWebhook = 10,
): Promise<ReadonlyMap<string, readonly CallbackRow[]>> => {
  const page = sql`
    select a.*, row_number() over (order by a.started_at desc, a.event_id desc, a.n desc, a.webhook_id desc) as position
      from unnest(${webhookIds}::uuid[]) w (id) cross join lateral (
        select a.* from (
${triedOf(sql<boolean>`true`, callbackLimits.deliveriesMax)}) d
        ${attemptsOfDeliveries}
         order by a.started_at desc, a.event_id desc, a.n desc limit ${perWebhook}::integer) a`;
  const byWebhook = new Map<string, CallbackRow[]>();
  for (const row of await readCallbackRows(db, callbackRowsSql(page, withBodies)))
    byWebhook.set(row.webhook_id, [...(byWebhook.get(row.webhook_id) ?? []), row]);
  return byWebhook;
};
