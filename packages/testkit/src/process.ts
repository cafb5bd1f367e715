// Starting Posthorn's own programs as processes: exactly the environment that is given, their output kept, their end awaited.
import { spawn } from 'node:child_process';
import { atExit } from './at-exit.js';
import { basicEnvironment } from './environment.js';
import { patience } from './patience.js';

export type ProcessOptions = {
  /** Arguments of node: the script first. */
  readonly args: readonly string[];
  /** All variables of the process; PATH and HOME are added if they are not named. */
  readonly env: Readonly<Record<string, string>>;
  /** Stands in error messages. */
  readonly name: string;
  /** Matched against all output so far. Absent: ready at once. */
  readonly readyWhen?: RegExp | ((output: string) => boolean);
  readonly cwd?: string;
  /** Default 30 s. */
  readonly readyTimeoutMs?: number;
};

export type ProcessEnd = { readonly code: number | null; readonly signal: NodeJS.Signals | null };

export type StartedProcess = {
  readonly pid: number;
  /** Standard output and error in the order of arrival; the last million characters. */
  output(): string;
  /** Rejects, with the last output, when the process ends first or takes too long. */
  readonly ready: Promise<void>;
  /** Sends the signal (SIGTERM) and resolves when the process has ended. */
  kill(signal?: NodeJS.Signals): Promise<ProcessEnd>;
  readonly exited: Promise<ProcessEnd>;
};

const outputKeptCharacters = 1_000_000;
const outputShownCharacters = 4_000;

/** Starts `node` with the arguments. A process that still runs when this one exits is killed. */
export function startProcess(options: ProcessOptions): StartedProcess {
  const child = spawn(process.execPath, [...options.args], {
    env: { ...basicEnvironment(), ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  child.once(
    'exit',
    atExit(() => child.kill('SIGKILL')),
  );

  let output = '';
  const listeners = new Set<() => void>();
  const read = (chunk: string) => {
    output = (output + chunk).slice(-outputKeptCharacters);
    for (const listener of listeners) listener();
  };
  child.stdout.setEncoding('utf8').on('data', read);
  child.stderr.setEncoding('utf8').on('data', read);
  // `close` comes after the last output, `exit` may come before it.
  const exited = new Promise<ProcessEnd>((resolve) => {
    child.once('error', () => resolve({ code: null, signal: null }));
    child.once('close', (code, signal) => {
      resolve({ code, signal });
    });
  });
  const ready = becomeReady(options, () => output, listeners, exited);
  return {
    pid: child.pid ?? 0,
    output: () => output,
    ready,
    exited,
    kill: (signal = 'SIGTERM') => {
      child.kill(signal);
      return exited;
    },
  };
}

function becomeReady(
  { name, readyWhen, readyTimeoutMs = 30_000 }: ProcessOptions,
  output: () => string,
  listeners: Set<() => void>,
  exited: Promise<ProcessEnd>,
): Promise<void> {
  if (readyWhen === undefined) return Promise.resolve();
  const isReady = typeof readyWhen === 'function' ? readyWhen : (text: string) => text.search(readyWhen) >= 0;
  const ready = new Promise<void>((resolve, reject) => {
    const settle = (error?: Error) => {
      clearTimeout(timer);
      listeners.delete(look);
      if (error === undefined) resolve();
      else reject(error);
    };
    const fail = (what: string) => settle(new Error(`${name} ${what}; its output: ${output().slice(-outputShownCharacters)}`));
    const look = () => {
      if (isReady(output())) settle();
    };
    const waitedMs = readyTimeoutMs * patience;
    const timer = setTimeout(() => fail(`was not ready within ${waitedMs} ms`), waitedMs);
    listeners.add(look);
    void exited.then(({ code, signal }) => fail(`ended before it was ready (code ${code}, signal ${signal})`));
  });
  // A test that waits for `exited` alone must not fail on this.
  ready.catch(() => undefined);
  return ready;
}
