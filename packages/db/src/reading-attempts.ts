// What people read of attempts. Everything is bound to an environment, and to a tenant where the reader is.
import { attemptKindCodes } from '@posthorn/core';
import { sql } from 'kysely';
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

/** The attempts of one webhook, tests included, newest event first, newest attempt first within it. */
export const listAttempts = async (db: Database, page: AttemptPage): Promise<readonly AttemptRow[]> => {
  // Along the index of the webhook's deliveries, so that attempts need no index by webhook of their own; tests, which have no delivery, have one.
  const inReach = (alias: 'd' | 'a') =>
    sql`${sql.ref(`${alias}.webhook_id`)} = ${page.webhookId}::uuid and ${sql.ref(`${alias}.environment_id`)} = ${page.environmentId}::uuid
      and ${page.tenantId === null ? sql`true` : sql`${sql.ref(`${alias}.tenant_id`)} = ${page.tenantId}::uuid`}
      and ${page.kind === null ? sql`true` : sql`a.kind = ${page.kind}::smallint`} and ${page.succeeded === null ? sql`true` : sql`a.ok = ${page.succeeded}`}
      and ${page.before === null ? sql`true` : sql`${sql.ref(`${alias}.event_id`)} <= ${page.before.eventId}::uuid and (a.event_id, a.n) < (${page.before.eventId}::uuid, ${page.before.n}::integer)`}`;
  // What was never asked for is not looked for.
  const [withDeliveries, withTests] = [page.kind !== attemptKindCodes.test, page.kind === null || page.kind === attemptKindCodes.test];
  const { rows } = await sql<AttemptRow>`
    select *
      from (
        (select a.* from deliveries d join attempts a on a.event_id = d.event_id and a.webhook_id = d.webhook_id
          where ${withDeliveries}::boolean and ${inReach('d')} and d.attempt > 0 order by d.event_id desc, a.n desc limit ${page.limit})
        union all
        (select a.* from attempts a where ${withTests}::boolean and ${inReach('a')} and a.kind = 5 order by a.event_id desc, a.n desc limit ${page.limit})
      ) x
     order by event_id desc, n desc limit ${page.limit}`.execute(db);
  return rows;
};

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
