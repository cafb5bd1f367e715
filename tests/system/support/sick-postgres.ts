// Making a Postgres server of a test's own such that Posthorn should not start on it, and a disk that is full.
import { execFile } from 'node:child_process';
import { chmod, open, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { it } from '@jest/globals';
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

type Owner = { readonly uid: number; readonly gid: number };

/** Runs a program that needs root, as root or by a sudo that asks for nothing. */
const runAsRoot = (file: string, args: readonly string[]) =>
  process.getuid?.() === 0 ? run(file, [...args]) : run('sudo', ['-n', file, ...args]);

/** Mounts a disk of so many MiB. Rejects where this user may not. @param owner of its folder; default: this user */
export const mountSmallDisk = async (mib: number, owner?: Owner): Promise<SmallDisk> => {
  const folder = await makeTemporaryDirectory('disk');
  await chmod(folder.path, 0o711);
  const { uid = process.getuid?.() ?? 0, gid = process.getgid?.() ?? 0 } = owner ?? {};
  try {
    await runAsRoot('mount', ['-t', 'tmpfs', '-o', `size=${mib}m,mode=0700,uid=${uid},gid=${gid}`, 'tmpfs', folder.path]);
  } catch (error) {
    await folder.cleanup();
    throw error;
  }
  return {
    path: folder.path,
    setReadOnly: async (isReadOnly) => {
      await run('mount', ['-o', `remount,${isReadOnly ? 'ro' : 'rw'}`, folder.path]);
    },
    remove: async () => {
      await runAsRoot('umount', ['-l', folder.path]);
      await folder.cleanup();
    },
  };
};

/** Whether this user may mount one: asked by mounting one. */
export const mayMountDisk = (): Promise<boolean> =>
  mountSmallDisk(1).then(
    async ({ remove }) => {
      await remove();
      return true;
    },
    () => false,
  );

const unmountable = ': not run, since this user may not mount a disk';

/** `it` for tests that mount a disk: where that is refused they are skipped, and their names say so. */
export const itWithDisk = async (): Promise<(name: string, test: () => Promise<void>, timeoutMs: number) => void> =>
  (await mayMountDisk()) ? it : (name, test, timeoutMs) => it.skip(`${name}${unmountable}`, test, timeoutMs);

/** Takes all the room that there is; resolves with the way to give it back. */
export const fillDisk = async (directory: string): Promise<() => Promise<void>> => {
  const path = join(directory, 'filler');
  const file = await open(path, 'w');
  try {
    // The last pieces are small, so that nothing is left.
    for (let bytes = 1024 * 1024; bytes >= 512; ) {
      await file.write(Buffer.alloc(bytes, 1)).then(
        ({ bytesWritten }) => {
          if (bytesWritten < bytes) bytes /= 2;
        },
        () => {
          bytes /= 2;
        },
      );
    }
  } finally {
    await file.close();
  }
  return () => rm(path);
};
