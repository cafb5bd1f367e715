// The two options of every command that talks to the API, and where the key comes from when none is given.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Client, createClient } from '@posthorn/client';
import { readConfig } from '@posthorn/config';
import type { Command } from 'commander';
import { defaultApiUrl } from './api-address.js';

export type ApiOptions = { readonly url?: string; readonly key?: string };

/** Adds `--url` and `--key`. */
export function addApiOptions(command: Command): Command {
  return command
    .option('--url <url>', `address of the API (default: ${defaultApiUrl})`)
    .option('--key <key>', 'API key (default: the file admin-key in the data directory, else POSTHORN_BOOTSTRAP_KEY)');
}

/** A client by these options. Throws an Error if there is no key or `--url` is no URL. */
export async function connectApi(options: ApiOptions): Promise<Client> {
  return createClient({ url: options.url ?? defaultApiUrl, key: options.key ?? (await findKey()) });
}

/** The key of a Posthorn that runs here: what it keeps in its data directory, else the one in the environment. */
export async function findKey(): Promise<string> {
  const config = readConfig();
  const path = join(config.dataDirectory, 'admin-key');
  const kept = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw new Error(`the key in ${path} cannot be read (${error.code}): give one with --key`, { cause: error });
  });
  const key = kept.trim() || config.bootstrapKey;
  if (key === null) throw new Error(`no API key: ${path} does not exist, and POSTHORN_BOOTSTRAP_KEY is not set: give one with --key`);
  return key;
}
