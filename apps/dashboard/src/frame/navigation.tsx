// The sidebar. A page that a role may not read is not offered.
import { NavLink as Item, Stack } from '@mantine/core';
import { Link, useLocation } from 'react-router';
import { type Permission, useMay } from '../api/session.js';

type Entry = { readonly to: string; readonly label: string; readonly needs: Permission; readonly under?: readonly Entry[] };

const entries: readonly Entry[] = [
  { to: '/', label: 'Overview', needs: 'read_webhooks' },
  { to: '/webhooks', label: 'Webhooks', needs: 'read_webhooks' },
  { to: '/events', label: 'Events', needs: 'read_deliveries' },
  { to: '/deliveries', label: 'Deliveries', needs: 'read_deliveries' },
  { to: '/replays', label: 'Replays', needs: 'replay' },
  { to: '/event-types', label: 'Event types', needs: 'read_webhooks' },
  { to: '/tenants', label: 'Tenants and keys', needs: 'administer' },
  { to: '/settings/webhooks', label: 'Settings', needs: 'read_webhooks' },
  { to: '/health', label: 'Health', needs: 'read_webhooks' },
];

/** The first part of an address tells under which entry it is: `/settings/webhooks/new` → `settings`. */
const sectionOf = (path: string): string => path.split('/')[1] ?? '';

export const Navigation = ({ onNavigate }: { readonly onNavigate: () => void }) => {
  const may = useMay();
  const { pathname } = useLocation();
  return (
    <Stack gap={2} component="nav" aria-label="Main">
      {entries
        .filter(({ needs }) => may(needs))
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
