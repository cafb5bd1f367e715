// `posthorn keys`: where the admin key of this machine is, and the API's keys: listed, made, revoked.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Client, Schema } from '@posthorn/client';
import { readConfig } from '@posthorn/config';
import { type Command, Option } from 'commander';
import { type ApiOptions, addApiOptions, connectApi } from '../api-options.js';
import { adminKeyFile, dataDirectoryOf } from '../server/data-directory.js';
import { printable, type Terminal } from '../terminal.js';

type Role = Schema<'NewApiKey'>['role'];
const roles: readonly Role[] = ['admin', 'operator', 'publisher', 'viewer', 'channel'];
const pageSize = 200;

type ListOptions = ApiOptions & { readonly all?: true };
type CreateOptions = ApiOptions & { readonly role: Role; readonly name?: string; readonly tenant?: string; readonly expiresAt?: string };

export function registerKeys(program: Command, terminal: Terminal): void {
  const keys = program
    .command('keys')
    .description('print where the admin key of this data directory is, and the key')
    .action(() => printAdminKey(terminal));
  addApiOptions(
    keys.command('list').description('list the API keys of the environment, newest first').option('--all', 'those that are over too'),
  ).action(async (options: ListOptions) => listKeys(await connectApi(options), options.all === true, terminal));
  addApiOptions(
    keys
      .command('create')
      .description('make an API key and print it: it is shown this once')
      .addOption(new Option('--role <role>', 'what it may do').choices(roles).makeOptionMandatory())
      .option('--name <name>', 'what to call it')
      .option('--tenant <tenant>', 'bind it to this tenant')
      .option('--expires-at <time>', 'until when it is valid (RFC 3339)'),
  ).action(async (options: CreateOptions) => createKey(await connectApi(options), options, terminal));
  addApiOptions(keys.command('revoke').description('revoke an API key').argument('<id>', 'its id, as the list shows it')).action(
    async (id: string, options: ApiOptions) => {
      await (await connectApi(options)).DELETE('/v1/api-keys/{id}', { params: { path: { id } } });
      terminal.print(printable(`revoked ${id}`));
    },
  );
}

function printAdminKey(terminal: Terminal): void {
  const path = join(dataDirectoryOf(readConfig()), adminKeyFile);
  if (!existsSync(path)) throw new Error(`there is no ${path}: the first start makes it`);
  terminal.print(`${readFileSync(path, 'utf8').trim()}\n(kept in ${path})`);
}

async function listKeys(api: Client, isWithEnded: boolean, terminal: Terminal): Promise<void> {
  const query = { limit: pageSize, ...(!isWithEnded && { is_active: true }) };
  for await (const key of api.paginate('/v1/api-keys', { params: { query } })) terminal.print(printable(keyLine(key)));
}

function keyLine({ id, role, tenant, key_hint, name, expires_at, revoked_at, last_used_at }: Schema<'ApiKey'>): string {
  return [
    id,
    role.padEnd('publisher'.length),
    key_hint,
    ...(tenant === null ? [] : [`tenant ${tenant}`]),
    ...(name === null ? [] : [JSON.stringify(name)]),
    last_used_at === null ? 'never used' : `used ${last_used_at}`,
    ...(expires_at === null ? [] : [`expires ${expires_at}`]),
    ...(revoked_at === null ? [] : [`revoked ${revoked_at}`]),
  ].join('  ');
}

/** The key alone on its line of standard output, so that it can be taken by a script. */
async function createKey(api: Client, { role, name, tenant, expiresAt }: CreateOptions, terminal: Terminal): Promise<void> {
  const body = {
    role,
    ...(name !== undefined && { name }),
    ...(tenant !== undefined && { tenant }),
    ...(expiresAt !== undefined && { expires_at: expiresAt }),
  };
  const { data } = await api.POST('/v1/api-keys', { body });
  terminal.print(data.key);
  terminal.warn(`made ${data.id} (${data.role}); the key is shown this once`);
}
