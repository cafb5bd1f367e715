// Replays: a filter over what was, and a cursor that moves along it. A replay opens at most a thousand deliveries at a time and waits while its
// webhooks are behind, so a replay of a million rows never makes a million due rows. The cursor stands in Postgres and moves in the statement that
// opens what it passes, so a scheduler may die anywhere, and two may step at once.
import { type ErrorKind, errorKindCodes, parseRfc3339, type Reason, readStatusCodes, reasonCodes, type StoredStatus } from '@posthorn/core';
import { type Selectable, sql } from 'kysely';
import type { Database, HotPool } from './pools.js';
import type { Reach } from './reading.js';
import { openDeliveries, type ReplayPosition } from './reopening.js';
import type { ReplayMode, ReplayReader, ReplayScope } from './replay-scope.js';
import type { ReplaysTable } from './tables.js';

/** As people write it; times are RFC 3339. `status` is never `waiting`. */
export type ReplayFilter = {
  readonly webhook_id?: string;
  readonly event_id?: string;
  /** The replay that opened it last. */
  readonly replay_id?: string;
  readonly tenant?: string;
  readonly event_type?: string;
  readonly status?: readonly StoredStatus[];
  readonly reason?: Reason;
  /** `404` or `4xx`, of the last attempt. */
  readonly status_code?: string;
  readonly error_kind?: ErrorKind;
  readonly from?: string;
  readonly to?: string;
};

export type ReplayRow = Selectable<ReplaysTable>;

/** Deliveries of one replay that wait at a time. */
export const replayWaitingMax = 1_000;

const timeOf = (text: string | undefined): number | null => (text === undefined ? null : parseRfc3339(text));

/** What a filter covers if the replay begins at `nowMs`: what comes later is no part of it. */
export const scopeOf = (
  place: { readonly environmentId: string; readonly tenantId: string | null },
  mode: ReplayMode,
  filter: ReplayFilter,
  nowMs: number,
): ReplayScope => ({
  ...place,
  webhookId: filter.webhook_id ?? null,
  eventId: filter.event_id ?? null,
  replayId: filter.replay_id ?? null,
  mode,
  eventType: filter.event_type ?? null,
  statuses: filter.status ?? null,
  reason: filter.reason === undefined ? null : reasonCodes[filter.reason],
  statusCodes: filter.status_code === undefined ? null : readStatusCodes(filter.status_code),
  errorKind: filter.error_kind === undefined ? null : errorKindCodes[filter.error_kind],
  fromMs: timeOf(filter.from),
  toMs: Math.min(timeOf(filter.to) ?? nowMs, nowMs),
});

export type NewReplay = {
  readonly id: string;
  readonly environmentId: string;
  /** The filter's tenant, or that of its webhook. */
  readonly tenantId: string | null;
  readonly filter: ReplayFilter;
  readonly mode: ReplayMode;
  /** Null: too much to count. */
  readonly total: number | null;
  readonly recoversWebhookId: string | null;
  readonly keyId: string;
  /** The moment for which its scope was made. */
  readonly createdAtMs: number;
};

/** Makes a replay; the scheduler's next round begins it. */
export const insertReplay = async (db: Database, replay: NewReplay): Promise<ReplayRow> =>
  db
    .insertInto('replays')
    .values({
      id: replay.id,
      environment_id: replay.environmentId,
      tenant_id: replay.tenantId,
      filter: JSON.stringify(replay.filter),
      mode: replay.mode,
      status: 'running',
      total: replay.total,
      recovers_webhook_id: replay.recoversWebhookId,
      created_by_key_id: replay.keyId,
      created_at: new Date(replay.createdAtMs),
    })
    .returningAll()
    .executeTakeFirstOrThrow();

/** One replay in reach, or undefined. Somebody who is bound to a tenant reaches those of this tenant. */
export const findReplay = async (db: Database, reach: Reach, id: string): Promise<ReplayRow | undefined> => {
  let query = db.selectFrom('replays').selectAll().where('id', '=', id).where('environment_id', '=', reach.environmentId);
  if (reach.tenantId !== null) query = query.where('tenant_id', '=', reach.tenantId);
  return query.executeTakeFirst();
};

/** Replays in reach, newest first, before an id. */
export const listReplays = async (db: Database, reach: Reach, beforeId: string | null, limit: number): Promise<readonly ReplayRow[]> => {
  let query = db.selectFrom('replays').selectAll().where('environment_id', '=', reach.environmentId);
  if (reach.tenantId !== null) query = query.where('tenant_id', '=', reach.tenantId);
  if (beforeId !== null) query = query.where('id', '<', beforeId);
  return query.orderBy('id', 'desc').limit(limit).execute();
};

/** How many deliveries of a replay are in each stored status now, waiting ones split by whether their webhook is gated. */
export const countDeliveriesOfReplay = async (
  db: Database,
  id: string,
): Promise<readonly { status: number; gated: boolean; count: number }[]> => {
  const { rows } = await sql<{ status: number; gated: boolean; count: number }>`
    select status, false as gated, count(*)::int8 as count from deliveries where replay_id = ${id} and status > 0 group by status
    union all
    select 0, (s.circuit is distinct from 0 or s.paused_at is not null), count(*)::int8
      from deliveries d left join webhook_state s on s.webhook_id = d.webhook_id
     where d.replay_id = ${id} and d.status = 0 group by 2`.execute(db);
  return rows;
};

/** A replay that is not over, as the scheduler steps it. */
export type OpenReplay = {
  readonly id: string;
  readonly status: 'running' | 'cancelled';
  readonly scope: ReplayScope;
  readonly position: ReplayPosition;
  /** Its deliveries that wait, counted up to replayWaitingMax. */
  readonly waiting: number;
};

/** Replays that run, and cancelled ones of which something still waits, oldest first, after an id. */
export const findOpenReplays = async (pool: HotPool, afterId: string | null, replaysMax: number): Promise<readonly OpenReplay[]> => {
  const result = await pool.query<{
    id: string;
    environment_id: string;
    tenant_id: string | null;
    status: 'running' | 'cancelled';
    mode: ReplayMode;
    filter: ReplayFilter;
    position: ReplayPosition;
    created_at_ms: number;
    waiting: number;
  }>({
    name: 'open-replays',
    text: `select r.id, r.environment_id, r.tenant_id, r.status, r.mode, r.filter, r.position,
                  floor(extract(epoch from r.created_at) * 1000)::float8 as created_at_ms, w.waiting
             from replays r
            cross join lateral (
              select count(*)::int as waiting from (select from deliveries d where d.replay_id = r.id and d.status = 0 limit ${replayWaitingMax}) x
            ) w
            where r.ended_at is null and ($1::uuid is null or r.id > $1)
            order by r.id limit $2`,
    values: [afterId, replaysMax],
  });
  return result.rows.map((row) => ({
    id: row.id,
    status: row.status,
    scope: scopeOf({ environmentId: row.environment_id, tenantId: row.tenant_id }, row.mode, row.filter, row.created_at_ms),
    position: row.position,
    waiting: row.waiting,
  }));
};

/** Rows that a step looks at: more than it may open only as far as the filter may leave out most of them. */
const stepRowsMin = 200;
const stepRowsMax = 2_000;

/**
 * Opens the next page of a running replay, as many as may wait beside those that do. True: there is more that could be opened now. What another
 * scheduler has opened meanwhile is not opened again.
 * @param slot which of the statistics slots (0–15) counts them
 */
export const stepReplay = async (pool: HotPool, read: ReplayReader, replay: OpenReplay, slot: number): Promise<boolean> => {
  const room = replayWaitingMax - replay.waiting;
  if (replay.status !== 'running' || room <= 0) return false;
  const limits = { rowsMax: Math.min(Math.max(room, stepRowsMin), stepRowsMax), wantedMax: room };
  const page = await read(replay.scope, replay.position, limits);
  const step = { id: replay.id, from: replay.position, to: page.position, done: page.done };
  const { stepped, opened } = await openDeliveries(pool, page.wanted, { slot, replay: step });
  return stepped && !page.done && opened < room;
};
