// What people read of events, deliveries and attempts. Everything is bound to an environment, and to a tenant where the reader is.
import { sql } from 'kysely';
import type { Database } from './pools.js';

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

export type DeliveryPage = Reach & {
  readonly eventId: string | null;
  readonly webhookId: string | null;
  /** storedStatusCodes, and for waiting ones whether their webhook is gated (held) or not (pending). */
  readonly status: { readonly code: number; readonly gated: boolean | null } | null;
  readonly before: { readonly eventId: string; readonly webhookId: string } | null;
  readonly limit: number;
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
  readonly before: { readonly eventId: string; readonly n: number } | null;
  readonly limit: number;
};

/** The attempts of one webhook, tests included, newest event first, newest attempt first within it. */
export const listAttempts = async (db: Database, page: AttemptPage): Promise<readonly AttemptRow[]> => {
  // Along the index of the webhook's deliveries, so that attempts need no index by webhook of their own; tests, which have no delivery, have one.
  const inReach = (alias: 'd' | 'a') =>
    sql`${sql.ref(`${alias}.webhook_id`)} = ${page.webhookId}::uuid and ${sql.ref(`${alias}.environment_id`)} = ${page.environmentId}::uuid
      and ${page.tenantId === null ? sql`true` : sql`${sql.ref(`${alias}.tenant_id`)} = ${page.tenantId}::uuid`}
      and ${page.before === null ? sql`true` : sql`${sql.ref(`${alias}.event_id`)} <= ${page.before.eventId}::uuid and (a.event_id, a.n) < (${page.before.eventId}::uuid, ${page.before.n}::integer)`}`;
  const { rows } = await sql<AttemptRow>`
    select *
      from (
        (select a.* from deliveries d join attempts a on a.event_id = d.event_id and a.webhook_id = d.webhook_id
          where ${inReach('d')} and d.attempt > 0 order by d.event_id desc, a.n desc limit ${page.limit})
        union all
        (select a.* from attempts a where ${inReach('a')} and a.kind = 5 order by a.event_id desc, a.n desc limit ${page.limit})
      ) x
     order by event_id desc, n desc limit ${page.limit}`.execute(db);
  return rows;
};
