// What a Postgres server is and how it is set, for those who look whether it may be trusted with events: at the start, in /readyz, `posthorn doctor`.
import type { HotPool } from './pools.js';

/** The oldest major version whose SQL Posthorn's statements and migrations keep to. */
export const oldestPostgres = 15;

export type ServerSettings = {
  /** As the server names itself, as `16.4`. */
  readonly version: string;
  /** Of the version, as `16`. */
  readonly major: number;
  /** Off: a crash of the machine may leave a database that cannot be read. */
  readonly fsync: boolean;
  /** Off: so may a crash of the machine, on disks that write less than a page at once. */
  readonly fullPageWrites: boolean;
  /** As it holds for a transaction of this pool; `off`: what was committed may be lost in a crash. */
  readonly synchronousCommit: string;
  /** It follows another server: nothing can be written. */
  readonly isStandby: boolean;
  /** Transactions of this pool cannot write: a standby, or `default_transaction_read_only`. */
  readonly isReadOnly: boolean;
  /** How many connections the server takes, of all who use it. */
  readonly connectionsMax: number;
  /** How far the server's clock is ahead of this machine's, in ms; true to half of the time that the question took. */
  readonly clockAheadMs: number;
};

type Row = {
  version: string;
  version_number: number;
  fsync: string;
  full_page_writes: string;
  synchronous_commit: string;
  is_standby: boolean;
  is_read_only: string;
  connections_max: number;
  now_ms: number;
};

/** Reads it over one connection of the pool, and changes nothing. Rejects with the driver's error. */
export const readServerSettings = async (pool: Pick<HotPool, 'query'>): Promise<ServerSettings> => {
  const askedAt = Date.now();
  const { rows } = await pool.query<Row>(
    `select current_setting('server_version') as version, current_setting('server_version_num')::int as version_number,
            current_setting('fsync') as fsync, current_setting('full_page_writes') as full_page_writes,
            current_setting('synchronous_commit') as synchronous_commit, pg_is_in_recovery() as is_standby,
            current_setting('transaction_read_only') as is_read_only, current_setting('max_connections')::int as connections_max,
            (extract(epoch from clock_timestamp()) * 1000)::float8 as now_ms`,
  );
  const middle = (askedAt + Date.now()) / 2;
  const row = rows[0]!;
  return {
    version: row.version,
    major: Math.floor(row.version_number / 10_000),
    fsync: row.fsync === 'on',
    fullPageWrites: row.full_page_writes === 'on',
    synchronousCommit: row.synchronous_commit,
    isStandby: row.is_standby,
    isReadOnly: row.is_read_only === 'on',
    connectionsMax: row.connections_max,
    clockAheadMs: Math.round(row.now_ms - middle),
  };
};
