// Whether the database lets a process do its work: what a health check asks, in one statement. What concerns the installation as a whole is told apart: no
// process is better taken out of service for it.
import { foundFullDisk, fullDiskRememberedS } from './full-disk.js';
import { knownMigrations } from './migrate.js';
import { partitionedTables } from './partitions.js';
import type { HotPool } from './pools.js';

/** For so long nobody may have been the active scheduler before that is told: longer than a lease and a restart. */
export const schedulerMissingS = 30;

export type DatabaseReadiness = {
  /** What keeps this process from working, by check. */
  readonly problems: Readonly<Record<string, string>>;
  /** What is wrong while it works all the same. */
  readonly degraded: Readonly<Record<string, string>>;
};

type Row = {
  is_standby: boolean;
  is_read_only: boolean;
  migrations: readonly string[];
  has_today: boolean;
  has_tomorrow: boolean;
  is_scheduled: boolean;
};

const text = `
  select pg_is_in_recovery() as is_standby, current_setting('transaction_read_only') = 'on' as is_read_only,
         (select coalesce(array_agg(name::text), '{}') from kysely_migration) as migrations,
         (select bool_and(to_regclass(t || to_char(now() at time zone 'UTC', '_YYYYMMDD')) is not null) from unnest($1::text[]) t) as has_today,
         (select bool_and(to_regclass(t || to_char(now() at time zone 'UTC' + interval '1 day', '_YYYYMMDD')) is not null)
            from unnest($1::text[]) t) as has_tomorrow,
         exists (select from leases where name = 'scheduler' and held_until > now() - make_interval(secs => $2)) as is_scheduled`;

const postgresProblem = (row: Row, isFull: boolean): string | null => {
  if (row.is_standby) return 'it is a standby and takes no writes';
  if (row.is_read_only) return 'it takes no writes: default_transaction_read_only is on';
  return isFull ? `its disk is full, or was within ${fullDiskRememberedS} s: make room` : null;
};

const problemsOf = (row: Row, isFull: boolean, missing: readonly string[]): Readonly<Record<string, string>> => {
  const postgres = postgresProblem(row, isFull);
  return {
    ...(postgres !== null && { postgres }),
    ...(missing.length > 0 && { schema: `not migrated: it lacks ${missing.join(', ')} (posthorn migrate)` }),
    ...(!row.has_today && { partitions: 'today has none: no event can be stored' }),
  };
};

const degradedOf = (row: Row, unknown: readonly string[]): Readonly<Record<string, string>> => ({
  ...(unknown.length > 0 && { schema: `of a newer version (${unknown.join(', ')}): start that version` }),
  ...(row.has_today && !row.has_tomorrow && { partitions: 'tomorrow has none: no event can be stored from midnight UTC on' }),
  ...(!row.is_scheduled && { scheduler: `no process has been the active one for ${schedulerMissingS} s: does a worker run?` }),
});

/** Asks. Rejects when Postgres cannot be reached. @param nowMs as `performance.now()` */
export const readReadiness = async (pool: HotPool, nowMs = performance.now()): Promise<DatabaseReadiness> => {
  const ours = await knownMigrations();
  const { rows } = await pool.query<Row>({ name: 'readiness', text, values: [partitionedTables, schedulerMissingS] });
  const row = rows[0]!;
  const missing = ours.filter((name) => !row.migrations.includes(name));
  const unknown = row.migrations.filter((name) => !ours.includes(name));
  return { problems: problemsOf(row, foundFullDisk(pool, nowMs), missing), degraded: degradedOf(row, unknown) };
};
