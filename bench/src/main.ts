// `npm run bench`: the bare pipeline and the product in turn on the same servers, and the tables in docs/benchmarks.md.
import { startBare } from './bare/start.js';
import { writeBlock } from './document.js';
import { describeMachine } from './machine.js';
import { measureRound, type Round, type RoundPlan } from './measure.js';
import { readOptions } from './options.js';
import { startProduct } from './product.js';
import { type Comparison, describeRound, renderTables } from './report.js';
import { startServers } from './servers.js';
import type { StartSystem, SystemName } from './system.js';

const documentFile = new URL('../../docs/benchmarks.md', import.meta.url);
const starts: Readonly<Record<SystemName, StartSystem>> = { bare: startBare, product: startProduct };
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

const options = readOptions(process.argv.slice(2));
const servers = await startServers();
try {
  const comparisons: Comparison[] = [];
  for (const plan of options.plans) comparisons.push(await compare(plan));
  const machine = describeMachine(servers.postgres.version, servers.redisVersion());
  const { warmUpS, seconds, lowLoadSeconds, connections } = options.plans[0]!;
  const shape = `${options.rounds} rounds each, ${warmUpS} s warm-up, ${seconds} s closed loop over ${connections} connections, ${lowLoadSeconds} s at 10 %.`;
  const block = [`${new Date().toISOString().slice(0, 10)}. ${machine}`, shape, renderTables(comparisons)].join('\n\n');
  console.log(`\n${block}`);
  if (options.writesDocument) await writeBlock(documentFile, block);
} finally {
  await servers.stop();
}

/** Rounds in turn; which system begins alternates, so that a drift of the machine favours neither. */
async function compare(plan: RoundPlan): Promise<Comparison> {
  const rounds: Record<SystemName, Round[]> = { bare: [], product: [] };
  for (let index = 0; index < options.rounds; index += 1) {
    const order = index % 2 === 0 ? options.systems : options.systems.toReversed();
    for (const system of order) {
      const round = await measureRound(starts[system], servers, plan);
      rounds[system].push(round);
      console.log(describeRound(system, plan, round));
    }
  }
  return { plan, rounds };
}
