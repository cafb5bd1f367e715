// The commands that run the servers: start, api, worker, migrate. All that a server needs is loaded by them alone: the other commands begin at once.
import { readConfig } from '@posthorn/config';
import type { Command } from 'commander';
import { CommandError, exitCodes } from '../exit-codes.js';
import { reportFailure } from '../failure.js';
import { listenForInterruption } from '../interruption.js';
import type { Terminal } from '../terminal.js';

const servers = () => import('../server/run-servers.js');

export function registerServerCommands(program: Command, terminal: Terminal): void {
  /** A server that ends is done, also one that could not start: whatever it left open must not keep the process alive. */
  const exitWith = async (running: Promise<number>): Promise<never> => {
    const isDebug = program.opts<{ debug?: true }>().debug === true;
    return process.exit(await running.catch((error: unknown) => reportFailure(error, isDebug, terminal)));
  };
  program
    .command('start')
    .description('run everything in one process, on an embedded Postgres unless DATABASE_URL is set')
    .action(async () => exitWith((await servers()).runStart(terminal)));
  program
    .command('api')
    .description('run the API (needs DATABASE_URL)')
    .action(async () => exitWith((await servers()).runApi(terminal)));
  program
    .command('worker')
    .description('run a worker; start as many as wanted (needs DATABASE_URL)')
    .action(async () => exitWith((await servers()).runWorker(terminal)));
  program
    .command('migrate')
    .description("bring the database to this version's schema (needs DATABASE_URL)")
    .action(async () => exitWith(migrateUntilInterrupted(terminal)));
}

const migrate = async (terminal: Terminal): Promise<number> => {
  const config = readConfig();
  if (config.databaseDirectUrl === null)
    throw new CommandError('configuration', 'DATABASE_URL is not set: this command needs a Postgres server');
  const { migrateAll } = await servers();
  const { inWords } = await import('../server/start-failure.js');
  const ran = await migrateAll(config, config.databaseDirectUrl, terminal).catch((error: unknown) => {
    throw inWords(error, 'migrate');
  });
  terminal.print(ran.length === 0 ? 'the database is up to date' : `migrated: ${ran.join(', ')}`);
  return exitCodes.ok;
};

/** What a migration has not completed, Postgres undoes when the process is gone. */
const migrateUntilInterrupted = async (terminal: Terminal): Promise<number> => {
  const { signal } = listenForInterruption();
  const interrupted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(new CommandError('incomplete', `${(signal.reason as Error).message}: run it again`)));
  });
  return Promise.race([migrate(terminal), interrupted]);
};
