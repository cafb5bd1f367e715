// The chosen scenarios, each with its rounds.
import { type BenchRun, publish } from '../run.js';
import { describeFigures, renderScenario, type ScenarioRounds } from './report.js';
import { scenarios } from './scenarios.js';

/** Runs the chosen scenarios and publishes each when it is done. */
export async function runScenarios(run: BenchRun): Promise<void> {
  const { options, servers } = run;
  for (const name of options.scenarios) {
    const scenario = scenarios[name];
    const rounds: ScenarioRounds['rounds'][number][] = [];
    while (rounds.length < options.rounds) {
      const figures = await scenario.run(servers, options.isQuick);
      rounds.push(figures);
      console.log(describeFigures(name, figures));
    }
    const shape = `Rounds: ${options.rounds}${options.isQuick ? ', smaller and shorter than told here' : ''}.`;
    await publish(run, name, [renderScenario({ scenario, rounds }), shape]);
  }
}
