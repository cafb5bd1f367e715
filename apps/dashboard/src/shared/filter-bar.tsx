// The filters of a list: side by side, and folded away where there is no room for them, but for the one that one searches with.
import { Button, Collapse, Group } from '@mantine/core';
import { useDisclosure, useMediaQuery } from '@mantine/hooks';
import type { ReactNode } from 'react';
import type { Filters } from '../api/queries.js';

type Props = { readonly filters: Filters; readonly search: ReactNode; readonly children: ReactNode };

export const FilterBar = ({ filters, search, children }: Props) => {
  const isNarrow = useMediaQuery('(max-width: 47.99em)', false, { getInitialValueInEffect: false });
  const [isOpen, { toggle }] = useDisclosure(false);
  const count = Object.keys(filters).length;
  return (
    <Group align="flex-end" gap="sm" role="search">
      {search}
      {isNarrow && (
        <Button variant="default" onClick={toggle} aria-expanded={isOpen}>
          {count === 0 ? 'Filters' : `Filters (${count})`}
        </Button>
      )}
      {isNarrow ? (
        <Collapse expanded={isOpen} w="100%">
          <Group align="flex-end" gap="sm">
            {children}
          </Group>
        </Collapse>
      ) : (
        children
      )}
    </Group>
  );
};
