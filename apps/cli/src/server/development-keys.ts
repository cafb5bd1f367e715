// Keys that nobody gave: made once, kept in the data directory (mode 0600), the same at every later start.
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Config } from '@posthorn/config';
import { newApiKey } from '@posthorn/core';

/** Where a process keeps what is its own. */
export const dataDirectoryOf = (config: Config): string => resolve(config.dataDirectory);

export const adminKeyFile = 'admin-key';
export const encryptionKeyFile = 'encryption-key';

/** The file's text, made by `make` if there is none. Two processes at once agree on one. */
const readOrMake = async (directory: string, file: string, make: () => string): Promise<string> => {
  await mkdir(directory, { recursive: true });
  const path = join(directory, file);
  await writeFile(path, `${make()}\n`, { mode: 0o600, flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
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
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, adminKeyFile), `${key}\n`, { mode: 0o600 });
};
