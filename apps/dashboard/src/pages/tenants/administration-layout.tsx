// Tenants, API keys and the audit log: three pages beside each other, for those who administer the environment.
import { Button, Group } from '@mantine/core';
import { Link, Outlet, useLocation } from 'react-router';
import { Needs } from '../../shared/needs.js';
import { auditPath, keysPath, tenantsPath } from './paths.js';

const pages = [
  { to: tenantsPath, label: 'Tenants' },
  { to: keysPath, label: 'API keys' },
  { to: auditPath, label: 'Audit log' },
] as const;

export const AdministrationLayout = () => {
  const { pathname } = useLocation();
  const current = [...pages].reverse().find(({ to }) => pathname.startsWith(to))?.to;
  return (
    <Needs permission="administer" what="see tenants and keys">
      <Group component="nav" aria-label="Tenants and keys" gap={4} mb="md">
        {pages.map(({ to, label }) => (
          <Button
            key={to}
            component={Link}
            to={to}
            size="compact-md"
            variant={to === current ? 'filled' : 'default'}
            {...(to === current && { 'aria-current': 'page' as const })}
          >
            {label}
          </Button>
        ))}
      </Group>
      <Outlet />
    </Needs>
  );
};
