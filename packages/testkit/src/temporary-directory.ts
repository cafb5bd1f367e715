// Temporary folders of tests: removed by `cleanup()`, and at the latest when the process exits.
import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { atExit } from './at-exit.js';

export type TemporaryDirectory = {
  /** Absolute. */
  readonly path: string;
  /** Removes the folder with all that is in it; a second call does nothing. */
  cleanup(): Promise<void>;
};

/** Makes an empty folder that only this user can read; `name` shows in its path. */
export async function makeTemporaryDirectory(name = 'test'): Promise<TemporaryDirectory> {
  const path = await mkdtemp(join(tmpdir(), `posthorn-${name}-`));
  // A server that is still stopping may write into it: then the folder stays, and the system clears it in time.
  const takeBack = atExit(() => rmSync(path, { recursive: true, force: true }));
  const cleanup = async () => {
    await rm(path, { recursive: true, force: true, maxRetries: 3 });
    takeBack();
  };
  return { path, cleanup };
}
