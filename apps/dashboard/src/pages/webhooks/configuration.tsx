// What the webhook is set to, field by field.
import { Code, Table } from '@mantine/core';
import type { Webhook } from '../../api/queries.js';
import { Copyable } from '../../shared/copyable.js';

const hiddenFields: ReadonlySet<string> = new Set(['statistics', 'notified']);

const Value = ({ value }: { readonly value: unknown }) => {
  if (value === null) return <span>–</span>;
  if (typeof value === 'object') return <Code block>{JSON.stringify(value, null, 2)}</Code>;
  return <span className="break-anywhere">{String(value)}</span>;
};

export const Configuration = ({ webhook }: { readonly webhook: Webhook }) => (
  <Table aria-label="Configuration" layout="fixed" withTableBorder>
    <Table.Tbody>
      {Object.entries(webhook)
        .filter(([name]) => !hiddenFields.has(name))
        .map(([name, value]) => (
          <Table.Tr key={name}>
            <Table.Th scope="row" className="break-anywhere" w={{ base: 120, xs: 220 }} style={{ verticalAlign: 'top' }}>
              {name}
            </Table.Th>
            <Table.Td>
              {name === 'id' || name === 'url' ? <Copyable value={String(value)} label={name} /> : <Value value={value} />}
            </Table.Td>
          </Table.Tr>
        ))}
    </Table.Tbody>
  </Table>
);
