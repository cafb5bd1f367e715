// The soak as the bench runs it: told as it goes, its table published, a miss an exit code.
import { type BenchRun, publish } from '../run.js';
import { describeMisses, describeSample, renderSoak } from './report.js';
import { runSoak } from './run.js';

/** Runs the soak if it was asked for. What is beyond its tolerance is printed and makes the exit code 1, unless the soak was too short to be judged. */
export async function runSoaks(run: BenchRun): Promise<void> {
  const plan = run.options.soak;
  if (plan === undefined) return;
  const soak = await runSoak(run.servers, plan, (...sample) => console.log(describeSample(...sample)));
  await publish(run, 'soak', [renderSoak(plan, soak)]);
  const misses = describeMisses(soak.figures);
  for (const miss of misses) console.error(`beyond its tolerance: ${miss}`);
  if (plan.isJudged && misses.length > 0) process.exitCode = 1;
}
