import { existsSync } from 'node:fs';
import { readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { makeTemporaryDirectory, type TemporaryDirectory } from '@posthorn/testkit';
import { makeDirectory } from './make-directory.js';

let folder: TemporaryDirectory;
beforeEach(async () => {
  folder = await makeTemporaryDirectory('make-directory');
});
afterEach(() => folder.cleanup());

describe('a folder', () => {
  it('is made with those above it, several at once, and stays as it is when it is there', async () => {
    const path = join(folder.path, 'a', 'b', 'c');
    await Promise.all([makeDirectory(path, 0o700), makeDirectory(path, 0o700), makeDirectory(join(folder.path, 'a', 'b'), 0o700)]);
    expect((await stat(path)).mode & 0o777).toBe(0o700);
    await writeFile(join(path, 'kept'), 'text');
    await makeDirectory(path);
    expect(await readFile(join(path, 'kept'), 'utf8')).toBe('text');
    expect((await stat(path)).mode & 0o777).toBe(0o700);
  });

  it('may be behind a link, and below the root', async () => {
    await symlink(folder.path, join(folder.path, 'link'));
    await makeDirectory(join(folder.path, 'link'));
    await makeDirectory(join(folder.path, 'link', 'inner'));
    expect(existsSync(join(folder.path, 'inner'))).toBe(true);
    await makeDirectory('/');
  });

  it('is refused with the path where a file is in its place, or in that of one above', async () => {
    const file = join(folder.path, 'file');
    await writeFile(file, '');
    await expect(makeDirectory(file)).rejects.toMatchObject({ code: 'EEXIST', path: file });
    await expect(makeDirectory(join(file, 'a', 'b'))).rejects.toMatchObject({ code: 'ENOTDIR', path: join(file, 'a', 'b') });
    await symlink(join(folder.path, 'nowhere'), join(folder.path, 'dangling'));
    await expect(makeDirectory(join(folder.path, 'dangling'))).rejects.toMatchObject({ code: 'EEXIST' });
  });

  it.each(['/proc', '/sys'].filter((path) => existsSync(path)))(
    'is refused below %s, where nobody may make one, and does not spin',
    async (path) => {
      await expect(makeDirectory(join(path, 'posthorn', 'postgres'))).rejects.toMatchObject({
        path: join(path, 'posthorn'),
        syscall: 'mkdir',
      });
    },
  );
});
