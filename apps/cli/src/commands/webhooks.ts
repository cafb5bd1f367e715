// `posthorn webhooks`: webhooks of another system, imported from a file and exported to one.
import { writeFile } from 'node:fs/promises';
import type { Client, Schema } from '@posthorn/client';
import { rowsOf } from '@posthorn/dialects';
import { type Command, Option } from 'commander';
import { type ApiOptions, addApiOptions, connectApi } from '../api-options.js';
import { printable, type Terminal } from '../terminal.js';
import { readArgumentText } from '../text-argument.js';
import { importTable } from './import-table.js';

const dialects = ['000', '001', '003', '004'] as const;
type DialectName = (typeof dialects)[number];
type Imported = Schema<'ImportedWebhooks'>;

type ImportOptions = ApiOptions & {
  readonly dialect: DialectName;
  readonly tenant?: string;
  readonly apply?: true;
  readonly skipRefused?: true;
};
type ExportOptions = ApiOptions & {
  readonly dialect: DialectName;
  readonly tenant?: string;
  readonly secrets?: true;
  readonly out?: string;
};

const pageSize = 200;

export function registerWebhooks(program: Command, terminal: Terminal): void {
  const webhooks = program.command('webhooks').description('webhooks of another system, in and out');
  const dialect = () => new Option('--dialect <dialect>', 'the words of the objects').choices(dialects).makeOptionMandatory();
  addApiOptions(
    webhooks
      .command('import')
      .description('say what importing a file would do, row by row; with --apply, do it: all of it or nothing')
      .argument('<file>', 'JSON as the other system exports it: a list, {"data": […]} or {"result": […]}; - for standard input')
      .addOption(dialect())
      .option('--apply', 'import them, if nothing is refused')
      .option('--skip-refused', 'with --apply: leave out those that are refused')
      .option('--tenant <tenant>', 'whose they are to be, of dialects whose objects do not say so'),
  ).action(async (file: string, options: ImportOptions) => {
    const rows = readRows(await readArgumentText(file === '-' ? file : `@${file}`, 'the file'));
    await importWebhooks(await connectApi(options), rows, options, terminal);
  });
  addApiOptions(
    webhooks
      .command('export')
      .description('write the webhooks as a JSON list that can be imported again')
      .addOption(dialect())
      .option('--secrets', 'with their secrets')
      .option('--tenant <tenant>', 'of this tenant alone')
      .option('--out <file>', 'into this file, for its owner alone, and not to standard output'),
  ).action(async (options: ExportOptions) => exportWebhooks(await connectApi(options), options, terminal));
}

function readRows(text: string): readonly unknown[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Error(`the file is not JSON: ${(error as Error).message}`, { cause: error });
  }
  const rows = rowsOf(value);
  if (rows === null) throw new Error('the file must hold a JSON list of webhooks');
  if (rows.length === 0) throw new Error('the file holds no webhooks');
  return rows;
}

/** A dry run always comes first; what is applied is what it showed. */
async function importWebhooks(api: Client, rows: readonly unknown[], options: ImportOptions, terminal: Terminal): Promise<void> {
  const { dialect, tenant, apply = false, skipRefused = false } = options;
  const send = async (webhooks: readonly unknown[], isDryRun: boolean): Promise<Imported> => {
    const body = { dialect, dry_run: isDryRun, webhooks: [...webhooks], ...(tenant !== undefined && { tenant }) };
    return (await api.POST('/v1/webhooks/import', { body })).data;
  };
  const planned = await send(rows, true);
  if (!apply || planned.refused > 0) terminal.print(printable(importTable(planned)));
  if (planned.refused > 0 && !(apply && skipRefused))
    throw new Error(`${planned.refused} of ${rows.length} are refused${apply ? '; nothing was imported' : ''}`);
  if (!apply) {
    terminal.print(`nothing was done yet: --apply imports ${planned.ready}`);
    return;
  }
  const right = rows.filter((_, index) => planned.data[index]?.status === 'ready');
  if (right.length === 0) throw new Error('none is left to import');
  const done = await send(right, false);
  terminal.print(printable(importTable(done)));
  terminal.print(`imported ${done.imported}`);
}

async function exportWebhooks(api: Client, options: ExportOptions, terminal: Terminal): Promise<void> {
  const { dialect, tenant, secrets = false, out } = options;
  const query = { dialect, limit: pageSize, ...(secrets && { secrets }), ...(tenant !== undefined && { tenant }) };
  const objects: unknown[] = [];
  for await (const object of api.paginate('/v1/webhooks/export', { params: { query } })) objects.push(object);
  const text = JSON.stringify(objects, null, 2);
  if (out === undefined) {
    terminal.print(text);
    return;
  }
  await writeFile(out, `${text}\n`, { mode: 0o600, flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
    throw new Error(error.code === 'EEXIST' ? `${out} exists already` : `${out} cannot be written (${error.code})`, { cause: error });
  });
  terminal.warn(`exported ${objects.length} to ${out}`);
}
