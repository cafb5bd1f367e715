// What an import must not take: the names, codes and object ids of webhooks that are there.
import { sql } from 'kysely';
import type { Database } from './pools.js';

/** What the webhooks of a tenant are called. */
export type TakenNames = { readonly names: ReadonlySet<string>; readonly codes: ReadonlySet<string> };

/** All names and codes of a tenant's webhooks. */
export const readTakenNames = async (db: Database, tenantId: string): Promise<TakenNames> => {
  const rows = await db
    .selectFrom('webhooks')
    .select(['name', 'code'])
    .where('tenant_id', '=', tenantId)
    .where('deleted_at', 'is', null)
    .where(({ or, eb }) => or([eb('name', 'is not', null), eb('code', 'is not', null)]))
    .execute();
  return {
    names: new Set(rows.flatMap(({ name }) => name ?? [])),
    codes: new Set(rows.flatMap(({ code }) => code ?? [])),
  };
};

/** Those of the object ids that webhooks of the environment have. */
export const readTakenObjectIds = async (
  db: Database,
  environmentId: string,
  objectIds: readonly string[],
): Promise<ReadonlySet<string>> => {
  const rows = await db
    .selectFrom('webhooks')
    .select('object_id')
    .where('environment_id', '=', environmentId)
    .where('deleted_at', 'is', null)
    .where(sql<boolean>`object_id = any (${objectIds}::text[])`)
    .execute();
  return new Set(rows.flatMap(({ object_id }) => object_id ?? []));
};
