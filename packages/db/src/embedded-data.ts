// The data directory of an embedded Postgres. It is made by initdb in a folder of its own beside the final one, which gets its name at the
// end: an initdb that was cut off leaves nothing that looks like a database, and nothing that is one is ever taken away.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

/** How long a server that is already stopping may take until its directory is ours. */
const previousServerWaitMs = 10_000;
const guardianName = 'embedded-guardian';

export type DataSteps = {
  /** Runs initdb in a folder that is not there yet. */
  readonly initialise: (folder: string) => Promise<void>;
  readonly isStopping: () => boolean;
};

const hasData = (dataDirectory: string): boolean => existsSync(join(dataDirectory, 'PG_VERSION'));

/** Makes the data directory if there is none. Rejects with what `initialise` rejects with, and leaves nothing then. */
export async function makeData(dataDirectory: string, { initialise, isStopping }: DataSteps): Promise<void> {
  if (isStopping() || hasData(dataDirectory)) return;
  const strange = await readdir(dataDirectory).catch(() => []);
  if (strange.length > 0)
    throw new Error(`${dataDirectory} holds files and no database (no PG_VERSION): bring them back from a backup, or move them away`);
  await removeUnfinished(dataDirectory);
  const unfinished = `${dataDirectory}.unfinished-${process.pid}`;
  try {
    await initialise(unfinished);
    await rename(unfinished, dataDirectory).catch((error: unknown) => {
      // Another Posthorn that started at the same time was faster.
      if (!hasData(dataDirectory)) throw error;
    });
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}

/** What others have left half-made. One whose maker still lives is that maker's to take away: it is stopping, or it is faster than we are. */
async function removeUnfinished(dataDirectory: string): Promise<void> {
  const prefix = `${basename(dataDirectory)}.unfinished-`;
  for (const name of await readdir(dirname(dataDirectory))) {
    if (!name.startsWith(prefix)) continue;
    const maker = Number(name.slice(prefix.length));
    if (maker === process.pid || !(await isRunning(maker, [guardianName])))
      await rm(join(dirname(dataDirectory), name), { recursive: true, force: true });
  }
}

/**
 * A server that already runs on this directory belongs to a guardian that is stopping, or to a Posthorn that still runs.
 * A pid file whose process is gone, or whose number belongs to another program by now, is removed: Postgres would refuse to start.
 * @throws Error with the pid, if that server goes on running
 */
export async function waitForPreviousServer(dataDirectory: string, isStopping: DataSteps['isStopping']): Promise<void> {
  const pidFile = join(dataDirectory, 'postmaster.pid');
  const deadlineMs = performance.now() + previousServerWaitMs;
  while (!isStopping()) {
    const text = await readFile(pidFile, 'utf8').catch(() => undefined);
    if (text === undefined) return;
    const pid = Number.parseInt(text, 10);
    if (!(await isRunning(pid, ['postgres', dataDirectory]))) return rm(pidFile, { force: true });
    if (performance.now() > deadlineMs) {
      throw new Error(`a Postgres server (pid ${pid}) still runs on ${dataDirectory}: stop the Posthorn it belongs to, or that process`);
    }
    await delay(100);
  }
}

/** Whether the process runs, and all these words stand in its command line. */
async function isRunning(pid: number, words: readonly string[]): Promise<boolean> {
  if (!Number.isInteger(pid) || pid <= 1) return false;
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => commandOf(pid));
  return words.every((word) => command.includes(word));
}

async function commandOf(pid: number): Promise<string> {
  const result = await promisify(execFile)('ps', ['-ww', '-o', 'command=', '-p', String(pid)]).catch(() => undefined);
  return result?.stdout ?? '';
}
