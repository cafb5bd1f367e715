import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { commitOfClone, readBuild, readVersion } from './build.js';

const commit = 'c0ffee'.padEnd(40, '0');
let directory: string;
let git: URL;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'posthorn-build-'));
  mkdirSync(join(directory, 'refs', 'heads'), { recursive: true });
  git = pathToFileURL(`${directory}/`);
});
afterAll(() => rmSync(directory, { recursive: true }));
const write = (name: string, text: string) => writeFileSync(join(directory, name), text);

it('knows the commit of a clone, on a branch and on none', () => {
  expect(commitOfClone(git)).toBeNull();
  write('HEAD', `${commit}\n`);
  expect(commitOfClone(git)).toBe(commit);
  write('HEAD', 'ref: refs/heads/main\n');
  expect(commitOfClone(git)).toBeNull();
  write('refs/heads/main', `${commit}\n`);
  expect(commitOfClone(git)).toBe(commit);
  write('refs/heads/main', 'no commit');
  expect(commitOfClone(git)).toBeNull();
});

it('takes the word of whoever built it', () => {
  expect(readVersion()).toMatch(/^\d+\.\d+\.\d+$/);
  expect(readBuild('1234abc')).toEqual({ version: readVersion(), commit: '1234abc' });
});
