// How many webhooks there are, for those who look at tenants and event types; each is one query.
import { sql } from 'kysely';
import { uuidArray } from './array-literal.js';
import type { Database } from './pools.js';
import type { Reach } from './reading.js';

/** Webhooks that are not deleted, by tenant; a tenant without any is missing. */
export const countWebhooksOfTenants = async (db: Database, tenantIds: readonly string[]): Promise<ReadonlyMap<string, number>> => {
  const { rows } = await sql<{ tenant_id: string; count: number }>`
    select tenant_id, count(*)::int as count from webhooks where tenant_id = any (${uuidArray(tenantIds)}::uuid[]) and deleted_at is null
     group by tenant_id`.execute(db);
  return new Map(rows.map((row) => [row.tenant_id, row.count]));
};

/** What a number of webhooks have as their event types and patterns. */
export type WantedTypes = { readonly event_types: readonly string[]; readonly count: number };

/** The different lists of event types that webhooks in reach have; null: there are more than `listsMax`. */
export const countWebhooksByTypes = async (
  db: Database,
  { environmentId, tenantId }: Reach,
  listsMax: number,
): Promise<readonly WantedTypes[] | null> => {
  const { rows } = await sql<WantedTypes>`
    select event_types, count(*)::int as count from webhooks
     where environment_id = ${environmentId} and ${tenantId === null ? sql`true` : sql`tenant_id = ${tenantId}`} and deleted_at is null
     group by event_types limit ${listsMax + 1}`.execute(db);
  return rows.length > listsMax ? null : rows;
};
