// `npm run bench`: the bare pipeline and the product in turn on the same servers, then what the product must bear, then what the console reads, and
// the tables in docs/benchmarks.md; then how cost grows, and the tables in docs/scaling.md.
import { startBare } from './bare/start.js';
import { describeRead, renderConsole } from './console/report.js';
import { runConsole } from './console/run.js';
import { type SizeName, sizes } from './console/size.js';
import { type BlockName, writeBlock } from './document.js';
import { describeFigures, renderScenario, type ScenarioRounds } from './fairness/report.js';
import type { ScenarioName } from './fairness/scenario.js';
import { scenarios } from './fairness/scenarios.js';
import { describeMachine } from './machine.js';
import { measureRound, type Round, type RoundPlan } from './measure.js';
import { readOptions } from './options.js';
import { startProduct } from './product.js';
import { type Comparison, describeRound, renderTables } from './report.js';
import { measureStep, type StepFigures } from './scaling/measure.js';
import { describeStep, renderSeries } from './scaling/report.js';
import { allSeries, type SeriesName } from './scaling/series.js';
import { startServers } from './servers.js';
import type { StartSystem, SystemName } from './system.js';

const documentFile = new URL('../../docs/benchmarks.md', import.meta.url);
const scalingFile = new URL('../../docs/scaling.md', import.meta.url);
const starts: Readonly<Record<SystemName, StartSystem>> = { bare: startBare, product: startProduct };
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

const options = readOptions(process.argv.slice(2));
const servers = await startServers();
try {
  if (options.plans.length > 0) await runThroughput(options.plans);
  if (options.scenarios.length > 0) await runScenarios(options.scenarios);
  if (options.sizes.length > 0) await runSizes(options.sizes);
  if (options.series.length > 0) await runSeries(options.series);
} finally {
  await servers.stop();
}

async function runThroughput(plans: readonly RoundPlan[]): Promise<void> {
  const comparisons: Comparison[] = [];
  for (const plan of plans) comparisons.push(await compare(plan));
  const { warmUpS, seconds, lowLoadSeconds, connections } = plans[0]!;
  const shape = `${options.rounds} rounds each, ${warmUpS} s warm-up, ${seconds} s closed loop over ${connections} connections, ${lowLoadSeconds} s at 10 %.`;
  await publish('bench', [shape, renderTables(comparisons)]);
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

async function runScenarios(names: readonly ScenarioName[]): Promise<void> {
  for (const name of names) {
    const scenario = scenarios[name];
    const rounds: ScenarioRounds['rounds'][number][] = [];
    while (rounds.length < options.rounds) {
      const figures = await scenario.run(servers, options.isQuick);
      rounds.push(figures);
      console.log(describeFigures(name, figures));
    }
    const shape = `Rounds: ${options.rounds}${options.isQuick ? ', smaller and shorter than told here' : ''}.`;
    await publish(name, [renderScenario({ scenario, rounds }), shape]);
  }
}

/** Reads only: there is one round, of many reads. */
async function runSizes(names: readonly SizeName[]): Promise<void> {
  for (const name of names) {
    const figures = await runConsole(servers, sizes[name], options.isQuick, (times) => console.log(describeRead(name, times)));
    await publish(name, [renderConsole(sizes[name], figures)]);
  }
}

/** The rounds of one step after the other: what is compared lies close together. */
async function runSeries(names: readonly SeriesName[]): Promise<void> {
  for (const series of allSeries(options.isQuick).filter(({ name }) => names.includes(name))) {
    const rounds: StepFigures[][] = series.steps.map(() => []);
    for (let round = 0; round < options.rounds; round += 1)
      for (const [index, step] of series.steps.entries()) {
        const figures = await measureStep(servers, step, options.seconds, options.warmUpS);
        rounds[index]!.push(figures);
        console.log(describeStep(step, figures));
      }
    const shape = `${options.rounds} rounds, ${options.warmUpS} s warm-up, ${options.seconds} s; queue on Redis.`;
    await publish(series.name, [renderSeries({ series, rounds }), shape], scalingFile);
  }
}

/** Prints a block, and writes it to its page unless the run is quick. */
async function publish(name: BlockName, parts: readonly string[], file = documentFile): Promise<void> {
  const machine = describeMachine(servers.postgres.version, servers.redisVersion());
  const block = [...parts, `${new Date().toISOString().slice(0, 10)}. ${machine}`].join('\n\n');
  console.log(`\n${block}`);
  if (!options.isQuick) await writeBlock(file, name, block);
}
