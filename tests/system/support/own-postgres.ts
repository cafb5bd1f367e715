// A Postgres server of a test's own, which can be killed and comes back at its address with its data.
import { chmod, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { migrate, startEmbeddedPostgres } from '@posthorn/db';
import { makeTemporaryDirectory } from '@posthorn/testkit';

export type OwnPostgres = {
  /** Of a database with Posthorn's schema. */
  readonly url: string;
  /** Kills the postmaster as by SIGKILL, and resolves when it has ended. */
  readonly kill: () => Promise<void>;
  /** Starts it again after that. */
  readonly restart: () => Promise<void>;
  /** Stops it and takes away its data. */
  readonly stop: () => Promise<void>;
};

export const startOwnPostgres = async (name: string): Promise<OwnPostgres> => {
  const folder = await makeTemporaryDirectory(name);
  // As root the server runs as another user, who must be able to pass through.
  await chmod(folder.path, 0o711);
  const directory = join(folder.path, 'server');
  let server = await startEmbeddedPostgres({ directory });
  const { url } = server;
  await migrate(url);
  return {
    url,
    kill: async () => {
      process.kill(Number((await readFile(join(directory, 'data', 'postmaster.pid'), 'utf8')).split('\n')[0]), 'SIGKILL');
      await server.exited;
    },
    restart: async () => {
      server = await startEmbeddedPostgres({ directory, port: Number(new URL(url).port) });
    },
    stop: async () => {
      await server.stop();
      await folder.cleanup();
    },
  };
};
