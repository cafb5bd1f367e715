// The embedded Postgres: a server of our own in a folder, so that Posthorn starts with no database at hand. Its process belongs to
// a guardian (embedded-guardian.ts), which stops it also when this process is killed. Postgres refuses to run as root; when we
// are root, the guardian runs as the owner of the data or as the user `postgres`.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chown, readFile, realpath, stat, writeFile } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { GuardianAnswer, GuardianRequest } from './embedded-guardian.js';
import { makeDirectory } from './make-directory.js';

export type EmbeddedPostgresOptions = {
  /** Absolute path; made if absent. Holds the data and the password. */
  readonly directory: string;
  /** A free one of 127.0.0.1 is chosen at each start if absent. */
  readonly port?: number;
  /** Settings of the server; they win over ours. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Receives the server's log, line by line. */
  readonly log?: (line: string) => void;
  /** Is given how it is stopped as soon as there is something to stop, long before it answers. */
  readonly onStoppable?: (stop: EmbeddedPostgres['stop']) => void;
};

export type EmbeddedPostgres = {
  /** Of the database `posthorn`, as a superuser, with the password. */
  readonly url: string;
  /** Stops the server with a checkpoint; resolves when its process is gone. A second call waits for the first. */
  readonly stop: () => Promise<void>;
  /** Resolves when the server is gone, by `stop` or by itself. */
  readonly exited: Promise<void>;
};

type Account = { readonly uid: number; readonly gid: number };
type Command = { readonly file: string; readonly args: readonly string[]; readonly account?: Account };

/** Why the server does not start, in one line that says what to do. */
export class EmbeddedPostgresError extends Error {
  override readonly name = 'EmbeddedPostgresError';
}

const database = 'posthorn';
const user = 'posthorn';
const stderrKeptCharacters = 2_000;
const guardianPath = fileURLToPath(new URL('../dist/embedded-guardian.js', import.meta.url));
const run = promisify(execFile);

/**
 * Starts the Postgres server of a directory; on first use it initialises the data. A later start finds its data again.
 * @throws EmbeddedPostgresError the directory is in use (with the pid), the disk is full, the port is taken, or, as root, the user that
 * Postgres must run as cannot reach the folder
 * @throws the system's error with the path, of a directory that cannot be made or written
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  if (!isAbsolute(options.directory)) throw new Error(`the directory of the embedded Postgres must be absolute: ${options.directory}`);
  await makeDirectory(options.directory, 0o700);
  const directory = await realpath(options.directory);
  const dataDirectory = join(directory, 'data');
  const password = await readOrMakePassword(directory, existsSync(join(dataDirectory, 'PG_VERSION')));
  const account = process.getuid?.() === 0 ? await accountFor(dataDirectory) : undefined;
  if (account !== undefined) await handOver(directory, account);
  const command = await guardianCommand(directory, account);
  const guardian = spawn(command.file, [...command.args], {
    cwd: directory,
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    ...command.account,
  });
  const exited = exitOf(guardian);
  const stop = async () => {
    if (guardian.connected) request(guardian, { kind: 'stop' });
    await exited;
  };
  options.onStoppable?.(stop);
  const port = await handshake(guardian, options, {
    kind: 'start',
    dataDirectory,
    user,
    password,
    database,
    port: options.port ?? null,
    settings: options.settings ?? {},
  });
  return { url: `postgresql://${user}:${password}@127.0.0.1:${port}/${database}`, stop, exited };
}

/** The password lives beside the data and is as old as they are. */
async function readOrMakePassword(directory: string, dataExist: boolean): Promise<string> {
  const path = join(directory, 'password');
  const kept = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  if (kept.trim() !== '') return kept.trim();
  if (dataExist) throw new EmbeddedPostgresError(`${path} is missing, and the database in ${directory} was made with the password it held`);
  const password = randomBytes(24).toString('base64url');
  await writeFile(path, `${password}\n`, { mode: 0o600 });
  return password;
}

/** The owner of existing data, so that root and that owner can take turns; else the user `postgres`, made if absent. */
async function accountFor(dataDirectory: string): Promise<Account> {
  const owner = await stat(dataDirectory).catch(() => undefined);
  if (owner !== undefined && owner.uid !== 0 && (await run('id', ['-u', '-n', String(owner.uid)]).catch(() => undefined)) !== undefined) {
    return { uid: owner.uid, gid: owner.gid };
  }
  return (await accountNamed('postgres')) ?? (await makeAccount('postgres'));
}

async function accountNamed(name: string): Promise<Account | undefined> {
  const answers = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])]).catch(() => undefined);
  return answers === undefined ? undefined : { uid: Number(answers[0].stdout), gid: Number(answers[1].stdout) };
}

async function makeAccount(name: string): Promise<Account> {
  try {
    await run('groupadd', ['--force', '--system', name]);
    await run('useradd', ['--system', '--gid', name, '--no-create-home', '--shell', '/usr/sbin/nologin', name]);
  } catch (error) {
    throw new EmbeddedPostgresError(`Postgres refuses to run as root, and no user ${name} could be made (${messageOf(error)}): ${wayOut}`);
  }
  const account = await accountNamed(name);
  if (account === undefined) throw new EmbeddedPostgresError(`Postgres refuses to run as root, and there is no user ${name}: ${wayOut}`);
  return account;
}

const wayOut = 'set DATABASE_URL to a Postgres of yours, run as an ordinary user, or move the folder to where every user may read';

async function handOver(directory: string, account: Account): Promise<void> {
  await chown(directory, account.uid, account.gid);
  await chown(join(directory, 'password'), account.uid, account.gid);
  const data = await stat(join(directory, 'data')).catch(() => undefined);
  if (data !== undefined && data.uid !== account.uid) {
    await run('chown', ['-R', `${account.uid}:${account.gid}`, join(directory, 'data')]);
  }
}

/**
 * As root the guardian changes its user through setpriv, which lets it keep one capability: reading below folders that are closed
 * to other users, as a clone in root's home is. Without setpriv, those folders are an error that says so.
 */
async function guardianCommand(directory: string, account: Account | undefined): Promise<Command> {
  if (account === undefined) return { file: process.execPath, args: [guardianPath] };
  const flags = [
    `--reuid=${account.uid}`,
    `--regid=${account.gid}`,
    '--clear-groups',
    '--securebits=+no_setuid_fixup',
    '--inh-caps=+dac_override',
    '--ambient-caps=+dac_override',
    '--',
  ];
  const works = await run('setpriv', [...flags, process.execPath, '--version']).catch(() => undefined);
  if (works !== undefined) return { file: 'setpriv', args: [...flags, process.execPath, guardianPath] };
  for (const path of [process.execPath, guardianPath, directory]) {
    const closed = await closedFolderAbove(path, account);
    if (closed !== undefined)
      throw new EmbeddedPostgresError(`Postgres refuses to run as root, and its user cannot enter ${closed}: ${wayOut}`);
  }
  return { file: process.execPath, args: [guardianPath], account };
}

async function closedFolderAbove(path: string, account: Account): Promise<string | undefined> {
  const parent = dirname(path);
  if (parent === path) return undefined;
  const { mode, uid, gid } = await stat(parent);
  const searchBit = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001;
  return (await closedFolderAbove(parent, account)) ?? ((mode & searchBit) === 0 ? parent : undefined);
}

function exitOf(guardian: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    guardian.once('exit', () => resolve());
    guardian.once('error', () => resolve());
  });
}

/** Resolves with the port once the server answers; rejects with the guardian's reason, or with what it said as it died. */
function handshake(guardian: ChildProcess, options: EmbeddedPostgresOptions, start: GuardianRequest): Promise<number> {
  return new Promise((resolve, reject) => {
    let reason: string | undefined;
    let stderr = '';
    const fail = (what: string) =>
      reject(new EmbeddedPostgresError(`the embedded Postgres in ${options.directory} does not start: ${what}`));
    guardian.stderr?.on('data', (chunk) => {
      stderr = (stderr + String(chunk)).slice(-stderrKeptCharacters);
    });
    guardian.on('message', (answer: GuardianAnswer) => {
      switch (answer.kind) {
        case 'log':
          options.log?.(answer.line);
          return;
        case 'ready':
          resolve(answer.port);
          return;
        case 'failed':
          reason = answer.reason;
          return;
      }
    });
    guardian.once('error', (error) => fail(error.message));
    guardian.once('close', (code) => fail(reason ?? (stderr.trim() || `its guardian ended with code ${code}`)));
    request(guardian, start);
  });
}

/** A guardian that is gone needs no request: its exit tells the rest. */
function request(guardian: ChildProcess, message: GuardianRequest): void {
  guardian.send(message, () => undefined);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message.trim().split('\n').join(' ') : String(error);
}
