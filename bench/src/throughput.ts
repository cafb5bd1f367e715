// The bare pipeline and the product in turn on the same servers.
import { startBare } from './bare/start.js';
import { measureRound, type Round, type RoundPlan } from './measure.js';
import { startProduct } from './product.js';
import { type Comparison, describeRound, renderTables } from './report.js';
import { type BenchRun, publish } from './run.js';
import type { StartSystem, SystemName } from './system.js';

const starts: Readonly<Record<SystemName, StartSystem>> = { bare: startBare, product: startProduct };

/** Runs the plans of throughput, one after the other, and publishes their tables. */
export async function runThroughput(run: BenchRun): Promise<void> {
  const { plans, rounds } = run.options;
  if (plans.length === 0) return;
  const comparisons: Comparison[] = [];
  for (const plan of plans) comparisons.push(await compare(run, plan));
  const { warmUpS, seconds, lowLoadSeconds, connections } = plans[0]!;
  const shape = `${rounds} rounds each, ${warmUpS} s warm-up, ${seconds} s closed loop over ${connections} connections, ${lowLoadSeconds} s at 10 %.`;
  await publish(run, 'bench', [shape, renderTables(comparisons)]);
}

/** Rounds in turn; which system begins alternates, so that a drift of the machine favours neither. */
async function compare({ options, servers }: BenchRun, plan: RoundPlan): Promise<Comparison> {
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
