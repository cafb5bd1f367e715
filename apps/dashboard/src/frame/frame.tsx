// Header, sidebar and the page between them, on every screen from 375 px on.
import { ActionIcon, AppShell, Badge, Burger, Button, Group, Menu, Text, Tooltip, useMantineColorScheme } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { Suspense } from 'react';
import { Link, Outlet } from 'react-router';
import { useMay, useSession, useSignOut } from '../api/session.js';
import { keyPath } from '../pages/tenants/paths.js';
import { Loading } from '../shared/states.js';
import { Bell } from './bell.js';
import { LiveBadge } from './live-badge.js';
import { Navigation } from './navigation.js';
import { PageBoundary } from './page-boundary.js';
import { Permitted } from './permitted.js';
import { Shortcuts } from './shortcuts.js';
import { SignInDialog } from './sign-in-dialog.js';

export const Frame = () => {
  const [isOpen, { toggle, close }] = useDisclosure(false);
  const [helps, help] = useDisclosure(false);
  return (
    <AppShell header={{ height: 56 }} navbar={{ width: 220, breakpoint: 'sm', collapsed: { mobile: !isOpen } }} padding="md">
      <a href="#page" className="skip-link">
        Skip to the page
      </a>
      <AppShell.Header>
        <Group h="100%" px="md" justify="space-between" wrap="nowrap" gap="xs">
          <Group wrap="nowrap" gap="xs">
            <Burger opened={isOpen} onClick={toggle} hiddenFrom="sm" size="sm" aria-label="Open or close the menu" />
            <Text component={Link} to="/" fw={700} className="visually-plain" visibleFrom="xs">
              Posthorn
            </Text>
            <EnvironmentBadge />
          </Group>
          <Group wrap="nowrap" gap="xs">
            <LiveBadge />
            <Bell />
            <ActionIcon variant="default" size="lg" onClick={help.open} aria-label="Keyboard help" visibleFrom="xs">
              ?
            </ActionIcon>
            <ColorSchemeToggle />
            <Account />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs">
        <Navigation onNavigate={close} />
      </AppShell.Navbar>
      <AppShell.Main id="page" tabIndex={-1}>
        <PageBoundary>
          <Suspense fallback={<Loading />}>
            <Permitted>
              <Outlet />
            </Permitted>
          </Suspense>
        </PageBoundary>
      </AppShell.Main>
      <Shortcuts isHelpOpen={helps} onHelp={help.open} onHelpClose={help.close} />
      <SignInDialog />
    </AppShell>
  );
};

/** Where one is: what is done in a live environment is real. */
const EnvironmentBadge = () => {
  const { environment, tenant } = useSession();
  return (
    <Group gap={4} wrap="nowrap">
      <Tooltip label={`Environment ${environment.name}, mode ${environment.mode}`}>
        <Badge color={environment.mode === 'live' ? 'red' : 'blue'} variant="light" tt="none" maw={180}>
          {environment.name} · {environment.mode}
        </Badge>
      </Tooltip>
      {tenant !== null && (
        <Badge color="gray" variant="outline" tt="none" maw={140} visibleFrom="xs">
          tenant {tenant}
        </Badge>
      )}
    </Group>
  );
};

const ColorSchemeToggle = () => {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const next = { auto: 'light', light: 'dark', dark: 'auto' } as const;
  const symbols = { auto: '◐', light: '☀', dark: '☾' } as const;
  return (
    <Tooltip label={`Colours: ${colorScheme}`}>
      <ActionIcon
        variant="default"
        size="lg"
        onClick={() => setColorScheme(next[colorScheme])}
        aria-label={`Colours are ${colorScheme}; change to ${next[colorScheme]}`}
      >
        {symbols[colorScheme]}
      </ActionIcon>
    </Tooltip>
  );
};

const Account = () => {
  const { role, key_id } = useSession();
  const may = useMay();
  const signOut = useSignOut();
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button variant="default" size="compact-md" tt="capitalize">
          {role}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {may('administer') && (
          <Menu.Item component={Link} to={keyPath(key_id)}>
            Your key
          </Menu.Item>
        )}
        <Menu.Item component="a" href="/docs">
          API reference
        </Menu.Item>
        <Menu.Item onClick={() => void signOut()}>Sign out</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
};
