// What is known of one thing, name by name.
import { Table } from '@mantine/core';
import type { ReactNode } from 'react';

type Props = { readonly label: string; readonly facts: readonly (readonly [string, ReactNode])[] };

export const Facts = ({ label, facts }: Props) => (
  <Table aria-label={label} layout="fixed" withTableBorder>
    <Table.Tbody>
      {facts.map(([name, value]) => (
        <Table.Tr key={name}>
          <Table.Th scope="row" w={{ base: 110, xs: 160 }} style={{ verticalAlign: 'top' }}>
            {name}
          </Table.Th>
          <Table.Td className="break-anywhere">{value}</Table.Td>
        </Table.Tr>
      ))}
    </Table.Tbody>
  </Table>
);
