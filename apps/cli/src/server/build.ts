// What this program was built of.
import { readFileSync } from 'node:fs';
import type { Build } from '@posthorn/db';

const textOf = (path: string, base: URL): string => readFileSync(new URL(path, base), 'utf8');

export const readVersion = (): string =>
  (JSON.parse(textOf('../../package.json', new URL(import.meta.url))) as { version: string }).version;

/** What a clone has checked out; null: this is none, or one whose branch is packed away. @param git its `.git/` */
export const commitOfClone = (git: URL): string | null => {
  try {
    const head = textOf('HEAD', git).trim();
    const commit = head.startsWith('ref: ') ? textOf(head.slice('ref: '.length), git).trim() : head;
    return /^[0-9a-f]{40,64}$/.test(commit) ? commit : null;
  } catch {
    return null;
  }
};

/** @param commit what the environment says */
export const readBuild = (commit: string | null): Build => ({
  version: readVersion(),
  commit: commit ?? commitOfClone(new URL('../../../../.git/', import.meta.url)),
});
