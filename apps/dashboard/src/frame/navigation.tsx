// The sidebar.
import { NavLink as Item, Stack } from '@mantine/core';
import { Link, useLocation } from 'react-router';
import { useMay } from '../api/session.js';
import { places } from './places.js';

/** The first part of an address tells under which entry it is: `/settings/webhooks/new` → `settings`. */
const sectionOf = (path: string): string => path.split('/')[1] ?? '';

export const Navigation = ({ onNavigate }: { readonly onNavigate: () => void }) => {
  const may = useMay();
  const { pathname } = useLocation();
  return (
    <Stack gap={2} component="nav" aria-label="Main">
      {places
        .filter(({ needs, isInside }) => may(needs) && !isInside)
        .map(({ to, label }) => {
          const isHere = sectionOf(pathname) === sectionOf(to);
          return (
            <Item
              key={to}
              component={Link}
              to={to}
              label={label}
              active={isHere}
              {...(isHere && { 'aria-current': 'page' as const })}
              onClick={onNavigate}
            />
          );
        })}
    </Stack>
  );
};
