// Logs: pino, one JSON object a line, one wide line a unit of work. Secrets never; payloads never; what strangers send is only ever data.
import { type DestinationStream, destination, pino, stdTimeFunctions } from 'pino';
import pretty from 'pino-pretty';
import type { LogEvent, LogFacts, LogLevel } from './log-catalogue.js';
import { loggableLine, loggableMembers, loggableText } from './loggable.js';

/** Takes the lines of the catalogue alone, each at its level and with its facts. */
export type Logger = { readonly [L in LogLevel]: <E extends LogEvent<L>>(facts: LogFacts<E>, event: E) => void } & {
  readonly isLevelEnabled: (level: LogLevel) => boolean;
};

export type LoggerOptions = {
  readonly level: string;
  readonly role: string;
  /** For people at a terminal. */
  readonly pretty: boolean;
  /** Default: standard output. */
  readonly destination?: DestinationStream;
};

const redacted = ['*.authorization', '*.secret', '*.password', '*.token', 'authorization', 'secret', 'password', 'token'];
const asItIs = <T>(value: T): T => value;

/** The process's logger; it writes to standard output, at once. */
export const createLogger = (options: LoggerOptions): Logger => {
  const settings = {
    level: options.level,
    base: { role: options.role, pid: process.pid },
    timestamp: stdTimeFunctions.isoTime,
    redact: { paths: redacted, censor: '<hidden>' },
    formatters: { log: (facts: Record<string, unknown>) => loggableMembers(facts) },
    // Errors are made loggable with everything else, at any depth; pino's own way of writing them keeps all that hangs on them.
    serializers: { err: asItIs, msg: (text: unknown) => (typeof text === 'string' ? loggableText(text) : text) },
    hooks: { streamWrite: loggableLine },
  };
  if (options.destination !== undefined) return pino(settings, options.destination) as unknown as Logger;
  const logger = options.pretty
    ? pino(settings, pretty({ colorize: process.stdout.isTTY, ignore: 'pid,role', translateTime: 'SYS:HH:MM:ss.l' }) as DestinationStream)
    : // pino's own default writes on another thread, and what a dying process says last would come first.
      pino(settings, destination({ dest: process.stdout.fd, sync: true }));
  // The same functions: ours are a narrower way to call them.
  return logger as unknown as Logger;
};
