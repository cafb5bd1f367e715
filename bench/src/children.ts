// The processes of a round: each gets exactly the environment it is given, says when it is ready, and is gone when the bench is.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

const outputKeptChars = 4000;
const readyTimeoutMs = 60_000;
const stopTimeoutMs = 25_000;
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGTERM');
});

/** What to start: `script` is the path of a Node script. */
export interface ChildOptions {
  readonly name: string;
  readonly script: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** A started process. */
export interface Child {
  readonly name: string;
  readonly pid: number;
  /** Resolves to the exit code (null after a signal). */
  readonly exited: Promise<number | null>;
  /** The end of what it printed. */
  output(): string;
  /** SIGTERM; SIGKILL if that takes more than 25 s. */
  stop(): Promise<void>;
}

/** A child that speaks with us over IPC: one question at a time, one answer each. */
export interface TalkingChild extends Child {
  /** What it listens on, if it listens. */
  readonly port: number;
  ask<Answer>(command: unknown): Promise<Answer>;
}

/** Starts a process that needs nothing of us. */
export function startChild(options: ChildOptions): Child {
  return launch(options, ['ignore', 'pipe', 'pipe']).child;
}

/** Starts one of our own processes and waits until it says `{ ready: port }`. Rejects with its output if it ends before. */
export async function startTalkingChild(options: ChildOptions): Promise<TalkingChild> {
  const { child, handle } = launch(options, ['ignore', 'pipe', 'pipe', 'ipc']);
  const nextMessage = async <Answer>(signal?: AbortSignal): Promise<Answer> => {
    const ended = child.exited.then(() => Promise.reject(new Error(`${child.name} ended:\n${child.output()}`)));
    const [message] = await Promise.race([once(handle, 'message', signal === undefined ? {} : { signal }), ended]);
    return message as Answer;
  };
  const { ready } = await nextMessage<{ ready: number }>(AbortSignal.timeout(readyTimeoutMs));
  return {
    ...child,
    port: ready,
    ask: (command) => {
      const answer = nextMessage();
      handle.send(command as object);
      return answer as Promise<never>;
    },
  };
}

function launch(options: ChildOptions, stdio: ('ignore' | 'pipe' | 'ipc')[]): { child: Child; handle: ChildProcess } {
  const { PATH = '', HOME = '' } = process.env;
  const handle = spawn(process.execPath, [options.script, ...(options.args ?? [])], { env: { PATH, HOME, ...options.env }, stdio });
  let printed = '';
  const keep = (text: Buffer): void => {
    printed = (printed + text.toString()).slice(-outputKeptChars);
  };
  handle.stdout?.on('data', keep);
  handle.stderr?.on('data', keep);
  running.add(handle);
  const exited = new Promise<number | null>((resolve) => {
    handle.once('error', (error) => keep(Buffer.from(error.message)));
    handle.once('close', (code) => {
      running.delete(handle);
      resolve(code);
    });
  });
  const stop = async (): Promise<void> => {
    handle.kill('SIGTERM');
    const kill = setTimeout(() => handle.kill('SIGKILL'), stopTimeoutMs);
    await exited;
    clearTimeout(kill);
  };
  return { child: { name: options.name, pid: handle.pid ?? 0, exited, output: () => printed, stop }, handle };
}
