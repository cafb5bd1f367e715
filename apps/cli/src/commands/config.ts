// `posthorn config`: the configuration as it was computed, also where it is wrong. It shows no secret.
import { ConfigError, type ExplainedConfig, explainConfig, unknownLine } from '@posthorn/config';
import type { Command } from 'commander';
import { printable, type Terminal } from '../terminal.js';

export function registerConfig(program: Command, terminal: Terminal): void {
  program
    .command('config')
    .description('show every variable, the value that is used and where it comes from; says everything that is wrong (exit code 78)')
    .option('--json', 'as JSON')
    .action((options: { readonly json?: true }) => {
      const explained = explainConfig();
      terminal.print(options.json === true ? JSON.stringify(explained, null, 2) : printable(tableOf(explained)));
      for (const unknown of explained.unknown) terminal.warn(printable(unknownLine(unknown)));
      if (explained.problems.length > 0) throw new ConfigError(explained.problems);
    });
}

/** A line for each variable; those that are wrong are marked. */
function tableOf({ variables, problems }: ExplainedConfig): string {
  const wrong = new Set(problems.map(({ variable }) => variable));
  const rows = variables
    // Set by npm, and nobody's to set.
    .filter(({ variable }) => !variable.startsWith('npm_'))
    .map(({ variable, value, from }) => [`${wrong.has(variable) ? '✗' : ' '} ${variable}`, from, value ?? '–']);
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map(([name, from, value]) => `${name!.padEnd(widths[0]!)}  ${from!.padEnd(widths[1]!)}  ${value}`).join('\n');
}
