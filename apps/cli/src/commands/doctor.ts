// `posthorn doctor`: looks at everything that a Posthorn with this configuration needs, and says what puts right what is wrong.
import type { Command } from 'commander';
import { type ApiOptions, addApiOptions } from '../api-options.js';
import { type Check, isWell } from '../doctor/check.js';
import { type ListenAddress, listenAddress, receiverPlace, receiverUrl } from '../doctor/receiver-place.js';
import { CommandError } from '../exit-codes.js';
import { listenForInterruption } from '../interruption.js';
import { wholeNumber } from '../number-option.js';
import { printable, type Terminal } from '../terminal.js';

const examination = () => import('../doctor/examine.js');
const lines = () => import('../doctor/check-lines.js');

const waitMaxS = 600;
const waitDefaultS = 30;

type DoctorOptions = ApiOptions & {
  readonly json?: true;
  readonly listen?: ListenAddress;
  readonly receiver?: string;
  readonly wait: number;
};

export function registerDoctor(program: Command, terminal: Terminal): void {
  const command = program
    .command('doctor')
    .description('look at configuration, servers and ports, and send an event through the API that runs; exit code 1 if there is a problem')
    .option('--json', 'as JSON')
    .option('--listen <address>', 'where the event is received, as 127.0.0.1:4999 (default: a free port there)', listenAddress)
    .option(
      '--receiver <url>',
      'by which the workers reach that, where it is not the same: between containers, or behind a proxy',
      receiverUrl,
    );
  command.option('--wait <s>', 'how long the event may take to arrive, in seconds', wholeNumber(1, waitMaxS), waitDefaultS);
  addApiOptions(command).action((options: DoctorOptions) => diagnose(options, terminal));
}

/** So wide is the column of names. */
const nameChars = 'port of a worker'.length;

async function diagnose({ json, wait, listen, receiver: url, ...options }: DoctorOptions, terminal: Terminal): Promise<void> {
  const receiver = receiverPlace(listen, url);
  const [{ examine }, { checkLines, summaryLine }] = await Promise.all([examination(), lines()]);
  const found = (check: Check): void => {
    if (json !== true) for (const line of checkLines(check, nameChars)) terminal.print(printable(line));
  };
  const interruption = listenForInterruption();
  const checks = await examine({ ...options, receiver, arriveMs: wait * 1_000, signal: interruption.signal, found }).finally(
    interruption.dispose,
  );
  if (json === true) terminal.print(JSON.stringify({ is_well: isWell(checks), checks }, null, 2));
  else terminal.print(`\n${summaryLine(checks)}`);
  if (!isWell(checks)) throw new CommandError('failure', 'something does not work: put right what is marked ✗');
}
