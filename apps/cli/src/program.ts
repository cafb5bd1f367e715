// The command `posthorn`: puts the commands together, and turns whatever one of them throws into a line and an exit code.
import { Command } from 'commander';
import { registerConfig } from './commands/config.js';
import { registerDemo } from './commands/demo.js';
import { registerDoctor } from './commands/doctor.js';
import { registerEventTypes } from './commands/event-types.js';
import { registerKeys } from './commands/keys.js';
import { registerListen } from './commands/listen.js';
import { registerPublish } from './commands/publish.js';
import { registerQueue } from './commands/queue.js';
import { registerSecrets } from './commands/secrets.js';
import { registerServerCommands } from './commands/server-commands.js';
import { registerVerify } from './commands/verify.js';
import { registerWebhooks } from './commands/webhooks.js';
import { reportFailure } from './failure.js';
import { readVersion } from './server/build.js';
import type { Terminal } from './terminal.js';

/** The program with all commands; commander's own output goes to the terminal, and it throws instead of exiting. */
export function createProgram(terminal: Terminal): Command {
  const program = new Command('posthorn')
    .description('Posthorn delivers webhooks.')
    .version(readVersion())
    .option('--debug', 'show where an error comes from')
    // Commands inherit these two from their parent when they are added: they come first.
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.print(text.trimEnd()),
      writeErr: (text) => terminal.warn(text.trimEnd()),
    });
  registerServerCommands(program, terminal);
  registerConfig(program, terminal);
  registerDoctor(program, terminal);
  registerSecrets(program, terminal);
  registerQueue(program, terminal);
  registerKeys(program, terminal);
  registerWebhooks(program, terminal);
  registerEventTypes(program, terminal);
  registerPublish(program, terminal);
  registerListen(program, terminal);
  registerVerify(program, terminal);
  registerDemo(program, terminal);
  return program;
}

/** Runs the command that the arguments (without node and script) name, and returns the exit code. */
export async function runProgram(program: Command, args: readonly string[], terminal: Terminal): Promise<number> {
  try {
    await program.parseAsync([...args], { from: 'user' });
    return 0;
  } catch (error) {
    return reportFailure(error, program.opts<{ debug?: true }>().debug === true, terminal);
  }
}
