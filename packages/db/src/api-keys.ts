// Keys: whose they are, and making, listing and revoking them. Of a key its hash is kept; what is shown of it is its id and its last four characters.
import { type Selectable, sql } from 'kysely';
import { type AuditEntry, insertAuditEntry } from './audit.js';
import type { Database } from './pools.js';
import type { ApiKeysTable, Role } from './tables.js';

export type KeyOwner = {
  readonly keyId: string;
  readonly environmentId: string;
  readonly mode: 'live' | 'test';
  readonly settings: Readonly<Record<string, unknown>>;
  readonly role: Role;
  /** Bound to this tenant, or to none. */
  readonly tenant: { readonly id: string; readonly key: string } | null;
  /** When the key ends, in Unix milliseconds; null: never by itself. */
  readonly expiresAtMs: number | null;
};

/** The owner of a key by its SHA-256, or null: unknown, revoked, expired, or of a tenant that was erased. */
export const findKeyOwner = async (db: Database, keyHash: Buffer): Promise<KeyOwner | null> => {
  const row = await db
    .selectFrom('api_keys as k')
    .innerJoin('environments as e', 'e.id', 'k.environment_id')
    .leftJoin('tenants as t', 't.id', 'k.tenant_id')
    .select(['k.id', 'k.environment_id', 'e.mode', 'e.settings', 'k.role', 'k.tenant_id', 't.key as tenant_key', 'k.expires_at'])
    .where('k.key_hash', '=', keyHash)
    .where('k.revoked_at', 'is', null)
    .where('t.erasing_at', 'is', null)
    .where((where) => where.or([where('k.expires_at', 'is', null), where('k.expires_at', '>', sql<Date>`now()`)]))
    .executeTakeFirst();
  if (row === undefined) return null;
  return {
    keyId: row.id,
    environmentId: row.environment_id,
    mode: row.mode,
    settings: row.settings,
    role: row.role,
    tenant: row.tenant_id === null ? null : { id: row.tenant_id, key: row.tenant_key ?? '' },
    expiresAtMs: row.expires_at?.getTime() ?? null,
  };
};

/** A key as it is shown, with its tenant's key and its environment's mode; without its hash. */
export type ApiKeyRow = Omit<Selectable<ApiKeysTable>, 'key_hash'> & {
  readonly tenant_key: string | null;
  readonly mode: 'live' | 'test';
};

export type NewApiKey = {
  readonly id: string;
  readonly environmentId: string;
  readonly tenantId: string | null;
  readonly name: string | null;
  readonly role: Role;
  readonly publicId: string;
  readonly keyHash: Buffer;
  readonly lastFour: string;
  readonly expiresAt: Date | null;
  readonly createdByKeyId: string | null;
};

/** The columns of a new key. */
export const apiKeyValues = (key: NewApiKey) => ({
  id: key.id,
  environment_id: key.environmentId,
  tenant_id: key.tenantId,
  name: key.name,
  role: key.role,
  public_id: key.publicId,
  key_hash: key.keyHash,
  last_four: key.lastFour,
  expires_at: key.expiresAt,
  created_by_key_id: key.createdByKeyId,
});

/** Makes a key, and writes down who did. */
export const insertApiKey = async (db: Database, key: NewApiKey, entry: AuditEntry): Promise<void> =>
  db.transaction().execute(async (transaction) => {
    await transaction.insertInto('api_keys').values(apiKeyValues(key)).execute();
    await insertAuditEntry(transaction, entry);
  });

const selectKeys = (db: Database, environmentId: string) =>
  db
    .selectFrom('api_keys as k')
    .innerJoin('environments as e', 'e.id', 'k.environment_id')
    .leftJoin('tenants as t', 't.id', 'k.tenant_id')
    .select([
      'k.id',
      'k.environment_id',
      'k.tenant_id',
      'k.name',
      'k.role',
      'k.public_id',
      'k.last_four',
      'k.created_at',
      'k.expires_at',
      'k.revoked_at',
      'k.last_used_at',
      'k.created_by_key_id',
      't.key as tenant_key',
      'e.mode',
    ])
    .where('k.environment_id', '=', environmentId);

/** A key of an environment, or undefined. */
export const findApiKey = async (db: Database, environmentId: string, id: string): Promise<ApiKeyRow | undefined> =>
  selectKeys(db, environmentId).where('k.id', '=', id).executeTakeFirst();

const isValid = (alias: 'k' | 'api_keys') =>
  sql<boolean>`(${sql.ref(`${alias}.revoked_at`)} is null and coalesce(${sql.ref(`${alias}.expires_at`)}, 'infinity') > now())`;

export type ApiKeyPage = {
  readonly environmentId: string;
  readonly role: Role | null;
  readonly tenantId: string | null;
  /** Neither revoked nor expired, or one of these. */
  readonly isActive: boolean | null;
  readonly beforeId: string | null;
  readonly limit: number;
};

/** Keys of an environment, newest first, before an id. */
export const listApiKeys = async (db: Database, page: ApiKeyPage): Promise<readonly ApiKeyRow[]> => {
  let query = selectKeys(db, page.environmentId);
  if (page.role !== null) query = query.where('k.role', '=', page.role);
  if (page.tenantId !== null) query = query.where('k.tenant_id', '=', page.tenantId);
  if (page.isActive !== null) query = query.where(page.isActive ? isValid('k') : sql<boolean>`not ${isValid('k')}`);
  if (page.beforeId !== null) query = query.where('k.id', '<', page.beforeId);
  return query.orderBy('k.id', 'desc').limit(page.limit).execute();
};

/**
 * Revokes a key; the row stays. `last`: it is the last valid admin key of its environment that is bound to no tenant, and nothing was changed.
 * A key that was revoked before is `revoked` too, and no second entry is written.
 */
export const revokeApiKey = async (
  db: Database,
  environmentId: string,
  id: string,
  entryOf: (tenantId: string | null) => AuditEntry,
): Promise<'revoked' | 'last' | 'unknown'> =>
  db.transaction().execute(async (transaction) => {
    // One revocation at a time in an environment: two at once could take the last two.
    await transaction.selectFrom('environments').select('id').where('id', '=', environmentId).forNoKeyUpdate().execute();
    const key = await transaction
      .selectFrom('api_keys')
      .select(['id', 'role', 'tenant_id', 'revoked_at', isValid('api_keys').as('is_valid')])
      .where('id', '=', id)
      .where('environment_id', '=', environmentId)
      .executeTakeFirst();
    if (key === undefined) return 'unknown';
    if (key.revoked_at !== null) return 'revoked';
    if (key.role === 'admin' && key.tenant_id === null && key.is_valid) {
      const another = await transaction
        .selectFrom('api_keys')
        .select('id')
        .where('environment_id', '=', environmentId)
        .where('role', '=', 'admin')
        .where('tenant_id', 'is', null)
        .where('id', '<>', id)
        .where(isValid('api_keys'))
        .limit(1)
        .executeTakeFirst();
      if (another === undefined) return 'last';
    }
    await transaction.updateTable('api_keys').set({ revoked_at: sql<Date>`clock_timestamp()` }).where('id', '=', id).execute();
    await insertAuditEntry(transaction, entryOf(key.tenant_id));
    return 'revoked';
  });

/** Writes down that a key was used, at most once in `everyS` seconds. */
export const touchApiKey = async (db: Database, id: string, everyS: number): Promise<void> => {
  await db
    .updateTable('api_keys')
    .set({ last_used_at: sql<Date>`now()` })
    .where('id', '=', id)
    .where(sql<boolean>`coalesce(last_used_at, '-infinity') <= now() - make_interval(secs => ${everyS})`)
    .execute();
};
