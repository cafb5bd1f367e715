// `posthorn event-types`: the catalogue of event types, listed, and imported from a file that can be imported again.
import { type Client, PosthornError, type Schema } from '@posthorn/client';
import { eventTypeCatalogue } from '@posthorn/dialects';
import type { Command } from 'commander';
import { type ApiOptions, addApiOptions, connectApi } from '../api-options.js';
import { printable, type Terminal } from '../terminal.js';
import { readArgumentText } from '../text-argument.js';

const pageSize = 200;

export function registerEventTypes(program: Command, terminal: Terminal): void {
  const types = program.command('event-types').description('the catalogue of event types');
  addApiOptions(types.command('list').description('list the names, and what they are')).action(async (options: ApiOptions) =>
    listTypes(await connectApi(options), terminal),
  );
  addApiOptions(
    types
      .command('import')
      .description('add event types to the catalogue, or change those that are there')
      .argument(
        '<file>',
        'a JSON list of {name, description?, schema?, example?}; - for standard input; 003 or 004: those of this dialect',
      ),
  ).action(async (file: string, options: ApiOptions) => {
    const list = await readCatalogue(file);
    await importTypes(await connectApi(options), list, terminal);
  });
}

async function listTypes(api: Client, terminal: Terminal): Promise<void> {
  for await (const { name, description, schema } of api.paginate('/v1/event-types', { params: { query: { limit: pageSize } } })) {
    const parts = [name, ...(description === null ? [] : [description]), ...(schema === null ? [] : ['(has a schema)'])];
    terminal.print(printable(parts.join('  ').replaceAll('\n', ' ')));
  }
}

type NewEventType = Schema<'NewEventType'>;

const readCatalogue = async (file: string): Promise<readonly NewEventType[]> =>
  file === '003' || file === '004'
    ? eventTypeCatalogue(file)
    : readList(await readArgumentText(file === '-' ? file : `@${file}`, 'the file'));

/** What stands in the entries is judged by the API. */
function readList(text: string): readonly NewEventType[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Error(`the file is not JSON: ${(error as Error).message}`, { cause: error });
  }
  if (!Array.isArray(value)) throw new Error('the file must hold a JSON list of event types');
  return value as readonly NewEventType[];
}

/** One after the other; what was imported before one that is refused stays. */
async function importTypes(api: Client, list: readonly NewEventType[], terminal: Terminal): Promise<void> {
  let [made, changed] = [0, 0];
  for (const [index, type] of list.entries()) {
    try {
      if (await importType(api, type)) made++;
      else changed++;
    } catch (error) {
      const name = String((type as { name?: unknown } | null)?.name);
      throw new Error(`entry ${index} (${name}), after ${made} new and ${changed} changed: ${(error as Error).message}`, { cause: error });
    }
  }
  terminal.print(`${made} new, ${changed} changed`);
}

/** Whether it was new. */
async function importType(api: Client, type: NewEventType): Promise<boolean> {
  try {
    await api.POST('/v1/event-types', { body: type });
    return true;
  } catch (error) {
    if (!(error instanceof PosthornError && error.code === 'conflict')) throw error;
    const { name, ...changes } = type;
    await api.PATCH('/v1/event-types/{name}', { params: { path: { name } }, body: changes });
    return false;
  }
}
