// `posthorn start` that is ended while it starts, on a data directory of its own that is new: whatever it was doing, nothing is left behind that runs, nothing that
// looks like a database and is none, and the next start works.
import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { eventually, makeTemporaryDirectory, type ProcessEnd, type TemporaryDirectory } from '@posthorn/testkit';
import { command } from './support/product.js';
import { listProcesses, type Program, startProgram } from './support/terminal.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const ready = /Posthorn is ready on (http:\S+)/;
const shutdownS = 10;

let folder: TemporaryDirectory;
const programs: Program[] = [];

beforeAll(async () => {
  folder = await makeTemporaryDirectory('start-interrupted');
  // As root the server runs as another user, who must be able to pass through.
  await chmod(folder.path, 0o711);
});
afterEach(async () => {
  for (const program of programs.splice(0)) await program.kill();
}, 60_000);
afterAll(() => folder?.cleanup());

const start = (dataDirectory: string): Program => {
  const env = { POSTHORN_DATA_DIR: dataDirectory, PORT: '0', LOG_LEVEL: 'warn', POSTHORN_SHUTDOWN_S: String(shutdownS) };
  const program = startProgram(process.execPath, [command, 'start'], env, root);
  programs.push(program);
  return program;
};

const inPostgres = (dataDirectory: string): Promise<readonly string[]> => readdir(join(dataDirectory, 'postgres')).catch(() => []);
const isUnfinished = (name: string): boolean => name.includes('unfinished');
const stages = {
  'initdb runs': async (dataDirectory: string) => (await inPostgres(dataDirectory)).some(isUnfinished),
  'Postgres begins': async (dataDirectory: string) => existsSync(join(dataDirectory, 'postgres', 'data', 'PG_VERSION')),
  'Postgres answers and the API begins': async (dataDirectory: string) =>
    (await readFile(join(dataDirectory, 'postgres', 'data', 'postmaster.pid'), 'utf8').catch(() => '')).includes('ready'),
} as const;
type Stage = keyof typeof stages;

/** It, its guardian, the server and what that has started. */
const familyOf = async (pid: number): Promise<readonly number[]> => {
  const all = await listProcesses();
  const family = new Set([pid]);
  // Children may be listed before their parents.
  for (const _ of all) for (const one of all) if (family.has(one.parent)) family.add(one.pid);
  return [...family];
};

const endOf = async (program: Program): Promise<ProcessEnd> => {
  let end: ProcessEnd | undefined;
  void program.exited.then((ended) => {
    end = ended;
  });
  return eventually(() => end, { timeoutMs: shutdownS * 1_000 });
};

const expectNothingRuns = (family: readonly number[], dataDirectory: string): Promise<true> =>
  eventually(
    async () => {
      const left = (await listProcesses()).filter(({ pid, command: line }) => family.includes(pid) || line.includes(dataDirectory));
      if (left.length > 0) throw new Error(`still there: ${JSON.stringify(left)}`);
      return true as const;
    },
    { timeoutMs: shutdownS * 1_000 },
  );

const expectStarts = async (dataDirectory: string): Promise<void> => {
  const again = start(dataDirectory);
  await again.untilOutput(ready);
  expect((await inPostgres(dataDirectory)).filter(isUnfinished)).toEqual([]);
  const family = await familyOf(again.pid);
  again.signal('SIGTERM');
  expect(await endOf(again)).toEqual({ code: 0, signal: null });
  await expectNothingRuns(family, dataDirectory);
};

const cases: readonly (readonly [stage: Stage, how: 'Ctrl-C' | 'SIGTERM'])[] = [
  ['initdb runs', 'Ctrl-C'],
  ['initdb runs', 'SIGTERM'],
  ['Postgres begins', 'Ctrl-C'],
  ['Postgres answers and the API begins', 'SIGTERM'],
];

it.each(cases)(
  'while %s, %s ends it all with 0, and the next start works',
  async (stage, how) => {
    const dataDirectory = join(folder.path, `data ${stage} ${how}`.replaceAll(' ', '-'));
    const program = start(dataDirectory);
    await eventually(() => stages[stage](dataDirectory), { timeoutMs: 60_000, everyMs: 2 });
    const family = await familyOf(program.pid);
    if (how === 'Ctrl-C') program.interrupt();
    else program.signal('SIGTERM');
    expect(await endOf(program)).toEqual({ code: 0, signal: null });
    expect(program.output()).toMatch(/stopping \(SIG(INT|TERM)\) before it was ready/);
    expect(program.output()).not.toMatch(/error/i);
    await expectNothingRuns(family, dataDirectory);
    expect((await inPostgres(dataDirectory)).filter(isUnfinished)).toEqual([]);
    await expectStarts(dataDirectory);
  },
  120_000,
);

it('killed while initdb runs, it leaves nothing that hinders the next start, even one at the same moment', async () => {
  const dataDirectory = join(folder.path, 'killed');
  const program = start(dataDirectory);
  await eventually(() => stages['initdb runs'](dataDirectory), { timeoutMs: 60_000, everyMs: 2 });
  const family = await familyOf(program.pid);
  program.signal('SIGKILL');
  await expectStarts(dataDirectory);
  await expectNothingRuns(family, dataDirectory);
}, 120_000);

it('a folder with files and no database in the place of the data is refused, and stays as it is', async () => {
  const dataDirectory = join(folder.path, 'strange');
  const data = join(dataDirectory, 'postgres', 'data');
  await mkdir(data, { recursive: true });
  await chmod(dataDirectory, 0o711);
  await writeFile(join(data, 'precious'), 'text');
  const program = start(dataDirectory);
  const [line] = await program.untilOutput(/^error: .*/m);
  expect(await program.exited).toEqual({ code: 71, signal: null });
  expect(line).toContain(`${data} holds files and no database`);
  expect(await readFile(join(data, 'precious'), 'utf8')).toBe('text');
}, 60_000);
