import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { makeTemporaryDirectory, type TemporaryDirectory } from '@posthorn/testkit';
import { developmentAdminKey, developmentEncryptionKey } from './development-keys.js';

let folder: TemporaryDirectory;
beforeEach(async () => {
  folder = await makeTemporaryDirectory('development-keys');
});
afterEach(() => folder.cleanup());

describe('keys that nobody gave', () => {
  it('are made once, also by several processes at once, and are their owner’s alone', async () => {
    const directory = join(folder.path, 'new', 'data');
    const made = await Promise.all(Array.from({ length: 8 }, () => developmentEncryptionKey(directory)));
    expect(new Set(made.map((key) => key.toString('hex'))).size).toBe(1);
    expect(made[0]).toHaveLength(32);
    const admin = await developmentAdminKey(directory);
    expect(await developmentAdminKey(directory)).toBe(admin);
    expect((await readdir(directory)).sort()).toEqual(['admin-key', 'encryption-key']);
    expect((await stat(join(directory, 'encryption-key'))).mode & 0o777).toBe(0o600);
    expect((await readFile(join(directory, 'admin-key'), 'utf8')).trim()).toBe(admin);
  });

  it('are never made anew over what is there', async () => {
    await writeFile(join(folder.path, 'admin-key'), 'kept\n');
    expect(await developmentAdminKey(folder.path)).toBe('kept');
  });
});
