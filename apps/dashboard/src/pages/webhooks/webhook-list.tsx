// The webhooks as a list, with filters.
import { Badge, Button, Group, Select, Stack, Text } from '@mantine/core';
import { Link } from 'react-router';
import { attempts, switches } from '../../api/concerns.js';
import { sumsAgainMs, useLiveRefresh } from '../../api/live.js';
import { type Webhook, webhooksQuery } from '../../api/queries.js';
import { useMay, useSession } from '../../api/session.js';
import { searchMark } from '../../frame/shortcuts.js';
import { CursorList } from '../../shared/cursor-list.js';
import { FilterBar } from '../../shared/filter-bar.js';
import { FilterText } from '../../shared/filter-fields.js';
import { shortCount } from '../../shared/numbers.js';
import { Empty } from '../../shared/states.js';
import { WebhookStatus } from '../../shared/status-badge.js';
import { TimeOr } from '../../shared/time.js';
import { useUrlFilters } from '../../shared/url-filters.js';

const filterNames = ['event_type', 'status', 'circuit_state', 'tenant'] as const;
const eventTypesShown = 2;

export const WebhookList = () => {
  const [filters, change] = useUrlFilters(filterNames);
  const { tenant } = useSession();
  const field = { filters, onChange: change };
  useLiveRefresh(['webhooks', 'list'], switches);
  useLiveRefresh(['webhooks', 'list'], attempts, sumsAgainMs);
  return (
    <Stack>
      <FilterBar
        filters={filters}
        search={<FilterText {...field} label="Event type" name="event_type" placeholder="order.placed" width={200} marks={searchMark} />}
      >
        <Select
          label="Status"
          clearable
          placeholder="Any"
          data={['active', 'paused', 'disabled']}
          value={filters.status ?? null}
          onChange={(value) => change('status', value)}
          w={130}
        />
        <Select
          label="Circuit"
          clearable
          placeholder="Any"
          data={[
            { value: 'closed', label: 'closed' },
            { value: 'open', label: 'open' },
            { value: 'half_open', label: 'half-open' },
          ]}
          value={filters.circuit_state ?? null}
          onChange={(value) => change('circuit_state', value)}
          w={130}
        />
        {tenant === null && <FilterText {...field} label="Tenant" name="tenant" width={150} />}
      </FilterBar>
      <CursorList<Webhook>
        query={webhooksQuery(filters)}
        filters={filters}
        label="Webhooks"
        columns={['Webhook Name', 'Status', 'Webhook Events', 'URL', 'Delivered', 'Failed', 'Waiting', 'Last success']}
        keyOf={({ id }) => id}
        row={(webhook) => [
          <Link key="name" to={`/webhooks/${webhook.id}`} className="row-link">
            {webhook.name ?? webhook.code ?? webhook.id}
          </Link>,
          <WebhookStatus key="status" status={webhook.status} circuit={webhook.circuit_state} />,
          <EventTypes key="types" types={webhook.event_types} />,
          <Text key="url" size="sm" className="break-anywhere" lineClamp={1} title={webhook.url} maw={280} miw={140}>
            {webhook.url}
          </Text>,
          shortCount(webhook.statistics.succeeded),
          shortCount(webhook.statistics.failed),
          shortCount(webhook.statistics.pending + webhook.statistics.held),
          <TimeOr key="last" at={webhook.statistics.last_success_at} none="never" />,
        ]}
        empty={<NoWebhooks />}
      />
    </Stack>
  );
};

const EventTypes = ({ types }: { readonly types: readonly string[] }) => (
  <Group gap={4} title={types.join(', ')}>
    {types.length === 0 && <Text size="sm">all</Text>}
    {types.slice(0, eventTypesShown).map((type) => (
      <Badge key={type} variant="outline" color="gray" tt="none">
        {type}
      </Badge>
    ))}
    {types.length > eventTypesShown && <Text size="xs">+{types.length - eventTypesShown}</Text>}
  </Group>
);

const NoWebhooks = () => {
  const may = useMay();
  return (
    <Empty
      title="No webhooks yet"
      action={
        may('edit_webhooks') && (
          <Button component={Link} to="/settings/webhooks/new">
            Create the first one
          </Button>
        )
      }
    >
      A webhook sends the events that you choose to a URL.
    </Empty>
  );
};
