// The bell: how much has gone wrong since this browser was last shown it, the newest of it, and the way to all.
import { ActionIcon, Indicator, Menu, Text } from '@mantine/core';
import { useLocalStorage } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { Link, useLocation } from 'react-router';
import { anyTrouble } from '../api/concerns.js';
import { sumsAgainMs, useLiveRefresh } from '../api/live.js';
import { type Notification, newestNotificationsQuery } from '../api/notification-queries.js';
import { useMay, useSession } from '../api/session.js';
import { useWebhookName } from '../pages/events/webhook-name.js';
import { notificationsPath, whatOf } from '../pages/notifications/words.js';
import { relativeTime } from '../shared/relative-time.js';
import { newOnes } from './unseen.js';

const shownMax = 5;
/** More than so many are not counted out. */
const countedMax = 20;

export const Bell = () => (useMay()('read_webhooks') ? <Ringing /> : null);

const Ringing = () => {
  const { environment, tenant } = useSession();
  const { pathname } = useLocation();
  const [isOpen, setOpen] = useState(false);
  const { data: newest = [] } = useQuery(newestNotificationsQuery);
  useLiveRefresh(newestNotificationsQuery.queryKey, anyTrouble, sumsAgainMs);
  const [seen, setSeen] = useLocalStorage({
    key: `posthorn-notifications-seen ${environment.id} ${tenant ?? ''}`,
    defaultValue: '',
    getInitialValueInEffect: false,
  });
  const unseen = newOnes(newest, seen);
  const isLookedAt = isOpen || pathname === notificationsPath;
  const latest = unseen.latest;
  useEffect(() => {
    if (isLookedAt && latest !== null) setSeen(latest);
  }, [isLookedAt, latest, setSeen]);
  const count = unseen.count > countedMax ? `${countedMax}+` : String(unseen.count);
  const hasNew = unseen.count > 0 && !isLookedAt;
  return (
    <Menu position="bottom-end" width={300} opened={isOpen} onChange={setOpen}>
      <Indicator label={count} size={18} color="red.9" offset={4} disabled={!hasNew}>
        <Menu.Target>
          <ActionIcon variant="default" size="lg" aria-label={hasNew ? `Notifications, ${count} new` : 'Notifications'}>
            <Sign />
          </ActionIcon>
        </Menu.Target>
      </Indicator>
      <Menu.Dropdown>
        <Menu.Label>What happened last</Menu.Label>
        {newest.slice(0, shownMax).map((notification) => (
          <Entry key={notification.id} notification={notification} />
        ))}
        {newest.length === 0 && (
          <Text size="sm" c="dimmed" px="sm" pb="xs">
            Nothing went wrong yet.
          </Text>
        )}
        <Menu.Divider />
        <Menu.Item component={Link} to={notificationsPath}>
          All notifications
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
};

const Entry = ({ notification }: { readonly notification: Notification }) => {
  const name = useWebhookName(notification.webhook_id);
  return (
    <Menu.Item component={Link} to={`/webhooks/${notification.webhook_id}`}>
      <Text size="sm" fw={600} className="break-anywhere" lineClamp={2}>
        {name}
      </Text>
      <Text size="sm">{whatOf(notification)}</Text>
      <Text size="xs" c="dimmed">
        {relativeTime(Date.parse(notification.last_at), Date.now())}
      </Text>
    </Menu.Item>
  );
};

const Sign = () => (
  <svg viewBox="0 0 24 24" width="18" height="18" fill="none" stroke="currentColor" strokeWidth="2" aria-hidden="true">
    <path d="M6 9a6 6 0 0 1 12 0c0 6 3 6 3 8H3c0-2 3-2 3-8M10 21h4" strokeLinecap="round" strokeLinejoin="round" />
  </svg>
);
