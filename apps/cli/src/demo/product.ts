// A Posthorn of the demo's own: `posthorn start` as a process, with its data in a temporary folder and nothing of this
// environment, so that no DATABASE_URL or REDIS_URL of yours is touched. Stopped and removed at the end.
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { answers } from '../api-address.js';

export type OwnProduct = { readonly url: string; readonly key: string; stop(): Promise<void> };

const readyTimeoutMs = 120_000;
const readyEveryMs = 200;
/** POSTHORN_SHUTDOWN_S is 20 by default; the database stops after that. */
const stopTimeoutMs = 40_000;
const outputKeptChars = 10_000;
const command = fileURLToPath(new URL('../../bin/posthorn.mjs', import.meta.url));
const systemFolders = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** Resolves when it answers on /readyz. Rejects, with nothing left behind, if it ends, takes 2 minutes, or `signal` is aborted. */
export async function startOwnProduct(signal: AbortSignal): Promise<OwnProduct> {
  const key = `ph_test_${randomBytes(24).toString('hex')}`;
  const port = await freePort();
  const folder = await mkdtemp(join(tmpdir(), 'posthorn-demo-'));
  // Run as root, its database runs as another user, who must be able to pass through.
  await chmod(folder, 0o711);
  const url = `http://127.0.0.1:${port}`;
  const child = spawn(process.execPath, [command, 'start'], {
    cwd: folder,
    env: environmentOf(folder, port, key),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = keepOutput(child);
  // Should this process end without coming to `stop`, the other one at least is told.
  const tell = (): void => {
    child.kill('SIGTERM');
  };
  process.once('exit', tell);
  const stop = async (): Promise<void> => {
    await stopProcess(child);
    process.off('exit', tell);
    await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  };
  try {
    await becomeReady(child, url, output, signal);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, key, stop };
}

function environmentOf(folder: string, port: number, key: string): Record<string, string> {
  return {
    PATH: [dirname(process.execPath), ...systemFolders].join(delimiter),
    HOME: homedir(),
    TMPDIR: tmpdir(),
    HOST: '127.0.0.1',
    PORT: String(port),
    POSTHORN_WORKER_PORT: '0',
    POSTHORN_DATA_DIR: join(folder, 'data'),
    POSTHORN_BOOTSTRAP_KEY: key,
    LOG_LEVEL: 'warn',
  };
}

/** Somebody may take it before it is used: then the start fails and says so. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no free port was found');
  return address.port;
}

/** The pipes are read to the end, since a full one would stop the process. */
function keepOutput(child: ChildProcess): () => string {
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      output = (output + chunk).slice(-outputKeptChars);
    });
  }
  return () => output;
}

async function becomeReady(child: ChildProcess, url: string, output: () => string, signal: AbortSignal): Promise<void> {
  let failure: string | null = null;
  child.once('error', (error) => {
    failure = error.message;
  });
  const lastLine = (): string => output().trim().split('\n').at(-1) || 'it wrote nothing';
  const deadlineMs = performance.now() + readyTimeoutMs;
  while (!(await answers(url, '/readyz'))) {
    signal.throwIfAborted();
    if (failure !== null) throw new Error(`posthorn start cannot be run: ${failure}`);
    if (hasEnded(child)) throw new Error(`posthorn start ended before it was ready: ${lastLine()}`);
    if (performance.now() > deadlineMs) throw new Error(`posthorn start was not ready within ${readyTimeoutMs / 1000} s: ${lastLine()}`);
    await delay(readyEveryMs);
  }
}

async function stopProcess(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  const ended = once(child, 'close');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs);
  await ended;
  clearTimeout(timer);
}

function hasEnded(child: ChildProcess): boolean {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
}
