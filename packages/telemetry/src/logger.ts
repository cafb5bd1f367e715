// Logs: pino, one JSON object a line, one wide line a unit of work. Secrets never; payloads never; what strangers send is only ever data.
import { type DestinationStream, destination, type Logger as PinoLogger, pino, stdTimeFunctions } from 'pino';
import pretty from 'pino-pretty';
import { loggableLine, loggableMembers, loggableText } from './loggable.js';

export type Logger = PinoLogger;

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
  if (options.destination !== undefined) return pino(settings, options.destination);
  return options.pretty
    ? pino(settings, pretty({ colorize: process.stdout.isTTY, ignore: 'pid,role', translateTime: 'SYS:HH:MM:ss.l' }) as DestinationStream)
    : // pino's own default writes on another thread, and what a dying process says last would come first.
      pino(settings, destination({ dest: process.stdout.fd, sync: true }));
};
