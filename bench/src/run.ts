// What every part of the bench gets: what was asked for, the servers, and where its tables go.
import { type BlockName, writeBlock } from './document.js';
import { describeMachine } from './machine.js';
import type { BenchOptions } from './options.js';
import type { BenchServers } from './servers.js';

/** The pages that have blocks. */
export const benchmarksPage = new URL('../../docs/benchmarks.md', import.meta.url);
export const scalingPage = new URL('../../docs/scaling.md', import.meta.url);

/** One run of the bench. */
export interface BenchRun {
  readonly options: BenchOptions;
  readonly servers: BenchServers;
}

/** Prints a block with its date and machine, and writes it to its page unless the run is quick. */
export async function publish(
  { options, servers }: BenchRun,
  name: BlockName,
  parts: readonly string[],
  page = benchmarksPage,
): Promise<void> {
  const machine = describeMachine(servers.postgres.version, servers.redisVersion());
  const block = [...parts, `${new Date().toISOString().slice(0, 10)}. ${machine}`].join('\n\n');
  console.log(`\n${block}`);
  if (!options.isQuick) await writeBlock(page, name, block);
}
