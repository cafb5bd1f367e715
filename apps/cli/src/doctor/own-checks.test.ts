// What is found on this machine: real folders and files.
import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Config, explainConfig, readConfig } from '@posthorn/config';
import { encryptionKeyId } from '@posthorn/db';
import { makeTemporaryDirectory, type TemporaryDirectory } from '@posthorn/testkit';
import { wordsWithout } from './error-words.js';
import { checkConfiguration, checkDataDirectory, checkEgress, checkEncryptionKey, checkKeyFiles } from './own-checks.js';

let folder: TemporaryDirectory;
const words = wordsWithout([]);
const configOf = (more: Readonly<Record<string, string>> = {}): Config => readConfig({ POSTHORN_DATA_DIR: folder.path, ...more });

beforeEach(async () => {
  folder = await makeTemporaryDirectory('own-checks');
});
afterEach(() => folder.cleanup());

describe('the data directory', () => {
  it('is written and left as it was', async () => {
    expect(await checkDataDirectory(configOf(), words)).toMatchObject([{ verdict: 'ok', sentence: `${folder.path} can be written` }]);
    expect(await readdir(folder.path)).toEqual([]);
  });

  it('is not made where it is not there', async () => {
    const config = configOf({ POSTHORN_DATA_DIR: join(folder.path, 'a', 'b') });
    expect(await checkDataDirectory(config, words)).toMatchObject([{ verdict: 'ok', sentence: expect.stringContaining('can be made') }]);
    expect(await readdir(folder.path)).toEqual([]);
  });

  it('is a problem where it is a file', async () => {
    const file = join(folder.path, 'file');
    await writeFile(file, '');
    expect(await checkDataDirectory(configOf({ POSTHORN_DATA_DIR: file }), words)).toMatchObject([
      { verdict: 'problem', fix: expect.stringContaining('POSTHORN_DATA_DIR') },
    ]);
  });
});

describe('keys', () => {
  it('are looked at and not made', async () => {
    expect(await checkEncryptionKey(configOf(), words)).toMatchObject([
      { verdict: 'ok', sentence: expect.stringContaining('the first start makes one') },
    ]);
    expect(await readdir(folder.path)).toEqual([]);
  });

  it('are told by their public names', async () => {
    const key = Buffer.alloc(32, 3);
    await writeFile(join(folder.path, 'encryption-key'), `${key.toString('base64')}\n`);
    const [check] = await checkEncryptionKey(configOf(), words);
    expect(check).toMatchObject({ verdict: 'ok', sentence: expect.stringContaining(encryptionKeyId(key)) });
    expect(check?.sentence).not.toContain(key.toString('base64'));
  });

  it('that are damaged, or not what they should be, are a problem', async () => {
    await writeFile(join(folder.path, 'encryption-key'), 'short\n');
    expect(await checkEncryptionKey(configOf(), words)).toMatchObject([{ verdict: 'problem' }]);
    await mkdir(join(folder.path, 'other', 'encryption-key'), { recursive: true });
    expect(await checkEncryptionKey(configOf({ POSTHORN_DATA_DIR: join(folder.path, 'other') }), words)).toMatchObject([
      { verdict: 'problem' },
    ]);
  });

  it('that others may read are told', async () => {
    const path = join(folder.path, 'admin-key');
    await writeFile(path, 'x', { mode: 0o600 });
    expect(await checkKeyFiles(configOf())).toEqual([]);
    await chmod(path, 0o644);
    expect(await checkKeyFiles(configOf())).toMatchObject([{ verdict: 'warning', fix: `chmod 600 ${path}` }]);
  });
});

describe('the address guard', () => {
  it.each<[string | undefined, 'ok' | 'warning']>([
    [undefined, 'ok'],
    ['', 'ok'],
    ['10.0.0.0/8', 'ok'],
    ['127.0.0.1', 'ok'],
    ['10.0.0.0/8,0.0.0.0/0', 'warning'],
    ['::/0', 'warning'],
  ])('that lets %j through is %s', (value, verdict) => {
    expect(checkEgress(configOf(value === undefined ? {} : { POSTHORN_EGRESS_ALLOW: value }))).toMatchObject([{ verdict }]);
  });

  it('lets nothing on this machine through in production unseen', () => {
    const production = { ...configOf({ POSTHORN_EGRESS_ALLOW: '127.0.0.0/8' }), production: true };
    expect(checkEgress(production)).toMatchObject([{ verdict: 'warning', sentence: expect.stringContaining('127.0.0.0/8') }]);
  });
});

it('says of the configuration what is wrong, what is unknown, and how many are set', () => {
  expect(checkConfiguration(explainConfig({ PORT: 'x', POSTHORN_SHUTDOWN: '1' }))).toMatchObject([
    { verdict: 'problem', fix: 'set PORT=3400' },
    { verdict: 'warning' },
  ]);
  expect(checkConfiguration(explainConfig({}))).toMatchObject([
    { verdict: 'ok', sentence: 'no variable is set: every one has its default' },
  ]);
});
