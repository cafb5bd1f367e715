// A program as started at a terminal: in a process group of its own, which Ctrl-C reaches as a whole.
import { execFile, spawn } from 'node:child_process';
import { promisify } from 'node:util';
import { eventually, type ProcessEnd } from '@posthorn/testkit';
import { expectNoPrintedSecrets } from './printed-secrets.js';

export type Program = {
  readonly pid: number;
  output(): string;
  /** Resolves with the match once the output has it; rejects with the output when the program ends before or takes too long. */
  untilOutput(pattern: RegExp, timeoutMs?: number): Promise<RegExpExecArray>;
  /** To the program's own process alone. */
  signal(signal: NodeJS.Signals): void;
  /** Ctrl-C: to all processes of its group. */
  interrupt(): void;
  readonly exited: Promise<ProcessEnd>;
  /** Kills what is left of the group; rejects if a `start` printed a secret other than the admin key that it says it made. */
  kill(): Promise<void>;
};

export type ProcessLine = { readonly pid: number; readonly parent: number; readonly command: string };

const outputWithinMs = 60_000;
const madeKeyLine = /^The admin key is ph_\w+ \(kept in/m;
const run = promisify(execFile);

/** Starts a program; the environment is this process's own without what would change Posthorn, and `env`. */
export function startProgram(file: string, args: readonly string[], env: Readonly<Record<string, string>>, cwd: string): Program {
  const child = spawn(file, [...args], { cwd, env: { ...cleanEnvironment(), ...env }, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const pid = child.pid ?? 0;
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  let end: ProcessEnd | null = null;
  const exited = new Promise<ProcessEnd>((resolve) => {
    child.once('exit', (code, signal) => {
      end = { code, signal };
      resolve(end);
    });
  });
  const signalGroup = (signal: NodeJS.Signals): void => {
    try {
      process.kill(-pid, signal);
    } catch {
      // Nobody is left.
    }
  };
  return {
    pid,
    output: () => output,
    untilOutput: (pattern, timeoutMs = outputWithinMs) =>
      eventually(
        () => {
          const match = pattern.exec(output);
          if (match !== null) return { match };
          if (end !== null) return { match: null };
          throw new Error(`no ${pattern} in: ${output}`);
        },
        { timeoutMs },
      ).then(({ match }) => {
        if (match === null) throw new Error(`it ended (${JSON.stringify(end)}) without ${pattern}: ${output}`);
        return match;
      }),
    signal: (signal) => void child.kill(signal),
    interrupt: () => signalGroup('SIGINT'),
    exited,
    kill: async () => {
      signalGroup('SIGKILL');
      if (pid !== 0) await exited;
      if (args.includes('start')) expectNoPrintedSecrets([{ name: args.join(' '), output, env }], madeKeyLine);
    },
  };
}

/** npm and jest leave variables behind that say whose child one is. */
const cleanEnvironment = (): NodeJS.ProcessEnv =>
  Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(npm_|INIT_CWD|NODE_|JEST_|POSTHORN_|DATABASE_URL|REDIS_URL|PORT$|HOST$)/.test(name)),
  );

/** All processes of this machine. */
export const listProcesses = async (): Promise<readonly ProcessLine[]> => {
  const { stdout } = await run('ps', ['-axo', 'pid=,ppid=,args=']);
  return stdout.split('\n').flatMap((line) => {
    const match = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line);
    return match === null ? [] : [{ pid: Number(match[1]), parent: Number(match[2]), command: match[3] ?? '' }];
  });
};
