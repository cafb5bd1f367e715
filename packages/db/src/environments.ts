// Environments: the first one, made at the first start, and those that people make and change.
import { type Selectable, sql } from 'kysely';
import { apiKeyValues, type NewApiKey } from './api-keys.js';
import { type AuditEntry, insertAuditEntry } from './audit.js';
import type { Database } from './pools.js';
import type { EnvironmentsTable } from './tables.js';

export type EnvironmentRow = Selectable<EnvironmentsTable>;

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
  const key = { ...first, environmentId: environment.id, tenantId: null, name: 'bootstrap', role: 'admin', expiresAt: null } as const;
  await db
    .insertInto('api_keys')
    .values(apiKeyValues({ ...key, createdByKeyId: null }))
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

/** An environment, or undefined. */
export const findEnvironment = async (db: Database, id: string): Promise<EnvironmentRow | undefined> =>
  db.selectFrom('environments').selectAll().where('id', '=', id).executeTakeFirst();

/** Another environment has the name. */
export class EnvironmentNameTakenError extends Error {
  override readonly name = 'EnvironmentNameTakenError';
  constructor() {
    super('another environment has this name');
  }
}

const isNameTaken = (error: unknown): boolean =>
  (error as { code?: string }).code === '23505' && (error as { constraint?: string }).constraint === 'environments_name_key';

const refuseTakenName = (error: unknown): never => {
  throw isNameTaken(error) ? new EnvironmentNameTakenError() : error;
};

export type NewEnvironment = Pick<EnvironmentRow, 'id' | 'name' | 'mode' | 'settings'>;

/** Makes an environment with its first key, and writes down who did; throws an EnvironmentNameTakenError. */
export const insertEnvironment = async (
  db: Database,
  environment: NewEnvironment,
  key: NewApiKey,
  entry: AuditEntry,
): Promise<EnvironmentRow> =>
  db
    .transaction()
    .execute(async (transaction) => {
      const row = await transaction
        .insertInto('environments')
        .values({ ...environment, settings: JSON.stringify(environment.settings) })
        .returningAll()
        .executeTakeFirstOrThrow();
      await transaction.insertInto('api_keys').values(apiKeyValues(key)).execute();
      await insertAuditEntry(transaction, entry);
      return row;
    })
    .catch(refuseTakenName);

/**
 * Writes what `decide` makes of the environment as it is then (null: nothing). What follows from its settings is applied afterwards
 * (environment-settings.ts). Throws an EnvironmentNameTakenError; undefined: there is no such environment.
 */
export const changeEnvironment = async (
  db: Database,
  id: string,
  decide: (current: EnvironmentRow) => (Pick<EnvironmentRow, 'name' | 'settings'> & { readonly entry: AuditEntry }) | null,
): Promise<EnvironmentRow | undefined> =>
  db
    .transaction()
    .execute(async (transaction) => {
      // FOR UPDATE, which waits for those who are making a webhook here and keeps others from beginning to: whoever read the old settings has
      // committed by now, and so is seen when the new ones are applied.
      const current = await transaction.selectFrom('environments').selectAll().where('id', '=', id).forUpdate().executeTakeFirst();
      if (current === undefined) return undefined;
      const change = decide(current);
      if (change === null) return current;
      const row = await transaction
        .updateTable('environments')
        .set({ name: change.name, settings: JSON.stringify(change.settings), updated_at: sql<Date>`clock_timestamp()` })
        .where('id', '=', id)
        .returningAll()
        .executeTakeFirstOrThrow();
      await insertAuditEntry(transaction, change.entry);
      return row;
    })
    .catch(refuseTakenName);
