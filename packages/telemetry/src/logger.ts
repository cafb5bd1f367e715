// Logs: pino, one JSON object a line, one wide line a unit of work. Secrets never; payloads never.
import { type DestinationStream, type Logger as PinoLogger, pino, stdTimeFunctions } from 'pino';
import pretty from 'pino-pretty';

export type Logger = PinoLogger;

export type LoggerOptions = { readonly level: string; readonly role: string /** For people at a terminal. */; readonly pretty: boolean };

const redacted = ['*.authorization', '*.secret', '*.password', '*.token', 'authorization', 'secret', 'password', 'token'];

/** The process's logger; it writes to standard output. */
export const createLogger = (options: LoggerOptions): Logger => {
  const settings = {
    level: options.level,
    base: { role: options.role, pid: process.pid },
    timestamp: stdTimeFunctions.isoTime,
    redact: { paths: redacted, censor: '<hidden>' },
  };
  return options.pretty
    ? pino(settings, pretty({ colorize: process.stdout.isTTY, ignore: 'pid,role', translateTime: 'SYS:HH:MM:ss.l' }) as DestinationStream)
    : pino(settings);
};
