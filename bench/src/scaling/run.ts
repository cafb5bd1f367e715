// The chosen series of the scaling page.
import { type BenchRun, publish, scalingPage } from '../run.js';
import { measureStep, type StepFigures } from './measure.js';
import { describeStep, renderSeries } from './report.js';
import { allSeries } from './series.js';

/** Runs the chosen series and publishes each when it is done. The steps of one round follow each other: what is compared lies close together. */
export async function runSeries(run: BenchRun): Promise<void> {
  const { options, servers } = run;
  for (const series of allSeries(options.isQuick).filter(({ name }) => options.series.includes(name))) {
    const rounds: StepFigures[][] = series.steps.map(() => []);
    for (let round = 0; round < options.rounds; round += 1)
      for (const [index, step] of series.steps.entries()) {
        const figures = await measureStep(servers, step, options.seconds, options.warmUpS);
        rounds[index]!.push(figures);
        console.log(describeStep(step, figures));
      }
    const shape = `${options.rounds} rounds, ${options.warmUpS} s warm-up, ${options.seconds} s; queue on Redis.`;
    await publish(run, series.name, [renderSeries({ series, rounds }), shape], scalingPage);
  }
}
