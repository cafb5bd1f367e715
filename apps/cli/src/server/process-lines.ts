// What a server process says about itself: lines for people, but in production lines of its log, as all else that it writes.
import { type Config, findUnknownVariables, readConfig, unknownLine } from '@posthorn/config';
import { createLogger } from '@posthorn/telemetry';
import { exitCodeOf } from '../exit-codes.js';
import type { Terminal } from '../terminal.js';
import type { Role } from './resources.js';
import { inWords } from './start-failure.js';

/** Runs a server with its configuration and with what it says it to; in production a failure is a line of the log (`process.failed`), and the code is that of the error. */
export const saying = async (
  role: Role,
  terminal: Terminal,
  run: (config: Config, terminal: Terminal) => Promise<number>,
): Promise<number> => {
  const serve = (settings: Config, told: Terminal): Promise<number> =>
    run(settings, told).catch((error: unknown) => {
      throw inWords(error, role);
    });
  const config = readConfig();
  const warnings = findUnknownVariables().map(unknownLine);
  if (!config.production) {
    for (const warning of warnings) terminal.warn(warning);
    return serve(config, terminal);
  }
  const logger = createLogger({ level: config.logLevel, role, pretty: false });
  const lines: Terminal = {
    print: (text) => logger.info({ text }, 'process.says'),
    warn: (text) => logger.warn({ text }, 'process.says'),
  };
  for (const warning of warnings) lines.warn(warning);
  try {
    return await serve(config, lines);
  } catch (error) {
    logger.fatal({ err: error }, 'process.failed');
    return exitCodeOf(error);
  }
};
