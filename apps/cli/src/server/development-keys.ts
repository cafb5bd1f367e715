// Keys that nobody gave: made once, kept in the data directory (mode 0600), the same at every later start.
import { randomBytes } from 'node:crypto';
import { link, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { newApiKey } from '@posthorn/core';
import { makeDirectory } from '@posthorn/db';
import { adminKeyFile, encryptionKeyFile } from './data-directory.js';

const ignoring = (code: string) => (error: NodeJS.ErrnoException) => {
  if (error.code !== code) throw error;
  return null;
};

/**
 * The file's text, made by `make` if there is none. Two processes at once agree on one. It gets its name once it is whole: a disk that is full
 * half-way leaves no key that is none.
 */
const readOrMake = async (directory: string, file: string, make: () => string): Promise<string> => {
  await makeDirectory(directory);
  const path = join(directory, file);
  const kept = await readFile(path, 'utf8').catch(ignoring('ENOENT'));
  if (kept !== null) return kept.trim();
  const unfinished = `${path}.unfinished-${randomBytes(6).toString('hex')}`;
  try {
    await writeFile(unfinished, `${make()}\n`, { mode: 0o600, flag: 'wx' });
    await link(unfinished, path).catch(ignoring('EEXIST'));
  } finally {
    await rm(unfinished, { force: true });
  }
  return (await readFile(path, 'utf8')).trim();
};

/** 32 bytes that seal the secrets of a development installation. */
export const developmentEncryptionKey = async (directory: string): Promise<Buffer> =>
  Buffer.from(await readOrMake(directory, encryptionKeyFile, () => randomBytes(32).toString('base64')), 'base64');

/** The first admin key of an installation that was given none. */
export const developmentAdminKey = (directory: string): Promise<string> =>
  readOrMake(directory, adminKeyFile, () => newApiKey('test', randomBytes(8), randomBytes(24)).key);

/** Keeps a given bootstrap key where the command line finds it. */
export const keepAdminKey = async (directory: string, key: string): Promise<void> => {
  await makeDirectory(directory);
  await writeFile(join(directory, adminKeyFile), `${key}\n`, { mode: 0o600 });
};
