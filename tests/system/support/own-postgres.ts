// A Postgres server of a test's own, which can be killed and comes back at its address with its data, set as the test wants it.
import { chmod, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { migrate, startEmbeddedPostgres } from '@posthorn/db';
import { makeTemporaryDirectory } from '@posthorn/testkit';

type Settings = Readonly<Record<string, string>>;

export type OwnPostgres = {
  /** Of a database with Posthorn's schema. */
  readonly url: string;
  readonly dataDirectory: string;
  /** Who the server runs as, and what it reads and writes belongs to. */
  readonly owner: { readonly uid: number; readonly gid: number };
  /** Kills the postmaster as by SIGKILL, and resolves when it has ended. */
  readonly kill: () => Promise<void>;
  /** Resolves when the server that runs has ended, by whatever. */
  readonly exited: () => Promise<void>;
  /** Starts it again after that, with these settings in the place of those of before. */
  readonly restart: (settings?: Settings) => Promise<void>;
  /** Stops it and takes away its data. */
  readonly stop: () => Promise<void>;
};

export const startOwnPostgres = async (name: string, settings: Settings = {}): Promise<OwnPostgres> => {
  const folder = await makeTemporaryDirectory(name);
  // As root the server runs as another user, who must be able to pass through.
  await chmod(folder.path, 0o711);
  const directory = join(folder.path, 'server');
  const dataDirectory = join(directory, 'data');
  let now = settings;
  let server = await startEmbeddedPostgres({ directory, settings });
  const { url } = server;
  await migrate(url);
  const { uid, gid } = await stat(dataDirectory);
  return {
    url,
    dataDirectory,
    owner: { uid, gid },
    kill: async () => {
      process.kill(Number((await readFile(join(dataDirectory, 'postmaster.pid'), 'utf8')).split('\n')[0]), 'SIGKILL');
      await server.exited;
    },
    exited: () => server.exited,
    restart: async (changed = now) => {
      now = changed;
      server = await startEmbeddedPostgres({ directory, port: Number(new URL(url).port), settings: changed });
    },
    stop: async () => {
      await server.stop();
      await folder.cleanup();
    },
  };
};
