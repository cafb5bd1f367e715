// Replaces the generated block of docs/benchmarks.md; what stands around it is written by hand and kept.
import { readFile, writeFile } from 'node:fs/promises';

const begin = '<!-- bench:begin -->';
const end = '<!-- bench:end -->';

/** Returns `document` with `block` between the markers; throws if there are none. */
export function replaceBlock(document: string, block: string): string {
  const from = document.indexOf(begin);
  const to = document.indexOf(end);
  if (from < 0 || to < from) throw new Error(`the document has no ${begin} … ${end}`);
  return `${document.slice(0, from + begin.length)}\n${block}\n${document.slice(to)}`;
}

/** Writes `block` into the file. */
export async function writeBlock(file: URL, block: string): Promise<void> {
  await writeFile(file, replaceBlock(await readFile(file, 'utf8'), block));
}
