// One event for one webhook, each a row: newest event first.
import { Stack, Text } from '@mantine/core';
import { Link } from 'react-router';
import { deliveriesOf } from '../../api/concerns.js';
import { deliveriesQuery } from '../../api/event-queries.js';
import { useLiveRefresh } from '../../api/live.js';
import type { Delivery, Filters } from '../../api/queries.js';
import { useMay, useSession } from '../../api/session.js';
import { searchMark } from '../../frame/shortcuts.js';
import { CsvLink } from '../../shared/csv-link.js';
import { CursorList } from '../../shared/cursor-list.js';
import { FilterBar } from '../../shared/filter-bar.js';
import { FilterSelect, FilterText, FilterTime } from '../../shared/filter-fields.js';
import { PageHeader } from '../../shared/page-header.js';
import { Empty } from '../../shared/states.js';
import { StatusBadge } from '../../shared/status-badge.js';
import { FullTime, TimeOr } from '../../shared/time.js';
import { useUrlFilters } from '../../shared/url-filters.js';
import { WebhookLink } from '../events/webhook-name.js';
import { BulkRetry } from './bulk-retry.js';
import { errorKinds, reasons, statuses } from './words.js';

const filterNames = [
  'status',
  'reason',
  'webhook_id',
  'event_id',
  'event_type',
  'tenant',
  'status_code',
  'error_kind',
  'replay_id',
  'created_at[gte]',
  'created_at[lt]',
] as const;

export const DeliveriesPage = () => {
  const [filters, onChange] = useUrlFilters(filterNames);
  const may = useMay();
  useLiveRefresh(['deliveries', 'list'], deliveriesOf(filters));
  return (
    <>
      <PageHeader
        title="Deliveries"
        actions={
          <>
            <CsvLink of="deliveries" filters={filters} />
            {may('replay') && <BulkRetry filters={filters} />}
          </>
        }
      />
      <Stack>
        <DeliveryFilters filters={filters} onChange={onChange} />
        <CursorList<Delivery>
          query={deliveriesQuery(filters)}
          filters={filters}
          label="Deliveries"
          columns={['Event type', 'Status', 'Webhook', 'Attempts', 'Last answer', 'Accepted', 'Next attempt']}
          keyOf={({ id }) => id}
          row={cellsOf}
          empty={<Empty title="No deliveries yet">An event that a webhook wants becomes one.</Empty>}
        />
      </Stack>
    </>
  );
};

type FiltersProps = { readonly filters: Filters; readonly onChange: (name: string, value: string | null) => void };

const DeliveryFilters = (field: FiltersProps) => {
  const { tenant } = useSession();
  return (
    <FilterBar
      filters={field.filters}
      search={<FilterText {...field} label="Event type" name="event_type" placeholder="order.placed" marks={searchMark} />}
    >
      <FilterSelect {...field} label="Status" name="status" words={statuses} width={130} />
      <FilterSelect {...field} label="Reason" name="reason" words={reasons} width={170} />
      <FilterText {...field} label="Code" name="status_code" placeholder="5xx or 404" width={110} />
      <FilterSelect {...field} label="Error" name="error_kind" words={errorKinds} width={120} />
      <FilterText {...field} label="Webhook id" name="webhook_id" width={300} />
      <FilterText {...field} label="Event id" name="event_id" width={300} />
      <FilterText {...field} label="Replay id" name="replay_id" width={300} />
      {tenant === null && <FilterText {...field} label="Tenant" name="tenant" width={140} />}
      <FilterTime {...field} label="Accepted from" name="created_at[gte]" />
      <FilterTime {...field} label="Accepted before" name="created_at[lt]" />
    </FilterBar>
  );
};

/** What came back last: a status, or what kept it from coming. */
export const lastAnswer = ({ last_status_code: code, last_error_kind: kind }: Delivery): string =>
  kind?.replaceAll('_', ' ') ?? code?.toString() ?? '–';

const cellsOf = (delivery: Delivery) => [
  <Link key="type" to={`/deliveries/${delivery.id}`} className="row-link break-anywhere">
    {delivery.event_type}
  </Link>,
  <div key="status">
    <StatusBadge status={delivery.status} />
    {delivery.reason !== null && (
      <Text size="xs" c="dimmed">
        {delivery.reason.replaceAll('_', ' ')}
      </Text>
    )}
  </div>,
  <WebhookLink key="webhook" id={delivery.webhook_id} />,
  delivery.attempts,
  lastAnswer(delivery),
  <FullTime key="accepted" at={delivery.created_at} />,
  <TimeOr key="next" at={delivery.status === 'pending' ? delivery.next_attempt_at : null} />,
];
