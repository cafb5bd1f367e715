// Tenants: found or made by their key, shown and changed. One that is being erased stands under a key that nobody can write, so nothing finds it.
import { type Selectable, sql } from 'kysely';
import { type AuditEntry, insertAuditEntry } from './audit.js';
import type { Database } from './pools.js';
import type { TenantsTable } from './tables.js';
import { type TimeRange, timeRangeSql } from './time-range.js';

export type TenantRow = Selectable<TenantsTable>;

/** The tenant's id, making the tenant if it is named for the first time. `newId` is used only then. */
export const ensureTenant = async (db: Database, environmentId: string, key: string, newId: string): Promise<string> => {
  const known = await findTenant(db, environmentId, key);
  if (known !== null) return known;
  await db
    .insertInto('tenants')
    .values({ id: newId, environment_id: environmentId, key, name: null, email: null })
    .onConflict((conflict) => conflict.columns(['environment_id', 'key']).doNothing())
    .execute();
  const made = await findTenant(db, environmentId, key);
  if (made === null) throw new Error(`tenant ${key} vanished while it was made`);
  return made;
};

/** The tenant's id, or null: then nothing of it exists. */
export const findTenant = async (db: Database, environmentId: string, key: string): Promise<string | null> =>
  (await db.selectFrom('tenants').select('id').where('environment_id', '=', environmentId).where('key', '=', key).executeTakeFirst())?.id ??
  null;

/** The whole tenant, or undefined. */
export const findTenantRow = async (db: Database, environmentId: string, key: string): Promise<TenantRow | undefined> =>
  db
    .selectFrom('tenants')
    .selectAll()
    .where('environment_id', '=', environmentId)
    .where('key', '=', key)
    .where('erasing_at', 'is', null)
    .executeTakeFirst();

export type TenantPage = {
  readonly environmentId: string;
  readonly key: string | null;
  readonly name: string | null;
  /** Null: made at any time. */
  readonly createdAt: TimeRange | null;
  readonly beforeId: string | null;
  readonly limit: number;
};

/** Tenants of an environment, newest first, before an id. */
export const listTenants = async (db: Database, page: TenantPage): Promise<readonly TenantRow[]> => {
  let query = db.selectFrom('tenants').selectAll().where('environment_id', '=', page.environmentId).where('erasing_at', 'is', null);
  if (page.key !== null) query = query.where('key', '=', page.key);
  if (page.name !== null) query = query.where('name', '=', page.name);
  if (page.createdAt !== null) query = query.where(timeRangeSql(sql.ref('created_at'), page.createdAt));
  if (page.beforeId !== null) query = query.where('id', '<', page.beforeId);
  return query.orderBy('id', 'desc').limit(page.limit).execute();
};

/** What people write of a tenant beside its key. */
export type TenantFields = Pick<TenantRow, 'name' | 'email' | 'metadata'>;

const valuesOf = ({ name, email, metadata }: TenantFields) => ({ name, email, metadata: JSON.stringify(metadata) });

export type NewTenant = { readonly id: string; readonly environmentId: string; readonly key: string; readonly fields: TenantFields };

/** Makes a tenant, and writes down who did; undefined: there is one under this key. */
export const insertTenant = async (db: Database, tenant: NewTenant, entry: AuditEntry): Promise<TenantRow | undefined> =>
  db.transaction().execute(async (transaction) => {
    const row = await transaction
      .insertInto('tenants')
      .values({ id: tenant.id, environment_id: tenant.environmentId, key: tenant.key, ...valuesOf(tenant.fields) })
      .onConflict((conflict) => conflict.columns(['environment_id', 'key']).doNothing())
      .returningAll()
      .executeTakeFirst();
    if (row !== undefined) await insertAuditEntry(transaction, entry);
    return row;
  });

/**
 * Writes what `decide` makes of the tenant as it is then (null: nothing). Undefined: there is no such tenant. What `decide` throws is thrown, and
 * nothing is changed.
 */
export const changeTenant = async (
  db: Database,
  environmentId: string,
  key: string,
  decide: (current: TenantRow) => { readonly fields: TenantFields; readonly entry: AuditEntry } | null,
): Promise<TenantRow | undefined> =>
  db.transaction().execute(async (transaction) => {
    const current = await transaction
      .selectFrom('tenants')
      .selectAll()
      .where('environment_id', '=', environmentId)
      .where('key', '=', key)
      .where('erasing_at', 'is', null)
      .forNoKeyUpdate()
      .executeTakeFirst();
    if (current === undefined) return undefined;
    const change = decide(current);
    if (change === null) return current;
    await insertAuditEntry(transaction, change.entry);
    return transaction
      .updateTable('tenants')
      .set({ ...valuesOf(change.fields), updated_at: sql<Date>`clock_timestamp()` })
      .where('id', '=', current.id)
      .returningAll()
      .executeTakeFirstOrThrow();
  });
