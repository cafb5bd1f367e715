// Pages that read what a role may not: it is told so, should it come by their address, and nothing is asked that would be refused.
import type { ReactNode } from 'react';
import { useLocation } from 'react-router';
import { type Permission, useMay } from '../api/session.js';
import { PageHeader } from '../shared/page-header.js';
import { Empty } from '../shared/states.js';

type Section = { readonly at: RegExp; readonly needs: Permission; readonly title: string; readonly what: string };

/** The first that fits counts; pages at other addresses judge for themselves, part by part. */
const sections: readonly Section[] = [
  { at: /^\/webhooks\/[^/]+\/edit$/, needs: 'edit_webhooks', title: 'Edit webhook', what: 'change webhooks' },
  { at: /^\/webhooks(?:\/|$)/, needs: 'read_webhooks', title: 'Webhooks', what: 'see webhooks' },
  { at: /^\/event-types(?:\/|$)/, needs: 'read_webhooks', title: 'Event types', what: 'see event types' },
  { at: /^\/notifications(?:\/|$)/, needs: 'read_webhooks', title: 'Notifications', what: 'see notifications' },
  { at: /^\/settings(?:\/|$)/, needs: 'read_webhooks', title: 'Settings', what: 'see settings' },
  { at: /^\/replays\/./, needs: 'operate_webhooks', title: 'Replay', what: 'see replays' },
  { at: /^\/tenants(?:\/|$)/, needs: 'administer', title: 'Tenants and keys', what: 'see tenants and keys' },
];

export const Permitted = ({ children }: { readonly children: ReactNode }) => {
  const { pathname } = useLocation();
  const may = useMay();
  const section = sections.find(({ at }) => at.test(pathname));
  if (section === undefined || may(section.needs)) return children;
  return (
    <>
      <PageHeader title={section.title} />
      <Empty title={`Your role may not ${section.what}`}>A key of another role may.</Empty>
    </>
  );
};
