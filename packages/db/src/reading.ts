// What people read of events. Everything is bound to an environment, and to a tenant where the reader is. Lists go along the ids, newest first, so
// that a page reads the partitions of its own days alone.
import { attemptKindCodes } from '@posthorn/core';
import { sql } from 'kysely';
import type { Database } from './pools.js';
import { idRangeSql, type TimeRange } from './time-range.js';

export type Reach = { readonly environmentId: string; readonly tenantId: string | null };

export type EventRecord = {
  readonly id: string;
  readonly tenant_key: string;
  readonly event_type: string;
  readonly source_id: string | null;
  readonly event_time: Date;
  readonly project_flows: string[] | null;
  readonly data: string;
  readonly current_context: string | null;
  readonly resources: string | null;
  readonly accepted_at: Date;
  readonly is_waiting: boolean;
};

/** One event in reach, and whether its dispatch is still on its way. */
export const findEvent = async (db: Database, reach: Reach, id: string): Promise<EventRecord | undefined> => {
  let query = db
    .selectFrom('events as e')
    .innerJoin('tenants as t', 't.id', 'e.tenant_id')
    .select([
      'e.id',
      't.key as tenant_key',
      'e.event_type',
      'e.source_id',
      'e.event_time',
      'e.project_flows',
      'e.data',
      'e.current_context',
      'e.resources',
      'e.accepted_at',
    ])
    .select(sql<boolean>`exists (select from dispatches d where d.id = e.dispatch_id)`.as('is_waiting'))
    .where('e.id', '=', id)
    .where('e.environment_id', '=', reach.environmentId);
  if (reach.tenantId !== null) query = query.where('e.tenant_id', '=', reach.tenantId);
  return query.executeTakeFirst();
};

/**
 * When an event was matched at the latest; null: it waits, or nothing tells. The time itself is not stored: it would make every delivery wider.
 * What tells is the begin of a first request, or the end of a delivery that its fan-out ended; deliveries of replays tell nothing.
 */
export const findMatchedBy = async (db: Database, eventId: string): Promise<Date | null> => {
  const { rows } = await sql<{ matched_by: Date | null }>`
    select least((select min(started_at) from attempts where event_id = ${eventId} and kind = ${attemptKindCodes.first}),
                 (select min(ended_at) from deliveries where event_id = ${eventId} and replay_id is null)) as matched_by`.execute(db);
  return rows[0]?.matched_by ?? null;
};

/** An event without what its producer sent in it. */
export type ListedEvent = Omit<EventRecord, 'data' | 'current_context' | 'resources'>;

export type EventPage = Reach & {
  readonly eventType: string | null;
  readonly sourceId: string | null;
  /** By the id's time. */
  readonly acceptedAt: TimeRange | null;
  readonly beforeId: string | null;
  readonly limit: number;
};

/** Events in reach, newest first. */
export const listEvents = async (db: Database, page: EventPage): Promise<readonly ListedEvent[]> => {
  let query = db
    .selectFrom('events as e')
    .innerJoin('tenants as t', 't.id', 'e.tenant_id')
    .select(['e.id', 't.key as tenant_key', 'e.event_type', 'e.source_id', 'e.event_time', 'e.project_flows', 'e.accepted_at'])
    .select(sql<boolean>`exists (select from dispatches d where d.id = e.dispatch_id)`.as('is_waiting'))
    .where('e.environment_id', '=', page.environmentId);
  if (page.tenantId !== null) query = query.where('e.tenant_id', '=', page.tenantId);
  if (page.eventType !== null) query = query.where('e.event_type', '=', page.eventType);
  if (page.sourceId !== null) {
    query = query.where('e.source_id', '=', page.sourceId);
    // Its index begins with the tenant.
    if (page.tenantId === null)
      query = query.where(sql<boolean>`e.tenant_id = any (array(select id from tenants where environment_id = ${page.environmentId}))`);
  }
  if (page.acceptedAt !== null) query = query.where(idRangeSql(sql`e.id`, page.acceptedAt));
  if (page.beforeId !== null) query = query.where('e.id', '<', page.beforeId);
  return query.orderBy('e.id', 'desc').limit(page.limit).execute();
};
