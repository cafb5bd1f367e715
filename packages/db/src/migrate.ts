// Schema changes: the plain SQL files of migrations/, in the order of their names, each once, under one lock. Forward only.
import { readdir, readFile } from 'node:fs/promises';
import { Kysely, type Migration, Migrator, PostgresDialect, sql } from 'kysely';
import pg from 'pg';

export const migrationsFolder = new URL('../../../migrations/', import.meta.url);

const readMigrations = async (): Promise<Record<string, Migration>> => {
  const files = (await readdir(migrationsFolder)).filter((name) => /^\d{4}_.*\.sql$/.test(name)).sort();
  const entries = files.map((file): [string, Migration] => [
    file.replace(/\.sql$/, ''),
    { up: async (db) => void (await sql.raw(await readFile(new URL(file, migrationsFolder), 'utf8')).execute(db)) },
  ]);
  return Object.fromEntries(entries);
};

/**
 * Brings the database to this version's schema and makes the partitions of the coming days; returns the migrations that it ran.
 * Safe to run from several processes at once. Needs a direct connection (it takes a session lock).
 */
export const migrate = async (url: string): Promise<readonly string[]> => {
  const pool = new pg.Pool({ connectionString: url, max: 2 });
  const db = new Kysely<Record<string, never>>({ dialect: new PostgresDialect({ pool }) });
  try {
    const { error, results } = await new Migrator({ db, provider: { getMigrations: readMigrations } }).migrateToLatest();
    if (error !== undefined) throw error;
    await pool.query(`select make_partitions((now() at time zone 'UTC')::date - 2, (now() at time zone 'UTC')::date + 7)`);
    return (results ?? []).filter((result) => result.status === 'Success').map((result) => result.migrationName);
  } finally {
    await db.destroy();
  }
};

let known: Promise<readonly string[]> | undefined;

/** The names of this version's migrations, read once. */
export const knownMigrations = (): Promise<readonly string[]> => {
  known ??= readMigrations().then(Object.keys);
  return known;
};

/** The migrations that this version has and the database has not (empty: ready), and those it does not know (a newer version's). */
export const compareSchema = async (
  pool: pg.Pool,
): Promise<{ readonly missing: readonly string[]; readonly unknown: readonly string[] }> => {
  const ours = Object.keys(await readMigrations());
  const exists = await pool.query<{ found: string | null }>(`select to_regclass('kysely_migration')::text as found`);
  if (exists.rows[0]?.found == null) return { missing: ours, unknown: [] };
  const applied = (await pool.query<{ name: string }>('select name from kysely_migration')).rows.map((row) => row.name);
  return { missing: ours.filter((name) => !applied.includes(name)), unknown: applied.filter((name) => !ours.includes(name)) };
};
