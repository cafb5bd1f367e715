// Real Postgres for tests: one server for the whole run, one template with the migrated schema (ours and the queue's), one clone of it per test file.
import { randomBytes } from 'node:crypto';
import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { migrate, startEmbeddedPostgres } from '@posthorn/db';
import { migrateQueue } from '@posthorn/queue';
import pg from 'pg';
import { givenPostgresUrl, testPostgresUrl } from './environment.js';
import { eventually } from './eventually.js';
import { makeTemporaryDirectory } from './temporary-directory.js';

export type TestPostgres = {
  /** Of a superuser; for `createTestDatabase` through POSTHORN_TEST_POSTGRES_URL. */
  readonly url: string;
  stop(): Promise<void>;
};

export type TestDatabase = {
  readonly url: string;
  /** @throws Error when a session is still open on it: the test left a pool behind. The database goes all the same. */
  drop(): Promise<void>;
};

const templateName = 'posthorn_template';
const cloneMs = 30_000;
/** SQLSTATE object_in_use: https://www.postgresql.org/docs/current/errcodes-appendix.html */
const objectInUse = '55006';

/**
 * Starts the server of a test run, an embedded one in a temporary folder or the one that POSTHORN_TEST_DATABASE_URL names, and
 * makes the template anew.
 */
export async function startTestPostgres(): Promise<TestPostgres> {
  const server = await startServer();
  try {
    await withClient(server.url, async (client) => {
      await client.query(`drop database if exists ${templateName} with (force)`);
      await client.query(`create database ${templateName}`);
    });
    const templateUrl = withDatabase(server.url, templateName);
    await migrate(templateUrl);
    await migrateQueue({ kind: 'postgres', url: templateUrl, connectionsMax: 2 });
    return server;
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/** Clones the template: a database of a test file's own, empty, with the current schema. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const serverUrl = testPostgresUrl();
  const name = `posthorn_test_${randomBytes(6).toString('hex')}`;
  // Postgres refuses while anybody is connected to the template, be it only for the moment of a health check.
  const clone = (client: pg.Client) => client.query(`create database ${name} template ${templateName}`);
  const { error } = await eventually(
    () =>
      withClient(serverUrl, clone).then(
        () => ({ error: undefined }),
        (error: unknown) => (codeOf(error) === objectInUse ? false : { error }),
      ),
    { timeoutMs: cloneMs, everyMs: 100 },
  );
  if (error !== undefined) throw error;
  return { url: withDatabase(serverUrl, name), drop: () => dropDatabase(serverUrl, name) };
}

async function startServer(): Promise<TestPostgres> {
  const given = givenPostgresUrl();
  if (given !== undefined) return { url: given, stop: async () => undefined };
  const folder = await makeTemporaryDirectory('postgres');
  // As root the server runs as another user, who must be able to pass through.
  await chmod(folder.path, 0o711);
  const server = await startEmbeddedPostgres({ directory: join(folder.path, 'server') });
  const stop = async () => {
    await server.stop();
    await folder.cleanup();
  };
  return { url: server.url, stop };
}

/** Postgres itself waits 5 s for sessions that are just ending before it refuses. */
async function dropDatabase(serverUrl: string, name: string): Promise<void> {
  await withClient(serverUrl, async (client) => {
    try {
      await client.query(`drop database if exists ${name}`);
    } catch (error) {
      if (codeOf(error) !== objectInUse) throw error;
      const left = await client.query(`select state, query from pg_stat_activity where datname = $1 and backend_type = 'client backend'`, [
        name,
      ]);
      await client.query(`drop database if exists ${name} with (force)`);
      const sessions = left.rows.map((row: { state: string; query: string }) => `${row.state}: ${row.query.slice(0, 200)}`);
      throw new Error(`${left.rowCount} sessions were left open on a test's database (${sessions.join('; ')})`);
    }
  });
}

async function withClient<T>(url: string, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

function withDatabase(url: string, name: string): string {
  const changed = new URL(url);
  changed.pathname = `/${name}`;
  return changed.href;
}

function codeOf(error: unknown): string | undefined {
  return error instanceof pg.DatabaseError ? error.code : undefined;
}
