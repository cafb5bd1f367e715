// The connections of one process: a hot pool for the few prepared statements of the delivery path, and a Kysely pool for the rest.
import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import { watchForFullDisk } from './full-disk.js';
import type { Tables } from './tables.js';
import { behindWall, type WalledPool } from './wall.js';

// timestamptz as Date, bigint as number: no counter of ours leaves the safe integers (2^53).
pg.types.setTypeParser(pg.types.builtins.INT8, Number);

export type HotPool = pg.Pool;
export type Database = Kysely<Tables>;

export type PoolOptions = {
  readonly url: string;
  readonly max: number;
  readonly applicationName: string;
  readonly onError: (error: Error) => void;
};

// The plan of a hot statement must not depend on what the planner knows of a partition that was empty when it was planned:
// cached generic plans, index scans, nested loops. Hash joins stay on in the flush, whose joins are of batches (design: hot-path A30).
const hotSettings = [
  'plan_cache_mode=force_generic_plan',
  'enable_seqscan=off',
  'enable_mergejoin=off',
  'jit=off',
  'synchronous_commit=on',
  'statement_timeout=5000',
  'lock_timeout=2000',
  'idle_in_transaction_session_timeout=5000',
];
const manageSettings = [
  'jit=off',
  'synchronous_commit=on',
  'statement_timeout=15000',
  'lock_timeout=2000',
  'idle_in_transaction_session_timeout=5000',
];

const newPool = (options: PoolOptions, settings: readonly string[], suffix: string): pg.Pool => {
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.max,
    application_name: `${options.applicationName} ${suffix}`,
    options: settings.map((setting) => `-c ${setting}`).join(' '),
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
  });
  pool.on('error', options.onError);
  watchForFullDisk(pool);
  return pool;
};

/** The pool of ingest, claim, flush and scheduler. Its statements are named, so each connection prepares them once. */
export const createHotPool = (options: PoolOptions): HotPool => newPool(options, hotSettings, 'hot');

/**
 * Opens a connection of its own beside a pool, for statements that must not be in a transaction and that have other bounds; the caller ends it.
 * @param settings of the session, `name=value`
 */
export const connectApart = async (pool: HotPool, suffix: string, settings: readonly string[]): Promise<pg.Client> => {
  const { connectionString, application_name: name } = pool.options;
  const client = new pg.Client({
    connectionString,
    application_name: `${name} ${suffix}`,
    options: settings.map((setting) => `-c ${setting}`).join(' '),
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
  });
  // A connection that is lost is told by the statement that it is lost under.
  client.on('error', () => undefined);
  await client.connect();
  return client;
};

/** The same connections for what people do: behind the wall. */
export const walledHotPool = (pool: HotPool): HotPool => behindWall(pool) as unknown as HotPool;

const kyselyOn = (pool: pg.Pool | WalledPool): Database => new Kysely<Tables>({ dialect: new PostgresDialect({ pool: pool as pg.Pool }) });

/** How many connections of a pool work or rest, and how many ask for one. */
export type PoolUse = { readonly busy: number; readonly idle: number; readonly waiting: number };

export const poolUse = ({ totalCount, idleCount, waitingCount }: HotPool): PoolUse => ({
  busy: totalCount - idleCount,
  idle: idleCount,
  waiting: waitingCount,
});

/** The pool of everything that people ask for, as itself and behind the wall; destroying the first ends it. */
export const createDatabases = (
  options: PoolOptions,
): { readonly db: Database; readonly walledDb: Database; readonly use: () => PoolUse } => {
  const pool = newPool(options, manageSettings, 'manage');
  return { db: kyselyOn(pool), walledDb: kyselyOn(behindWall(pool)), use: () => poolUse(pool) };
};

/** The same for those who have no requests. */
export const createDatabase = (options: PoolOptions): Database => createDatabases(options).db;
