// What the user of a connection may do: making partitions and dropping them is the right of who owns the tables, and migrations make tables and schemas.
import type { HotPool } from './pools.js';

export type DatabaseRights = {
  readonly user: string;
  /** In the schema where the tables are, or are to be. */
  readonly mayMakeTables: boolean;
  /** In this database: the queue's tables have a schema of their own. */
  readonly mayMakeSchemas: boolean;
  /** Null: there are no tables yet. */
  readonly ownsTables: boolean | null;
};

/** Reads it and changes nothing; rejects with the driver's error. */
export const readRights = async (pool: Pick<HotPool, 'query'>): Promise<DatabaseRights> => {
  const { rows } = await pool.query<{ user: string; tables: boolean | null; schemas: boolean; owns: boolean | null }>(
    `select current_user as user, has_schema_privilege(current_schema(), 'create') as tables,
            has_database_privilege(current_database(), 'create') as schemas,
            (select pg_has_role(c.relowner, 'usage') from pg_class c where c.oid = to_regclass('events')) as owns`,
  );
  const { user, tables, schemas, owns } = rows[0]!;
  return { user, mayMakeTables: tables ?? false, mayMakeSchemas: schemas, ownsTables: owns };
};
