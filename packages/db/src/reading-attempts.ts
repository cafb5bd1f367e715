// What people read of attempts. Everything is bound to an environment, and to a tenant where the reader is.
import { attemptKindCodes } from '@posthorn/core';
import { type RawBuilder, sql } from 'kysely';
import { type Stretch, type Walked, walk } from './bounded-walk.js';
import { highestId, lowestId } from './id-bounds.js';
import type { Database } from './pools.js';
import type { Reach } from './reading.js';

export type AttemptRow = {
  readonly event_id: string;
  readonly webhook_id: string;
  readonly n: number;
  readonly kind: number;
  readonly webhook_version: number;
  readonly started_at: Date;
  readonly ok: boolean;
  readonly status_code: number | null;
  readonly error_kind: number | null;
  readonly error: string | null;
  readonly duration_ms: number;
  readonly dns_ms: number | null;
  readonly connect_ms: number | null;
  readonly tls_ms: number | null;
  readonly first_byte_ms: number | null;
  readonly request_headers: string | null;
  readonly response_headers: string | null;
  readonly response_body: Buffer | null;
  readonly response_truncated: boolean;
};

export type AttemptPage = Reach & {
  readonly webhookId: string;
  /** attemptKindCodes */
  readonly kind: number | null;
  readonly succeeded: boolean | null;
  readonly before: { readonly eventId: string; readonly n: number } | null;
  readonly limit: number;
};

/** Of deliveries that were tried, each of which is looked into. */
const attemptLimits = { firstRows: 200, rowsMax: 4_000 } as const;

type Position = NonNullable<AttemptPage['before']>;
type Limits = { readonly firstRows: number; readonly rowsMax: number };

const inReach = (alias: 'd' | 'a', { environmentId, tenantId }: AttemptPage): RawBuilder<boolean> =>
  sql<boolean>`${sql.ref(`${alias}.environment_id`)} = ${environmentId}::uuid
    and ${tenantId === null ? sql`true` : sql`${sql.ref(`${alias}.tenant_id`)} = ${tenantId}::uuid`}`;

const wanted = ({ kind, succeeded }: AttemptPage, before: Position | null): RawBuilder<boolean> =>
  sql<boolean>`${kind === null ? sql`true` : sql`a.kind = ${kind}::smallint`} and ${succeeded === null ? sql`true` : sql`a.ok = ${succeeded}`}
    and ${before === null ? sql`true` : sql`(a.event_id <= ${before.eventId}::uuid and (a.event_id, a.n) < (${before.eventId}::uuid, ${before.n}::integer))`}`;

/**
 * Along the index of the webhook's deliveries, so that attempts need no index by webhook of their own; tests, which have no delivery, have one. Bounds and
 * order of the deliveries are pairs, which no other index has: else the planner might walk through everybody's. Each is looked into by itself (OFFSET 0 is
 * a fence), so attempts come in its order.
 */
const readStretch = async (
  db: Database,
  page: AttemptPage,
  { before, limit, rowsMax }: Stretch<Position>,
): Promise<Walked<AttemptRow, Position>> => {
  // What was never asked for is not looked for.
  const [withDeliveries, withTests] = [page.kind !== attemptKindCodes.test, page.kind === null || page.kind === attemptKindCodes.test];
  // Where the last stretch looked through a whole delivery, this one begins behind it.
  const upTo = before?.n === 0 ? sql`<` : sql`<=`;
  const tried = sql`d.attempt > 0 and ${inReach('d', page)} and (d.webhook_id, d.event_id) >= (${page.webhookId}::uuid, ${lowestId}::uuid)
    and (d.webhook_id, d.event_id) ${upTo} (${page.webhookId}::uuid, ${before?.eventId ?? highestId}::uuid)
    and ${before === null ? sql`true` : sql`d.event_id ${upTo} ${before.eventId}::uuid`} and ${withDeliveries}::boolean`;
  const { rows } = await sql<AttemptRow & { readonly cut: string | null }>`
    with found as materialized (
      select a.* from (select d.event_id, d.webhook_id from deliveries d where ${tried}
                        order by d.webhook_id desc, d.event_id desc limit ${rowsMax}::integer) d
       cross join lateral (
         select a.* from attempts a where a.event_id = d.event_id and a.webhook_id = d.webhook_id and ${wanted(page, before)}
          order by a.n desc offset 0) a
       limit ${limit}::integer
    ),
    cut as materialized (
      select d.event_id from deliveries d where (select count(*) from found) < ${limit}::integer and ${tried}
       order by d.webhook_id desc, d.event_id desc offset ${rowsMax - 1}::integer limit 1
    ),
    tests as materialized (
      select a.* from attempts a
       where ${withTests}::boolean and a.kind = ${sql.lit(attemptKindCodes.test)} and a.webhook_id = ${page.webhookId}::uuid and ${inReach('a', page)}
         and ${wanted(page, before)}
       order by a.event_id desc, a.n desc limit ${limit}::integer
    )
    select x.*, c.event_id as cut from (select) one left join cut c on true
      left join (select * from found union all select * from tests) x on c.event_id is null or x.event_id >= c.event_id
     order by x.event_id desc, x.n desc limit ${limit}::integer`.execute(db);
  const attempts = rows.filter(({ event_id }) => event_id !== null).map(({ cut: _, ...row }) => row);
  const cut = rows[0]?.cut ?? null;
  // Of the delivery at the cut all attempts were looked at.
  return { rows: attempts, lookedTo: cut === null || attempts.length >= limit ? null : { eventId: cut, n: 0 } };
};

/**
 * The attempts of one webhook, tests included, newest event first, newest attempt first within it; fewer than asked for where it looked far enough.
 * @param limits into how many deliveries it looks
 */
export const listAttempts = (db: Database, page: AttemptPage, limits: Limits = attemptLimits): Promise<Walked<AttemptRow, Position>> =>
  walk((stretch) => readStretch(db, page, stretch), page, limits);

export type EventAttemptPage = Pick<AttemptPage, keyof Reach | 'kind' | 'succeeded' | 'limit'> & {
  readonly eventId: string;
  /** Null: of all its webhooks. */
  readonly webhookId: string | null;
  readonly before: { readonly webhookId: string; readonly n: number } | null;
};

/** The attempts of one event, webhook by webhook as its deliveries are listed, newest attempt first within each: along the primary key. */
export const listAttemptsOfEvent = async (db: Database, page: EventAttemptPage): Promise<readonly AttemptRow[]> => {
  let query = db
    .selectFrom('attempts as a')
    .selectAll('a')
    .where('a.event_id', '=', page.eventId)
    .where('a.environment_id', '=', page.environmentId);
  if (page.tenantId !== null) query = query.where('a.tenant_id', '=', page.tenantId);
  if (page.webhookId !== null) query = query.where('a.webhook_id', '=', page.webhookId);
  if (page.kind !== null) query = query.where('a.kind', '=', page.kind);
  if (page.succeeded !== null) query = query.where('a.ok', '=', page.succeeded);
  if (page.before !== null)
    query = query.where(sql<boolean>`(a.webhook_id, a.n) < (${page.before.webhookId}::uuid, ${page.before.n}::integer)`);
  return query.orderBy('a.webhook_id', 'desc').orderBy('a.n', 'desc').limit(page.limit).execute();
};
