// `npm run bench`: the bare pipeline and the product in turn on the same servers, then what the product must bear, then what the console reads, and
// the tables in docs/benchmarks.md; then how cost grows, and the tables in docs/scaling.md; then whether anything grows that should not.
import { runSizes } from './console/run.js';
import { runScenarios } from './fairness/run.js';
import { readOptions } from './options.js';
import { runSeries } from './scaling/run.js';
import { startServers } from './servers.js';
import { runSoaks } from './soak/publish.js';
import { runThroughput } from './throughput.js';

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

const options = readOptions(process.argv.slice(2));
const servers = await startServers();
const run = { options, servers };
try {
  for (const runGroup of [runThroughput, runScenarios, runSizes, runSeries, runSoaks]) await runGroup(run);
} finally {
  await servers.stop();
}
