// What people read of deliveries. Everything is bound to an environment, and to a tenant where the reader is.
import type { StatusCodes } from '@posthorn/core';
import { type RawBuilder, sql } from 'kysely';
import type { Database } from './pools.js';
import type { Reach } from './reading.js';
import { idRangeSql, type TimeRange } from './time-range.js';

export type DeliveryRow = {
  readonly event_id: string;
  readonly webhook_id: string;
  readonly tenant_key: string;
  readonly event_type: string | null;
  readonly status: number;
  readonly gated: boolean;
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

export type DeliveryPage = Reach & {
  readonly eventId: string | null;
  readonly webhookId: string | null;
  /** storedStatusCodes, and for waiting ones whether their webhook is gated (held) or not (pending). */
  readonly status: { readonly code: number; readonly gated: boolean | null } | null;
  readonly filters: DeliveryFilters | null;
  readonly before: { readonly eventId: string; readonly webhookId: string } | null;
  readonly limit: number;
};

const conditionsOf = (filters: DeliveryFilters | null): readonly RawBuilder<boolean>[] => {
  if (filters === null) return [];
  const { reason, errorKind, eventType, statusCode, replayId, createdAt } = filters;
  return [
    reason === null ? null : sql<boolean>`d.reason = ${reason}`,
    errorKind === null ? null : sql<boolean>`d.last_error_kind = ${errorKind}`,
    eventType === null ? null : sql<boolean>`e.event_type = ${eventType}`,
    statusCode === null ? null : sql<boolean>`d.last_status_code between ${statusCode.from} and ${statusCode.to}`,
    replayId === null ? null : sql<boolean>`d.replay_id = ${replayId}`,
    createdAt === null ? null : idRangeSql(sql`d.event_id`, createdAt),
  ].filter((condition) => condition !== null);
};

/** Deliveries in reach, newest event first. */
export const listDeliveries = async (db: Database, page: DeliveryPage): Promise<readonly DeliveryRow[]> => {
  const gated = sql<boolean>`(s.circuit is distinct from 0 or s.paused_at is not null)`;
  let query = db
    .selectFrom('deliveries as d')
    .innerJoin('tenants as t', 't.id', 'd.tenant_id')
    .leftJoin('webhook_state as s', 's.webhook_id', 'd.webhook_id')
    .leftJoin('events as e', 'e.id', 'd.event_id')
    .select([
      'd.event_id',
      'd.webhook_id',
      't.key as tenant_key',
      'e.event_type',
      'd.status',
      'd.reason',
      'd.attempt',
      'd.failures',
      'd.due_at',
      'd.out',
      'd.last_status_code',
      'd.last_error_kind',
      'd.ended_at',
    ])
    .select(gated.as('gated'))
    .select(
      sql<number>`(select count(*)::int from attempts a where a.event_id = d.event_id and a.webhook_id = d.webhook_id)`.as('attempts'),
    )
    .where('d.environment_id', '=', page.environmentId);
  if (page.tenantId !== null) query = query.where('d.tenant_id', '=', page.tenantId);
  if (page.eventId !== null) query = query.where('d.event_id', '=', page.eventId);
  if (page.webhookId !== null) query = query.where('d.webhook_id', '=', page.webhookId);
  if (page.status !== null) {
    query = query.where('d.status', '=', page.status.code);
    if (page.status.gated !== null) query = query.where(gated, '=', page.status.gated);
  }
  for (const condition of conditionsOf(page.filters)) query = query.where(condition);
  if (page.before !== null)
    query = query.where(sql<boolean>`(d.event_id, d.webhook_id) < (${page.before.eventId}::uuid, ${page.before.webhookId}::uuid)`);
  return query.orderBy('d.event_id', 'desc').orderBy('d.webhook_id', 'desc').limit(page.limit).execute();
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
