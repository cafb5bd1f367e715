// Where one can go: what the sidebar shows, and where `g` and a letter leads to. A page that a role may not read is not offered.
import type { Permission } from '../api/session.js';

export type Place = {
  readonly to: string;
  readonly label: string;
  readonly needs: Permission;
  /** Pressed after `g`. */
  readonly key: string;
  /** Reached by its key and from a page or the header, but not in the sidebar. */
  readonly isInside?: boolean;
};

export const places: readonly Place[] = [
  { to: '/', label: 'Overview', needs: 'read_webhooks', key: 'o' },
  { to: '/webhooks', label: 'Webhooks', needs: 'read_webhooks', key: 'w' },
  { to: '/events', label: 'Events', needs: 'read_deliveries', key: 'e' },
  { to: '/deliveries', label: 'Deliveries', needs: 'read_deliveries', key: 'd' },
  { to: '/replays', label: 'Replays', needs: 'replay', key: 'r' },
  { to: '/event-types', label: 'Event types', needs: 'read_webhooks', key: 't' },
  { to: '/tenants', label: 'Tenants and keys', needs: 'administer', key: 'n' },
  { to: '/tenants/keys', label: 'API keys', needs: 'administer', key: 'k', isInside: true },
  { to: '/tenants/audit', label: 'Audit log', needs: 'administer', key: 'a', isInside: true },
  { to: '/settings/webhooks', label: 'Settings', needs: 'read_webhooks', key: 's' },
  { to: '/settings/environment', label: 'Environment settings', needs: 'administer', key: 'v', isInside: true },
  { to: '/notifications', label: 'Notifications', needs: 'read_webhooks', key: 'b', isInside: true },
  { to: '/health', label: 'Health', needs: 'read_webhooks', key: 'h' },
];
