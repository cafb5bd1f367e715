// With which code the process ends: one list, which every command and docs/configuration.md read. The numbers from 64 on are those of sysexits.h.

/** Why a command ended → its exit code. */
export const exitCodes = {
  ok: 0,
  failure: 1,
  usage: 2,
  unavailable: 69,
  system: 71,
  incomplete: 75,
  mismatch: 76,
  configuration: 78,
} as const;

export type ExitName = keyof typeof exitCodes;

type ExitDescription = { readonly meaning: string; readonly whatHelps: string };

/** What each code says, and what to do. */
export const exitDescriptions: Readonly<Record<ExitName, ExitDescription>> = {
  ok: { meaning: 'done; a server was asked to stop and has stopped', whatHelps: '–' },
  failure: { meaning: 'the command could not do what it was asked', whatHelps: 'read the line; `--debug` shows where it comes from' },
  usage: { meaning: 'an unknown command or option, or a value that it does not take', whatHelps: '`--help` lists what there is' },
  unavailable: {
    meaning: 'a server that it needs does not answer: Postgres, Redis, the API',
    whatHelps: 'start it, or look at its address; the same command can be run again',
  },
  system: {
    meaning: 'the machine refused something: a port that is taken, a folder that cannot be written, a full disk',
    whatHelps: 'free it, or name another with `PORT`, `POSTHORN_WORKER_PORT`, `POSTHORN_DATA_DIR`',
  },
  incomplete: {
    meaning: 'a server ended before its stop was complete: `POSTHORN_SHUTDOWN_S` was over, or a second signal came',
    whatHelps: 'nothing is lost, though requests may be made again; raise `POSTHORN_SHUTDOWN_S` if the line says what was still open',
  },
  mismatch: {
    meaning: 'the database is of another version, or the installation has another queue, number of shards or encryption key',
    whatHelps: 'do as the line says; starting it again changes nothing',
  },
  configuration: {
    meaning: 'variables are wrong or missing; or a server that they name refuses us, is too old, or is set so that it would lose events',
    whatHelps: 'do as the line says; `posthorn config` shows all variables',
  },
};

/** An error that says with which code its command ends. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  constructor(
    readonly exit: ExitName,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

const namedErrors: Readonly<Record<string, ExitName>> = {
  ConfigError: 'configuration',
  DeploymentMismatchError: 'mismatch',
  SchemaTooNewError: 'mismatch',
  EmbeddedPostgresError: 'system',
};

const networkErrors = ['ECONNREFUSED', 'ECONNRESET', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT', 'unreachable'];
const systemErrors = ['EADDRINUSE', 'EADDRNOTAVAIL', 'EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'EDQUOT', 'EMFILE', 'ENFILE'];

/** With which code a command ends that threw this: by what it says of itself, else by the code of the system or of Postgres, else `failure`. */
export function exitCodeOf(error: unknown): number {
  return exitCodes[exitNameOf(error)];
}

function exitNameOf(error: unknown): ExitName {
  if (error instanceof CommandError) return error.exit;
  const { name, code } = Object(error) as { readonly name?: unknown; readonly code?: unknown };
  const named = namedErrors[String(name)];
  if (named !== undefined) return named;
  const text = String(code);
  if (networkErrors.includes(text) || isPostgresAway(text)) return 'unavailable';
  if (systemErrors.includes(text)) return 'system';
  return isPostgresRefusal(text) ? 'configuration' : 'failure';
}

/** SQLSTATE: connection exceptions, a full disk, no memory, too many connections, going down or coming up, read-only. */
const isPostgresAway = (code: string): boolean => /^(08\w{3}|53[1-3]00|57P0[1-3]|25006)$/.test(code);

/** SQLSTATE: the URL names a password, a user or a database that the server does not have. */
const isPostgresRefusal = (code: string): boolean => /^(28\w{3}|3D000|42501)$/.test(code);
