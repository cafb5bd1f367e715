// Loaded into a process under test by `--import`: at SIGUSR2 it prints how late the process's event loop was since the last time, in ms.
import { monitorEventLoopDelay } from 'node:perf_hooks';

const resolutionMs = 10;
const histogram = monitorEventLoopDelay({ resolution: resolutionMs });
histogram.enable();
/** What is measured has the time between two looks in it. */
const ms = (nanoseconds) => Math.max(0, Math.round(nanoseconds / 1e5) / 10 - resolutionMs);
let told = 0;

process.on('SIGUSR2', () => {
  told += 1;
  const lag = { told, p50: ms(histogram.percentile(50)), p99: ms(histogram.percentile(99)), max: ms(histogram.max) };
  process.stderr.write(`event loop ${JSON.stringify(lag)}\n`);
  histogram.reset();
});
