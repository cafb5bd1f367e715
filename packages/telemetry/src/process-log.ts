// Whatever a process says without being asked goes through its log too: how it dies, Node's warnings, and what libraries print.
import { format } from 'node:util';
import type { LogFacts } from './log-catalogue.js';
import type { Logger } from './logger.js';

const consoleLevels = { debug: 'debug', log: 'info', info: 'info', warn: 'warn', error: 'error', trace: 'debug' } as const;

type PrintedLog = Readonly<
  Record<(typeof consoleLevels)[keyof typeof consoleLevels], (facts: LogFacts<'process.printed'>, event: 'process.printed') => void>
>;

/** The part of `process` that this needs. */
export type LoggedProcess = Pick<NodeJS.Process, 'on' | 'removeAllListeners' | 'exit'>;

/**
 * From now on an exception that nobody caught, a rejected promise included, is one line of the log (`process.crashed`) and ends the process with code 1;
 * warnings are lines (`process.warning`), and so is what a library writes to the console (`process.printed`).
 */
export const logProcess = (logger: Logger, it: LoggedProcess = process, printed: Console = console): void => {
  it.on('uncaughtException', (error, origin) => {
    logger.fatal({ err: error instanceof Error ? error : new Error(String(error)), origin }, 'process.crashed');
    it.exit(1);
  });
  // Node's own listener writes them to standard error, as text.
  it.removeAllListeners('warning');
  it.on('warning', (warning) => logger.warn({ err: warning }, 'process.warning'));
  const log: PrintedLog = logger;
  for (const [name, level] of Object.entries(consoleLevels))
    Object.assign(printed, { [name]: (...words: unknown[]) => log[level]({ text: format(...words) }, 'process.printed') });
};
