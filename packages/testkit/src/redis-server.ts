// A real Redis for tests: an empty server of its own on a free loopback port, in a temporary folder, with nothing written to disk.
import { type ChildProcess, spawn } from 'node:child_process';
import { atExit } from './at-exit.js';
import { freePort } from './free-port.js';
import { patience } from './patience.js';
import { findRedisServer } from './redis-binary.js';
import { makeTemporaryDirectory } from './temporary-directory.js';

export type RedisOptions = {
  readonly port?: number;
  /** Further arguments of redis-server, as `['--maxmemory', '64mb']`; they win over ours. */
  readonly args?: readonly string[];
};

export type RedisServer = {
  readonly url: string;
  readonly port: number;
  readonly directory: string;
  /** Of the process that runs now; another one after `restart`. */
  readonly pid: number;
  /** Ends the server in order and removes its folder. */
  stop(): Promise<void>;
  /** SIGKILL; resolves when the process is gone. */
  kill(): Promise<void>;
  /** Starts again on the same port, empty; kills the server first if it runs. */
  restart(): Promise<void>;
};

const startMs = 10_000 * patience;
const portAttemptsMax = 5;

/**
 * Starts a Redis server and resolves when it accepts connections.
 * @throws Error with the server's own output when it does not start, or as `findRedisServer`.
 */
export async function startRedis(options: RedisOptions = {}): Promise<RedisServer> {
  const program = await findRedisServer();
  const folder = await makeTemporaryDirectory('redis');
  const launch = (port: number) => launchRedis(program, folder.path, port, options.args ?? []);
  let { port, child } = await launchOnPort(options.port, launch).catch(async (error: unknown) => {
    await folder.cleanup();
    throw error;
  });
  const kill = () => end(child, 'SIGKILL');
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    directory: folder.path,
    get pid() {
      return child.pid!;
    },
    kill,
    restart: async () => {
      await kill();
      child = await launch(port);
    },
    stop: async () => {
      await end(child, 'SIGTERM');
      await folder.cleanup();
    },
  };
}

async function launchOnPort(
  wanted: number | undefined,
  launch: (port: number) => Promise<ChildProcess>,
): Promise<{ port: number; child: ChildProcess }> {
  for (let attempt = 1; ; attempt++) {
    const port = wanted ?? (await freePort());
    try {
      return { port, child: await launch(port) };
    } catch (error) {
      const taken = /address already in use/i.test(String(error));
      if (!taken || wanted !== undefined || attempt === portAttemptsMax) throw error;
    }
  }
}

async function launchRedis(program: string, directory: string, port: number, more: readonly string[]): Promise<ChildProcess> {
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--dir', directory, '--save', '', '--appendonly', 'no'];
  const child = spawn(program, [...args, '--maxmemory-policy', 'noeviction', ...more], { stdio: ['ignore', 'pipe', 'pipe'] });
  child.once(
    'exit',
    atExit(() => child.kill('SIGKILL')),
  );
  await untilReady(child);
  return child;
}

function untilReady(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let output = '';
    const fail = (what: string) => reject(new Error(`redis-server ${what}: ${output.trim()}`));
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      fail(`was not ready within ${startMs} ms`);
    }, startMs);
    const read = (chunk: Buffer) => {
      if (output.length < 10_000) output += chunk.toString();
      if (!/ready to accept connections/i.test(output)) return;
      clearTimeout(timer);
      resolve();
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    child.once('error', (error) => fail(error.message));
    child.once('close', (code) => {
      clearTimeout(timer);
      fail(`ended with code ${code}`);
    });
  });
}

function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill(signal);
  });
}
