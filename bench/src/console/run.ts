// The chosen sizes of what the console reads.
import { type BenchRun, publish } from '../run.js';
import { runConsole } from './one-size.js';
import { describeRead, renderConsole } from './report.js';
import { sizes } from './size.js';

/** Runs the chosen sizes and publishes each when it is done. Reads only: there is one round, of many reads. */
export async function runSizes(run: BenchRun): Promise<void> {
  const { options, servers } = run;
  for (const name of options.sizes) {
    const figures = await runConsole(servers, sizes[name], options.isQuick, (times) => console.log(describeRead(name, times)));
    await publish(run, name, [renderConsole(sizes[name], figures)]);
  }
}
