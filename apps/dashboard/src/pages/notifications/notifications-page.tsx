// What there was to tell of webhooks, whom it was told, and how the mail stands: newest first.
import { Anchor, Badge, Group, Stack, Text } from '@mantine/core';
import { Link } from 'react-router';
import { troublesOf } from '../../api/concerns.js';
import { useLiveRefresh } from '../../api/live.js';
import { type Notification, notificationsQuery } from '../../api/notification-queries.js';
import type { Filters } from '../../api/queries.js';
import { useSession } from '../../api/session.js';
import { searchMark } from '../../frame/shortcuts.js';
import { CursorList } from '../../shared/cursor-list.js';
import { FilterBar } from '../../shared/filter-bar.js';
import { FilterSelect, FilterText, FilterTime } from '../../shared/filter-fields.js';
import { PageHeader } from '../../shared/page-header.js';
import { Empty } from '../../shared/states.js';
import { StatusBadge } from '../../shared/status-badge.js';
import { FullTime, Time } from '../../shared/time.js';
import { useUrlFilters } from '../../shared/url-filters.js';
import { useWebhookName } from '../events/webhook-name.js';
import { deliveryOf, kinds, whatOf, whyNobody } from './words.js';

const filterNames = ['kind', 'webhook_id', 'tenant', 'first_at[gte]', 'first_at[lt]'] as const;

export const NotificationsPage = () => {
  const [filters, onChange] = useUrlFilters(filterNames);
  useLiveRefresh(['notifications', 'list'], troublesOf(filters));
  return (
    <>
      <PageHeader title="Notifications" />
      <Stack>
        <NotificationFilters filters={filters} onChange={onChange} />
        <CursorList<Notification>
          query={notificationsQuery(filters)}
          filters={filters}
          label="Notifications"
          columns={['When', 'Webhook', 'What happened', 'Who was told']}
          keyOf={({ id }) => id}
          row={cellsOf}
          empty={<Empty title="Nothing to tell yet">What goes wrong with a webhook is noted here, with who was told of it.</Empty>}
        />
      </Stack>
    </>
  );
};

type FiltersProps = { readonly filters: Filters; readonly onChange: (name: string, value: string | null) => void };

const NotificationFilters = (field: FiltersProps) => {
  const { tenant } = useSession();
  return (
    <FilterBar
      filters={field.filters}
      search={<FilterText {...field} label="Webhook id" name="webhook_id" width={300} marks={searchMark} />}
    >
      <FilterSelect {...field} label="What happened" name="kind" words={kinds} width={190} />
      {tenant === null && <FilterText {...field} label="Tenant" name="tenant" width={140} />}
      <FilterTime {...field} label="From" name="first_at[gte]" />
      <FilterTime {...field} label="Before" name="first_at[lt]" />
    </FilterBar>
  );
};

const cellsOf = (notification: Notification) => [
  <When key="when" notification={notification} />,
  <Webhook key="webhook" id={notification.webhook_id} />,
  <What key="what" notification={notification} />,
  <Told key="told" notification={notification} />,
];

type Shown = { readonly notification: Notification };

const When = ({ notification: { count, first_at, last_at } }: Shown) => (
  <>
    <FullTime at={last_at} />
    {count > 1 && (
      <Text size="xs" c="dimmed" component="div">
        since <Time at={first_at} />
      </Text>
    )}
  </>
);

const Webhook = ({ id }: { readonly id: string }) => (
  <Link to={`/webhooks/${id}`} className="row-link break-anywhere" title={id}>
    {useWebhookName(id)}
  </Link>
);

const What = ({ notification }: Shown) => {
  const delivery = deliveryOf(notification);
  return (
    <>
      <Text size="sm">{whatOf(notification)}</Text>
      {delivery !== null && (
        <Anchor component={Link} to={`/deliveries/${delivery}`} size="xs">
          {notification.count === 1 ? 'See it' : 'See the last one'}
        </Anchor>
      )}
    </>
  );
};

const Told = ({ notification }: Shown) => {
  const { outcome, mail } = notification;
  const why = whyNobody(notification);
  if (why !== null)
    return (
      <>
        <Badge color="yellow" variant="light" tt="none">
          nobody
        </Badge>
        <Text size="xs" c="dimmed">
          {why}
        </Text>
      </>
    );
  if (outcome === null) return <Note>Not told yet: it is gathered with what else happens meanwhile.</Note>;
  if (mail === null) return <Note>Told by an e-mail that is no longer kept.</Note>;
  return (
    <>
      <Group gap="xs">
        <StatusBadge status={mail.status} />
        <Text size="sm" span className="break-anywhere">
          {mail.to ?? 'the operator'}
        </Text>
        {mail.sent_at !== null && (
          <Text size="xs" c="dimmed" span>
            <Time at={mail.sent_at} />
          </Text>
        )}
      </Group>
      {mail.status !== 'sent' && mail.error !== null && (
        <Text size="xs" className="break-anywhere">
          {mail.status === 'failed' ? 'It was refused: ' : `After ${mail.tries} ${mail.tries === 1 ? 'try' : 'tries'}: `}
          <bdi>{mail.error}</bdi>
        </Text>
      )}
    </>
  );
};

const Note = ({ children }: { readonly children: string }) => (
  <Text size="xs" c="dimmed">
    {children}
  </Text>
);
