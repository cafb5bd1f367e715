// A list by pages: its rows as a table, or what is to be said in place of them, and the way to the next page.
import { Button, Center, Stack, Table, Text } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { memo, type ReactNode, useDeferredValue, useMemo } from 'react';
import type { Filters, listQuery } from '../api/queries.js';
import { Empty, ErrorBeside, ErrorState, Loading } from './states.js';
import { useLookFurther } from './use-look-further.js';
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
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage, isFetching, isPlaceholderData } = useInfiniteQuery(query);
  const fresh = useMemo(() => data?.pages.flatMap((page) => page.data) ?? [], [data]);
  const of = data === undefined || isPlaceholderData ? null : JSON.stringify(query.queryKey);
  const { rows, added, showAll } = useSteadyRows(of, fresh, keyOf);
  const canLook = of !== null && error === null && hasNextPage && !isFetching;
  const further = useLookFurther(of, canLook, data?.pages.map((page) => page.data.length) ?? [], () => void fetchNextPage());
  const moreButton = (
    <Button variant="default" loading={isFetchingNextPage} onClick={further.isSparse ? further.look : () => void fetchNextPage()}>
      {further.isSparse ? 'Look further back' : 'Show more'}
    </Button>
  );
  if (data === undefined) return error === null ? <Loading /> : <ErrorState error={error} onRetry={() => void refetch()} />;
  if (rows.length === 0 && hasNextPage)
    return further.isLooking ? (
      <Loading />
    ) : (
      <Empty title="Nothing fits so far" action={moreButton}>
        What came last was looked through. There is more, further back.
      </Empty>
    );
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
          <Rows rows={rows} keyOf={keyOf} columns={columns} row={row} />
        </Table>
      </Table.ScrollContainer>
      <Center>
        {hasNextPage ? (
          moreButton
        ) : (
          <Text size="sm" c="dimmed">
            {rows.length === 1 ? '1 in all' : `${rows.length} in all`}
          </Text>
        )}
      </Center>
    </Stack>
  );
}

type Drawn<Item> = Pick<Props<Item>, 'columns' | 'row'>;

/** What people do comes before what is told: rows that were read again are drawn in between. */
function Rows<Item>({ rows, keyOf, ...drawn }: Drawn<Item> & Pick<Props<Item>, 'keyOf'> & { readonly rows: readonly Item[] }) {
  const shown = useDeferredValue(rows);
  return (
    <Table.Tbody>
      {shown.map((item) => (
        <Row key={keyOf(item)} item={item} {...drawn} />
      ))}
    </Table.Tbody>
  );
}

function PlainRow<Item>({ item, columns, row }: Drawn<Item> & { readonly item: Item }) {
  return (
    <Table.Tr>
      {row(item).map((cell, index) => (
        <Table.Td key={columns[index]}>{cell}</Table.Td>
      ))}
    </Table.Tr>
  );
}
/** What was read again and is the same is not drawn again. */
const Row = memo(PlainRow) as typeof PlainRow;
