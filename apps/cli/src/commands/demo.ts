// `posthorn demo`: real GitHub payloads through the HTTP API to a receiver that verifies each of them. Without a Posthorn to
// talk to, it starts one of its own for as long as it runs.
import { type Client, createClient } from '@posthorn/client';
import { SingleBar } from 'cli-progress';
import type { Command } from 'commander';
import { answers, defaultApiUrl } from '../api-address.js';
import { type ApiOptions, addApiOptions, connectApi } from '../api-options.js';
import { loadExamples } from '../demo/examples.js';
import type { DemoSummary } from '../demo/ledger.js';
import { startOwnProduct } from '../demo/product.js';
import { repeatEvents, runDemo } from '../demo/run-demo.js';
import { failureOf, summaryLines } from '../demo/summary-lines.js';
import { listenForInterruption } from '../interruption.js';
import { wholeNumber } from '../number-option.js';
import { printable, type Terminal } from '../terminal.js';

const eventsMax = 1_000_000;

type DemoCommandOptions = ApiOptions & { readonly events?: number };

export function registerDemo(program: Command, terminal: Terminal): void {
  const command = program
    .command('demo')
    .description('publish real GitHub payloads to a receiver that verifies them; exit code 1 if one is missing')
    .option('--events <n>', 'how many events, the payloads over and over (default: each payload once)', wholeNumber(1, eventsMax));
  addApiOptions(command).action((options: DemoCommandOptions) => demo(options, terminal));
}

async function demo(options: DemoCommandOptions, terminal: Terminal): Promise<void> {
  const examples = loadExamples();
  const count = options.events ?? examples.length;
  const interruption = listenForInterruption();
  const bar = new SingleBar({ format: '{bar} {value}/{total} delivered, {duration_formatted}', hideCursor: true });
  try {
    const summary = await withApi(options, terminal, interruption.signal, (api) => {
      bar.start(count, 0);
      const progress = (delivered: number): void => bar.update(delivered);
      return runDemo({ api, events: repeatEvents(examples, count), signal: interruption.signal, progress }).finally(() => bar.stop());
    });
    terminal.print(printable(summaryLines(summary).join('\n')));
    const failure = failureOf(summary, count);
    if (failure !== null) throw new Error(`the demo failed: ${failure}`);
  } finally {
    interruption.dispose();
  }
}

/** Runs with the API that is named or answers here, else with one of its own, which is gone afterwards. */
async function withApi(
  options: DemoCommandOptions,
  terminal: Terminal,
  signal: AbortSignal,
  run: (api: Client) => Promise<DemoSummary>,
): Promise<DemoSummary> {
  const isThere = options.url !== undefined || (await answers(defaultApiUrl, '/healthz'));
  if (!isThere) terminal.print(`nothing answers on ${defaultApiUrl}: starting a Posthorn for the demo, which takes some seconds`);
  const product = isThere ? null : await startOwnProduct(signal);
  try {
    const api = product === null ? await connectApi(options) : createClient(product);
    terminal.print(`publishing to ${api.url}`);
    return await run(api);
  } finally {
    await product?.stop();
  }
}
