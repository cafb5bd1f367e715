// A data directory that cannot be made or written: one sentence that names it and what to set, and the exit code of what the machine refuses. It is shown with what
// root may not do either: a file in the way, folders of the kernel, a disk that is full or takes no writes.
import { existsSync } from 'node:fs';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestDatabase, makeTemporaryDirectory, startProcess, type TemporaryDirectory, type TestDatabase } from '@posthorn/testkit';
import { command, newAdminKey } from './support/product.js';
import { mountSmallDisk } from './support/sick-postgres.js';

type Role = 'start' | 'api';

const disk = await mountSmallDisk(1);
const unlessRefused = disk === null ? ' (not tried: this user may not mount one)' : '';
let folder: TemporaryDirectory;
let database: TestDatabase;

beforeAll(async () => {
  [folder, database] = await Promise.all([makeTemporaryDirectory('bad-data-directory'), createTestDatabase()]);
}, 60_000);
afterAll(async () => {
  await disk?.remove();
  await Promise.all([folder?.cleanup(), database?.drop()]);
}, 60_000);

/** `start` on an embedded Postgres, `api` on one that is there: with keys to make, both write. */
const run = async (role: Role, dataDirectory: string) => {
  const env = {
    POSTHORN_DATA_DIR: dataDirectory,
    POSTHORN_QUEUE: 'postgres',
    PORT: '0',
    LOG_LEVEL: 'error',
    ...(role === 'api' && { DATABASE_URL: database.url, POSTHORN_BOOTSTRAP_KEY: newAdminKey() }),
  };
  const process = startProcess({ args: [command, role], env, name: `posthorn ${role}` });
  const { code } = await process.exited;
  return { code, output: process.output() };
};

const expectRefused = async (role: Role, dataDirectory: string, says: RegExp): Promise<void> => {
  const { code, output } = await run(role, dataDirectory);
  expect({ code, lines: output.trimEnd().split('\n') }).toEqual({ code: 71, lines: [expect.stringMatching(says)] });
};

const inTheWay = async (name: string): Promise<string> => {
  const path = join(folder.path, name);
  await writeFile(path, '', { flag: 'a' });
  return path;
};
const noWrites = (path: string, codes: string): RegExp =>
  new RegExp(`^error: ${path}\\S* cannot be written \\((${codes})\\): let this user write there, or name another .* POSTHORN_DATA_DIR$`);

describe.each(['start', 'api'] as const)('posthorn %s', (role) => {
  it('says that a file is in the place of its folder, and of one above', async () => {
    const file = await inTheWay('file');
    await expectRefused(role, file, noWrites(file, 'EEXIST|ENOTDIR'));
    await expectRefused(role, join(file, 'below'), noWrites(file, 'ENOTDIR'));
    expect(await readdir(folder.path)).toEqual(['file']);
  }, 90_000);

  it.each(['/proc', '/sys', '/dev/null'].filter((path) => existsSync(path)))(
    'says that none can be made below %s, at once',
    async (path) => {
      await expectRefused(role, join(path, 'posthorn'), noWrites(path, 'ENOENT|EPERM|EACCES|EROFS|ENOTDIR'));
    },
    90_000,
  );

  it(`says that the disk takes no writes${unlessRefused}`, async () => {
    if (disk === null) return;
    await disk.setReadOnly(true);
    try {
      await expectRefused(role, join(disk.path, 'data'), noWrites(disk.path, 'EROFS'));
    } finally {
      await disk.setReadOnly(false);
    }
  }, 90_000);

  it(`says that the disk is full, and leaves no half a key there${unlessRefused}`, async () => {
    if (disk === null) return;
    const data = join(disk.path, role);
    await mkdir(data, { mode: 0o711 });
    // Room for initdb to begin; none for the key of an API.
    const filler = join(disk.path, 'filler');
    if (role === 'api') await writeFile(filler, Buffer.alloc(2 * 1024 * 1024)).catch(() => undefined);
    try {
      await expectRefused(role, data, /^error: .*the disk of .+ is full \(ENOSPC\): make room/);
      expect(await readdir(data)).toEqual(role === 'api' ? [] : ['postgres']);
      if (role === 'start') expect(await readdir(join(data, 'postgres'))).toEqual(['password']);
    } finally {
      await Promise.all([filler, data].map((path) => rm(path, { recursive: true, force: true })));
    }
  }, 90_000);
});

describe('posthorn start', () => {
  it('says that a file is in the place of its database', async () => {
    const data = join(folder.path, 'data');
    await mkdir(data);
    await writeFile(join(data, 'postgres'), '');
    await expectRefused('start', data, noWrites(data, 'EEXIST'));
  }, 60_000);
});
