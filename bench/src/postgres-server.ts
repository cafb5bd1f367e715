// A Postgres server of this machine as the bench uses it: a fresh database per round, none of which pays for the one before.
import pg from 'pg';
import { parentOf } from './cpu.js';

/** Tells the connections of the bench from those of what it measures. */
export const ownName = 'bench';

/** A running Postgres server. */
export interface PostgresServer {
  /** Process id of the postmaster, if it can be known. */
  readonly pid: number | null;
  readonly version: string;
  createDatabase(): Promise<RoundDatabase>;
  stop(): Promise<void>;
}

/** An empty database, and a pool to count in it. */
export interface RoundDatabase {
  readonly url: string;
  readonly pool: pg.Pool;
  drop(): Promise<void>;
}

/** Uses a server that runs on this machine; the user of `url` may create databases and checkpoint. */
export async function usePostgres(url: string): Promise<PostgresServer> {
  const admin = new pg.Pool({ connectionString: url, max: 1 });
  // A connection that is still closing when its server stops is told so.
  admin.on('error', () => undefined);
  const { rows } = await admin.query<{ pid: number; version: string }>(
    `select pg_backend_pid() as pid, current_setting('server_version') as version`,
  );
  let made = 0;
  const createDatabase = async (): Promise<RoundDatabase> => {
    made += 1;
    const name = `bench_${process.pid}_${made}`;
    await admin.query(`create database ${name}`);
    await admin.query('checkpoint'); // so that no round pays for what the one before it wrote
    const databaseUrl = Object.assign(new URL(url), { pathname: `/${name}` }).href;
    const pool = new pg.Pool({ connectionString: databaseUrl, max: 2, application_name: ownName });
    // A connection that is still open or closing when its database is dropped is told so.
    pool.on('connect', (client) => client.on('error', () => undefined));
    pool.on('error', () => undefined);
    const drop = async (): Promise<void> => {
      await pool.end();
      await admin.query(`drop database ${name} with (force)`);
    };
    return { url: databaseUrl, pool, drop };
  };
  return { pid: parentOf(rows[0]!.pid), version: rows[0]!.version, createDatabase, stop: () => admin.end() };
}
