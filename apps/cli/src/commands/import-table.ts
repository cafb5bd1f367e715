// What an import does, as a table for people: a line a webhook, and what is to be known of it.
import type { Schema } from '@posthorn/client';

type Row = Schema<'ImportedWebhooks'>['data'][number];

const headings = ['row', 'status', 'old id', 'tenant', 'name', 'notes'] as const;
const cellCharsMax = 48;

const short = (text: string): string => (text.length > cellCharsMax ? `${text.slice(0, cellCharsMax - 1)}…` : text);

const notesOf = ({ id, object_id, secret, renamed, errors, code }: Row): string =>
  [
    ...(id === null ? [] : [`id ${id}`]),
    ...(object_id === null ? [] : ['_id kept']),
    ...(errors.length > 0 ? [] : [`secret ${secret}`]),
    ...(code === null ? [] : [`code ${code}`]),
    ...renamed.map(({ field, from, to }) => `${field} ${from} is taken: ${to}`),
    ...errors.map(({ message }) => message),
  ].join('; ');

/** The rows are numbered from 1, as people count. */
export const importTable = ({ data }: Schema<'ImportedWebhooks'>): string => {
  const cells = data.map((row) => [
    String(row.index + 1),
    row.status,
    short(row.old_id ?? '-'),
    short(row.tenant ?? '-'),
    short(row.name ?? '-'),
    notesOf(row),
  ]);
  const lines = [[...headings], ...cells];
  const widths = headings.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines
    .map((line) => line.map((cell, column) => (column === line.length - 1 ? cell : cell.padEnd(widths[column] ?? 0))).join('  '))
    .join('\n');
};
