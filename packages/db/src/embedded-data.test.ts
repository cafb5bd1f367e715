import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { makeTemporaryDirectory, type TemporaryDirectory } from '@posthorn/testkit';
import { makeData } from './embedded-data.js';

let folder: TemporaryDirectory;
let data: string;
beforeEach(async () => {
  folder = await makeTemporaryDirectory('embedded-data');
  data = join(folder.path, 'data');
});
afterEach(() => folder.cleanup());

const makeDatabase = async (path: string, word = 'ours'): Promise<void> => {
  await mkdir(path);
  await writeFile(join(path, 'PG_VERSION'), word);
};
const versionOf = (path: string): Promise<string> => readFile(join(path, 'PG_VERSION'), 'utf8');
const isStopping = () => false;

describe('the data of an embedded Postgres', () => {
  it('are made in a folder that no other process uses, and have their name once they are whole', async () => {
    await makeData(data, {
      initialise: async (path) => {
        expect(path).toBe(`${data}.unfinished-${process.pid}`);
        await makeDatabase(path);
        expect(existsSync(data)).toBe(false);
      },
      isStopping,
    });
    expect(await versionOf(data)).toBe('ours');
    expect(await readdir(folder.path)).toEqual(['data']);
  });

  it('leave nothing when they cannot be made, and are not begun by one that stops', async () => {
    const initialise = async (path: string): Promise<void> => {
      await mkdir(path);
      throw new Error('no room');
    };
    await expect(makeData(data, { initialise, isStopping })).rejects.toThrow('no room');
    await makeData(data, { initialise, isStopping: () => true });
    expect(await readdir(folder.path)).toEqual([]);
  });

  it('are never made over what is there: a database, one that was faster, files that are none', async () => {
    const isSlower = async (path: string): Promise<void> => {
      await makeDatabase(path);
      await makeDatabase(data, 'faster');
    };
    await makeData(data, { initialise: isSlower, isStopping });
    await makeData(data, { initialise: (path) => makeDatabase(path), isStopping });
    expect([await versionOf(data), await readdir(folder.path)]).toEqual(['faster', ['data']]);

    const strange = join(folder.path, 'strange');
    await mkdir(strange);
    await writeFile(join(strange, 'precious'), '');
    await expect(makeData(strange, { initialise: (path) => makeDatabase(path), isStopping })).rejects.toThrow(
      'holds files and no database',
    );
    expect(await readdir(strange)).toEqual(['precious']);
  });

  it('take away what was left half-made, unless its maker still lives', async () => {
    const maker = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)', 'embedded-guardian'], { stdio: 'ignore' });
    await once(maker, 'spawn');
    const stranger = process.ppid;
    try {
      for (const pid of [maker.pid, stranger]) await makeDatabase(`${data}.unfinished-${pid}`);
      await makeData(data, { initialise: (path) => makeDatabase(path), isStopping });
      expect((await readdir(folder.path)).sort()).toEqual(['data', `data.unfinished-${maker.pid}`]);
    } finally {
      maker.kill('SIGKILL');
      await once(maker, 'exit');
    }
  });
});
