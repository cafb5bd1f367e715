// Replaces a generated block of docs/benchmarks.md or docs/scaling.md; what stands around the blocks is written by hand and kept.
import { readFile, writeFile } from 'node:fs/promises';
import type { SizeName } from './console/size.js';
import type { ScenarioName } from './fairness/scenario.js';
import type { SeriesName } from './scaling/series.js';

/** The blocks: one for throughput, one for each scenario, one for each size of what the console reads, one for each series of the scaling page, one for the soak. */
export type BlockName = 'bench' | ScenarioName | SizeName | SeriesName | 'soak';

/** Returns `document` with `block` between the block's markers; a document without them gets them at its end. Throws on half of them. */
export function replaceBlock(document: string, name: BlockName, block: string): string {
  const begin = `<!-- ${name}:begin -->`;
  const end = `<!-- ${name}:end -->`;
  const from = document.indexOf(begin);
  const to = document.indexOf(end);
  if (from < 0 && to < 0) return `${document.trimEnd()}\n\n${begin}\n${block}\n${end}\n`;
  if (from < 0 || to < from) throw new Error(`the document has no ${begin} … ${end}`);
  return `${document.slice(0, from + begin.length)}\n${block}\n${document.slice(to)}`;
}

/** Writes `block` into the file. */
export async function writeBlock(file: URL, name: BlockName, block: string): Promise<void> {
  await writeFile(file, replaceBlock(await readFile(file, 'utf8'), name, block));
}
