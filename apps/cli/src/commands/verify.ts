// `posthorn verify`: whether a request that somebody saved verifies, and which part is wrong.
import type { Command } from 'commander';
import type { Terminal } from '../terminal.js';
import { readArgumentBytes } from '../text-argument.js';
import { reportVerification } from '../verification-report.js';

type VerifyOptions = {
  readonly secret: string;
  readonly id: string;
  readonly timestamp: string;
  readonly signature: string;
  readonly body: string;
};

export function registerVerify(program: Command, terminal: Terminal): void {
  program
    .command('verify')
    .description('check the signature of a request; exit code 1 if it does not verify')
    .requiredOption('--secret <secret>', 'secret of the webhook (whsec_…)')
    .requiredOption('--id <id>', 'header webhook-id')
    .requiredOption('--timestamp <seconds>', 'header webhook-timestamp')
    .requiredOption('--signature <signature>', 'header webhook-signature (v1,…)')
    .requiredOption('--body <body>', 'the body as it came: @file, - for standard input, or the text itself')
    .action(async (options: VerifyOptions) => {
      const body = await readArgumentBytes(options.body, '--body');
      const report = reportVerification({ ...options, body }, Math.floor(Date.now() / 1000));
      if (!report.ok) throw new Error(`it does not verify: ${report.why}`);
      terminal.print(`it verifies (${body.length} bytes)`);
    });
}
