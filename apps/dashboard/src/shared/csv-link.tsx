// A list as a file: what its filters choose, as CSV.
import { Button } from '@mantine/core';
import type { Filters } from '../api/queries.js';

type Props = { readonly of: 'events' | 'deliveries'; readonly filters: Filters };

export const CsvLink = ({ of, filters }: Props) => {
  const given = Object.entries(filters).filter((entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== '');
  return (
    <Button component="a" variant="default" href={`/v1/${of}/export?${new URLSearchParams(given)}`} download={`${of}.csv`}>
      Download CSV
    </Button>
  );
};
