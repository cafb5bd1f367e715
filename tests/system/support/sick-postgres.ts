// Making a Postgres server of a test's own such that Posthorn should not start on it, and a disk that is full.
import { execFile } from 'node:child_process';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { makeTemporaryDirectory } from '@posthorn/testkit';
import pg from 'pg';

const run = promisify(execFile);

/** Runs statements one by one; returns the rows of the last. */
export const runSql = async (url: string, ...statements: readonly string[]): Promise<readonly Record<string, unknown>[]> => {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    let rows: readonly Record<string, unknown>[] = [];
    for (const statement of statements) ({ rows } = await client.query(statement));
    return rows;
  } finally {
    await client.end();
  }
};

/** The URL with another database, user or password. */
export const changedUrl = (
  url: string,
  change: { readonly database?: string; readonly user?: string; readonly password?: string },
): string => {
  const changed = new URL(url);
  if (change.database !== undefined) changed.pathname = `/${change.database}`;
  if (change.user !== undefined) changed.username = change.user;
  if (change.password !== undefined) changed.password = change.password;
  return changed.href;
};

/** Lets a user in with TLS only, which the server does not have. */
export const demandTls = async (url: string, user: string): Promise<void> => {
  const [row] = await runSql(url, 'select current_setting($$hba_file$$) as file');
  const file = String(row?.file);
  await writeFile(file, `hostnossl all ${user} all reject\n${await readFile(file, 'utf8')}`);
  await runSql(url, 'select pg_reload_conf()');
};

export type SmallDisk = {
  readonly path: string;
  readonly setReadOnly: (isReadOnly: boolean) => Promise<void>;
  readonly remove: () => Promise<void>;
};

/** A disk of so many MiB; null: this user may not mount one. */
export const mountSmallDisk = async (mib: number): Promise<SmallDisk | null> => {
  const folder = await makeTemporaryDirectory('disk');
  await chmod(folder.path, 0o711);
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${mib}m,mode=0700`, 'tmpfs', folder.path]);
  } catch {
    await folder.cleanup();
    return null;
  }
  return {
    path: folder.path,
    setReadOnly: async (isReadOnly) => {
      await run('mount', ['-o', `remount,${isReadOnly ? 'ro' : 'rw'}`, folder.path]);
    },
    remove: async () => {
      await run('umount', ['-l', folder.path]);
      await folder.cleanup();
    },
  };
};
