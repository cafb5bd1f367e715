// Why a server could not start, in words: the port, the folder, Postgres. The error itself stays its cause, for `--debug` and the log.
import { CommandError } from '../exit-codes.js';
import { postgresTrouble } from './postgres-trouble.js';
import type { Role } from './resources.js';

type Facts = {
  readonly code?: unknown;
  readonly syscall?: unknown;
  readonly address?: unknown;
  readonly port?: unknown;
  readonly path?: unknown;
};

const folderErrors = ['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST', 'EISDIR', 'ELOOP', 'ENAMETOOLONG'];

const listenTrouble = ({ code, address, port }: Facts, role: Role): string | null => {
  const variable = role === 'worker' ? 'POSTHORN_WORKER_PORT' : 'PORT';
  switch (code) {
    case 'EADDRINUSE':
      return `port ${port} of ${address} is taken: end what listens there, or name another with ${variable}`;
    case 'EACCES':
      return `port ${port} may not be listened on by this user: name one above 1023 with ${variable}`;
    case 'EADDRNOTAVAIL':
      return `this machine has no address ${address}: name another with HOST`;
    default:
      return null;
  }
};

const folderTrouble = ({ code, path, syscall }: Facts): string | null => {
  const isFull = code === 'ENOSPC' || code === 'EDQUOT';
  // A write names no path; the data directory is what a start writes to.
  if (isFull)
    return `the disk of ${typeof path === 'string' ? path : 'the data directory'} is full (${code}): make room, or name another folder with POSTHORN_DATA_DIR`;
  // A folder that cannot be made though the one above is there: /proc takes none, and puts it so.
  const isAbsent = code === 'ENOENT' && syscall === 'mkdir';
  if (typeof path !== 'string' || !(isAbsent || folderErrors.includes(String(code)))) return null;
  return `${path} cannot be written (${code}): let this user write there, or name another folder with POSTHORN_DATA_DIR`;
};

/** The error in words; one that says enough, or that nobody expected, as it is. */
export const inWords = (error: unknown, role: Role | 'migrate'): unknown => {
  if (error instanceof CommandError) return error;
  const facts = Object(error) as Facts;
  const listening = role !== 'migrate' && facts.syscall === 'listen' ? listenTrouble(facts, role) : null;
  const text = listening ?? folderTrouble(facts);
  if (text !== null) return new CommandError('system', text, { cause: error });
  const trouble = postgresTrouble(error);
  return trouble === null ? error : new CommandError(trouble.exit, trouble.text, { cause: error });
};
