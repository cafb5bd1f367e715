// Where a process keeps what is its own, and what the files there are called.
import { resolve } from 'node:path';
import type { Config } from '@posthorn/config';

/** The data directory as an absolute path. */
export const dataDirectoryOf = (config: Config): string => resolve(config.dataDirectory);

export const adminKeyFile = 'admin-key';
export const encryptionKeyFile = 'encryption-key';
