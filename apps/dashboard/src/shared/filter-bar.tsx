// The filters of a list: side by side, and folded away where there is no room for them.
import { Button, Collapse, Group } from '@mantine/core';
import { useDisclosure, useMediaQuery } from '@mantine/hooks';
import type { ReactNode } from 'react';
import type { Filters } from '../api/queries.js';

export const FilterBar = ({ filters, children }: { readonly filters: Filters; readonly children: ReactNode }) => {
  const isNarrow = useMediaQuery('(max-width: 47.99em)', false, { getInitialValueInEffect: false });
  const [isOpen, { toggle }] = useDisclosure(false);
  const fields = (
    <Group align="flex-end" gap="sm" role="search">
      {children}
    </Group>
  );
  if (!isNarrow) return fields;
  const set = Object.keys(filters).length;
  return (
    <div>
      <Button variant="default" onClick={toggle} aria-expanded={isOpen} mb={isOpen ? 'sm' : 0}>
        {set === 0 ? 'Filters' : `Filters (${set})`}
      </Button>
      <Collapse expanded={isOpen}>{fields}</Collapse>
    </div>
  );
};
