// Environments, tenants and keys: who owns what, and who may do what.
import { sql } from 'kysely';
import type { Database } from './pools.js';
import type { Role } from './tables.js';

export type KeyOwner = {
  readonly keyId: string;
  readonly environmentId: string;
  readonly mode: 'live' | 'test';
  readonly settings: Readonly<Record<string, unknown>>;
  readonly role: Role;
  /** Bound to this tenant, or to none. */
  readonly tenant: { readonly id: string; readonly key: string } | null;
};

/** The owner of a key by its SHA-256, or null: unknown, revoked or expired. */
export const findKeyOwner = async (db: Database, keyHash: Buffer): Promise<KeyOwner | null> => {
  const row = await db
    .selectFrom('api_keys as k')
    .innerJoin('environments as e', 'e.id', 'k.environment_id')
    .leftJoin('tenants as t', 't.id', 'k.tenant_id')
    .select(['k.id', 'k.environment_id', 'e.mode', 'e.settings', 'k.role', 'k.tenant_id', 't.key as tenant_key'])
    .where('k.key_hash', '=', keyHash)
    .where('k.revoked_at', 'is', null)
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
  };
};

export type FirstKey = {
  readonly id: string;
  readonly environmentId: string;
  readonly mode: 'live' | 'test';
  readonly publicId: string;
  readonly keyHash: Buffer;
  readonly lastFour: string;
};

/**
 * Makes the environment `default` with its first admin key, unless there is an environment; adds the key if it is missing
 * (another bootstrap key than last time). Two processes at once make one.
 */
export const bootstrapEnvironment = async (db: Database, first: FirstKey): Promise<void> => {
  await db
    .insertInto('environments')
    .values({ id: first.environmentId, name: 'default', mode: first.mode })
    .onConflict((conflict) => conflict.column('name').doNothing())
    .execute();
  const environment = await db.selectFrom('environments').select('id').where('name', '=', 'default').executeTakeFirstOrThrow();
  await db
    .insertInto('api_keys')
    .values({
      id: first.id,
      environment_id: environment.id,
      tenant_id: null,
      name: 'bootstrap',
      role: 'admin',
      public_id: first.publicId,
      key_hash: first.keyHash,
      last_four: first.lastFour,
    })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
};

/** How many environments there are: none on a fresh database. */
export const countEnvironments = async (db: Database): Promise<number> =>
  (
    await db
      .selectFrom('environments')
      .select((select) => select.fn.countAll<number>().as('count'))
      .executeTakeFirstOrThrow()
  ).count;

/** The tenant's id, making the tenant if it is named for the first time. `newId` is used only then. */
export const ensureTenant = async (db: Database, environmentId: string, key: string, newId: string): Promise<string> => {
  const find = () =>
    db.selectFrom('tenants').select('id').where('environment_id', '=', environmentId).where('key', '=', key).executeTakeFirst();
  const known = await find();
  if (known !== undefined) return known.id;
  await db
    .insertInto('tenants')
    .values({ id: newId, environment_id: environmentId, key, name: null, email: null })
    .onConflict((conflict) => conflict.columns(['environment_id', 'key']).doNothing())
    .execute();
  const made = await find();
  if (made === undefined) throw new Error(`tenant ${key} vanished while it was made`);
  return made.id;
};

/** The tenant's id, or null: then nothing of it exists. */
export const findTenant = async (db: Database, environmentId: string, key: string): Promise<string | null> =>
  (await db.selectFrom('tenants').select('id').where('environment_id', '=', environmentId).where('key', '=', key).executeTakeFirst())?.id ??
  null;
