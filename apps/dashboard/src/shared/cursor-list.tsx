// A list by pages: its rows as a table, or what is to be said in place of them, and the way to the next page.
import { Button, Center, Stack, Table, Text } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { type ReactNode, useMemo } from 'react';
import type { Filters, listQuery } from '../api/queries.js';
import { Empty, ErrorBeside, ErrorState, Loading } from './states.js';
import { useSteadyRows } from './use-steady-rows.js';

/** Narrower, the table scrolls sideways. */
const minWidthPx = 720;
/** The height of the button above it, whose place is kept: rows do not move when it comes. */
const newRowsPx = 30;

type Props<Item> = {
  readonly query: ReturnType<typeof listQuery<Item>>;
  /** For people who do not see it. */
  readonly label: string;
  readonly columns: readonly string[];
  readonly keyOf: (item: Item) => string;
  /** The cells of a row, one for each column. */
  readonly row: (item: Item) => readonly ReactNode[];
  /** Said when there is nothing at all. */
  readonly empty: ReactNode;
  readonly filters?: Filters;
};

export function CursorList<Item>({ query, label, columns, keyOf, row, empty, filters = {} }: Props<Item>) {
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage, isPlaceholderData } = useInfiniteQuery(query);
  const fresh = useMemo(() => data?.pages.flatMap((page) => page.data) ?? [], [data]);
  const of = data === undefined || isPlaceholderData ? null : JSON.stringify(query.queryKey);
  const { rows, added, showAll } = useSteadyRows(of, fresh, keyOf);
  if (data === undefined) return error === null ? <Loading /> : <ErrorState error={error} onRetry={() => void refetch()} />;
  if (rows.length === 0)
    return Object.keys(filters).length === 0 ? empty : <Empty title="Nothing fits these filters">Change or clear one of them.</Empty>;
  return (
    <Stack>
      <ErrorBeside error={error} onRetry={() => void refetch()} />
      <Center mih={newRowsPx}>
        {added > 0 && (
          <Button size="xs" variant="light" radius="xl" onClick={showAll} data-show-new>
            Show {added} new
          </Button>
        )}
      </Center>
      <Table.ScrollContainer
        minWidth={minWidthPx}
        scrollAreaProps={{ viewportProps: { tabIndex: 0, role: 'region', 'aria-label': label } }}
      >
        <Table highlightOnHover aria-label={label} className={isPlaceholderData ? 'stale' : ''} aria-busy={isPlaceholderData}>
          <Table.Thead>
            <Table.Tr>
              {columns.map((column) => (
                <Table.Th key={column} scope="col">
                  {column}
                </Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {rows.map((item) => (
              <Table.Tr key={keyOf(item)}>
                {row(item).map((cell, index) => (
                  <Table.Td key={columns[index]}>{cell}</Table.Td>
                ))}
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      <Center>
        {hasNextPage ? (
          <Button variant="default" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
            Show more
          </Button>
        ) : (
          <Text size="sm" c="dimmed">
            {rows.length === 1 ? '1 in all' : `${rows.length} in all`}
          </Text>
        )}
      </Center>
    </Stack>
  );
}
