// What people read of deliveries. Everything is bound to an environment, and to a tenant where the reader is.
import { reasonCodes, type StatusCodes, storedStatusCodes } from '@posthorn/core';
import { type RawBuilder, sql } from 'kysely';
import { type Stretch, type Walked, walk, walkLimits } from './bounded-walk.js';
import { type DeliveryStreams, streamsOf } from './delivery-streams.js';
import { lowestId } from './id-bounds.js';
import type { Database } from './pools.js';
import type { Reach } from './reading.js';
import type { TimeRange } from './time-range.js';

export type DeliveryRow = {
  readonly event_id: string;
  readonly webhook_id: string;
  readonly tenant_key: string;
  readonly event_type: string | null;
  readonly status: number;
  readonly gated: boolean;
  /** Of one that is held, the gate that is closed. */
  readonly reason: number | null;
  readonly attempt: number;
  readonly failures: number;
  /** All that were made, those before it was opened again included. */
  readonly attempts: number;
  readonly due_at: Date | null;
  readonly out: boolean;
  readonly last_status_code: number | null;
  readonly last_error_kind: number | null;
  readonly ended_at: Date | null;
};

/** Null: any. */
export type DeliveryFilters = {
  /** reasonCodes, errorKindCodes */
  readonly reason: number | null;
  readonly errorKind: number | null;
  readonly eventType: string | null;
  /** Of the last attempt, both inclusive. */
  readonly statusCode: StatusCodes | null;
  /** The replay that opened it last. */
  readonly replayId: string | null;
  /** By the time of the event's id. */
  readonly createdAt: TimeRange | null;
};

/** Behind which delivery a list goes on. */
export type DeliveryPosition = { readonly eventId: string; readonly webhookId: string };

export type DeliveryPage = Reach & {
  readonly eventId: string | null;
  readonly webhookId: string | null;
  /** storedStatusCodes, and for waiting ones whether their webhook is gated (held) or not (pending). */
  readonly status: { readonly code: number; readonly gated: boolean | null } | null;
  readonly filters: DeliveryFilters | null;
  readonly before: DeliveryPosition | null;
  readonly limit: number;
};

const stateOfWebhook = sql`webhook_state s where s.webhook_id = d.webhook_id`;
const gated = sql<boolean>`coalesce((select s.circuit <> 0 or s.paused_at is not null from ${stateOfWebhook}), true)`;
/** The gate that keeps a waiting delivery, the pause before the circuit, as explain names them; nothing is stored of it. */
const heldBy = sql<number | null>`(select case when s.paused_at is not null then ${sql.lit(reasonCodes.webhook_paused)}::smallint
                                               when s.circuit <> 0 then ${sql.lit(reasonCodes.circuit_open)}::smallint end from ${stateOfWebhook})`;
const waiting = sql.lit(storedStatusCodes.waiting);
const gateReasons: readonly number[] = [reasonCodes.webhook_paused, reasonCodes.circuit_open];
const isOfReason = (reason: number): RawBuilder<boolean> =>
  gateReasons.includes(reason)
    ? sql<boolean>`(d.status = ${waiting} and ${heldBy} = ${reason}::smallint)`
    : sql<boolean>`d.reason = ${reason}::smallint`;

/** What a row has to meet beyond being in its stream. What stands elsewhere is looked up row by row, so that rows stream. */
const conditionsOf = (page: DeliveryPage): RawBuilder<boolean> => {
  const { environmentId, tenantId, webhookId, status, filters } = page;
  const { reason = null, errorKind = null, eventType = null, statusCode = null, replayId = null } = filters ?? {};
  const conditions = [
    sql<boolean>`d.environment_id = ${environmentId}::uuid`,
    tenantId === null ? null : sql<boolean>`d.tenant_id = ${tenantId}::uuid`,
    // Not every stream is of one webhook: what a replay opened is of many.
    webhookId === null ? null : sql<boolean>`d.webhook_id = ${webhookId}::uuid`,
    status === null ? null : sql<boolean>`d.status = ${status.code}::smallint`,
    reason === null ? null : isOfReason(reason),
    errorKind === null ? null : sql<boolean>`d.last_error_kind = ${errorKind}::smallint`,
    statusCode === null ? null : sql<boolean>`d.last_status_code between ${statusCode.from}::smallint and ${statusCode.to}::smallint`,
    replayId === null ? null : sql<boolean>`d.replay_id = ${replayId}::uuid`,
    status === null || status.gated === null ? null : sql<boolean>`${gated} = ${status.gated}::boolean`,
    eventType === null ? null : sql<boolean>`(select e.event_type from events e where e.id = d.event_id) = ${eventType}`,
  ];
  return sql.join(
    conditions.filter((condition) => condition !== null),
    sql` and `,
  );
};

const columns = sql.raw(
  [
    ...['environment_id', 'tenant_id', 'event_id', 'webhook_id', 'status', 'reason', 'attempt', 'failures', 'due_at', 'out'],
    ...['last_status_code', 'last_error_kind', 'ended_at', 'replay_id'],
  ]
    .map((name) => `d.${name}`)
    .join(', '),
);

type Read = DeliveryRow & { readonly cut_event_id: string | null; readonly cut_webhook_id: string | null };

/**
 * A stretch of a list. Of each stream its share of the rows is looked at, but as many as a page has at least; where a stream is cut off before enough were found in it, what lies behind its
 * cut is left to the next stretch, of all streams. A filter over a limited subquery keeps its order, and reads no further than its own limit.
 */
const readStretch = async (
  db: Database,
  page: DeliveryPage,
  streams: DeliveryStreams,
  { limit, rowsMax }: Stretch<DeliveryPosition>,
): Promise<Walked<DeliveryRow, DeliveryPosition>> => {
  const { ids, where, order, endAfter } = streams;
  const perStream = ids.length <= 1 ? rowsMax : Math.max(limit, Math.ceil(rowsMax / ids.length));
  const of = sql`unnest(${ids}::uuid[]) with ordinality w (id, place)`;
  // Where others' rows lie between, the wall leaves them out before they are counted: where the stretch ends is asked for first.
  const end = endAfter === null ? sql`` : sql`ending as materialized (select * from ${endAfter(perStream)}),`;
  const upToEnd = endAfter === null ? sql`` : sql`and d.event_id >= (select coalesce((select event_id from ending), ${lowestId}::uuid))`;
  const cutOfStream =
    endAfter === null
      ? sql`select d.event_id, d.webhook_id from deliveries d
             where (select count(*) from found f where f.place = w.place) < ${limit}::integer and ${where}
             order by ${order} offset ${perStream - 1}::integer limit 1`
      : sql`select event_id, webhook_id from ending where (select count(*) from found) < ${limit}::integer`;
  const { rows } = await sql<Read>`
    with ${end} found as materialized (
      select w.place, d.* from ${of} cross join lateral (
        select d.* from (select ${columns} from deliveries d where ${where} ${upToEnd} order by ${order} limit ${perStream}::integer) d
         where ${conditionsOf(page)} limit ${limit}::integer) d
    ),
    cut as materialized (
      select c.event_id, c.webhook_id from ${of} cross join lateral (${cutOfStream}) c
       order by c.event_id desc, c.webhook_id desc limit 1
    ),
    page as materialized (
      select f.* from found f where not exists (select from cut c where (f.event_id, f.webhook_id) < (c.event_id, c.webhook_id))
       order by f.event_id desc, f.webhook_id desc limit ${limit}::integer
    )
    select d.event_id, d.webhook_id, t.key as tenant_key, e.event_type, d.status, ${gated} as gated,
           case d.status when ${waiting} then ${heldBy} else d.reason end as reason, d.attempt, d.failures, d.due_at, d.out,
           d.last_status_code, d.last_error_kind, d.ended_at, c.event_id as cut_event_id, c.webhook_id as cut_webhook_id,
           (select count(*)::int from attempts a where a.event_id = d.event_id and a.webhook_id = d.webhook_id) as attempts
      from (select) one left join cut c on true left join page d on true
      left join tenants t on t.id = d.tenant_id
      left join lateral (select e.event_type from events e where e.id = d.event_id offset 0) e on true
     order by d.event_id desc, d.webhook_id desc`.execute(db);
  const [first] = rows;
  const found = rows.filter((row) => row.event_id !== null).map(({ cut_event_id: _event, cut_webhook_id: _webhook, ...row }) => row);
  const { cut_event_id: eventId = null, cut_webhook_id: webhookId = null } = first ?? {};
  return { rows: found, lookedTo: found.length >= limit || eventId === null || webhookId === null ? null : { eventId, webhookId } };
};

/** The type stands with the event, which is looked up for each delivery. */
const limitsOf = ({ filters }: DeliveryPage): { readonly firstRows: number; readonly rowsMax: number } => {
  const { firstRows, rowsMax, lookupsMax } = walkLimits;
  return { firstRows, rowsMax: (filters?.eventType ?? null) === null ? rowsMax : lookupsMax };
};

/** Deliveries in reach, newest event first; fewer than asked for where it looked far enough. @param limits how far it looks */
export const listDeliveries = async (
  db: Database,
  page: DeliveryPage,
  limits: { readonly firstRows: number; readonly rowsMax: number } = limitsOf(page),
): Promise<Walked<DeliveryRow, DeliveryPosition>> => {
  const streams = await streamsOf(db, page);
  return walk((stretch) => readStretch(db, page, streams(stretch.before), stretch), page, limits);
};

/** How many deliveries an event has in each stored status, waiting ones split by whether their webhook is gated. */
export const countDeliveriesOfEvent = async (
  db: Database,
  reach: Reach,
  eventId: string,
): Promise<readonly { status: number; gated: boolean; count: number }[]> => {
  let query = db
    .selectFrom('deliveries as d')
    .leftJoin('webhook_state as s', 's.webhook_id', 'd.webhook_id')
    .select([
      'd.status',
      sql<boolean>`(s.circuit is distinct from 0 or s.paused_at is not null)`.as('gated'),
      sql<number>`count(*)`.as('count'),
    ])
    .where('d.event_id', '=', eventId)
    .where('d.environment_id', '=', reach.environmentId);
  if (reach.tenantId !== null) query = query.where('d.tenant_id', '=', reach.tenantId);
  return query.groupBy(['d.status', 'gated']).execute();
};
