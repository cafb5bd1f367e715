// The catalogue of event types.
import { Button, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import { type EventType, eventTypeListQuery, eventTypeUseQuery } from '../../api/admin-queries.js';
import { useMay } from '../../api/session.js';
import { searchMark } from '../../frame/shortcuts.js';
import { CursorList } from '../../shared/cursor-list.js';
import { FilterText } from '../../shared/filter-fields.js';
import { shortCount } from '../../shared/numbers.js';
import { PageHeader } from '../../shared/page-header.js';
import { Empty } from '../../shared/states.js';
import { Time } from '../../shared/time.js';
import { useUrlFilters } from '../../shared/url-filters.js';
import { eventTypePath } from './event-type-path.js';

const filterNames = ['name'] as const;
/** How many groups the API tells of: with fewer, a type that is not among them had no deliveries. */
const groupsMax = 100;

export const EventTypesPage = () => {
  const [filters, change] = useUrlFilters(filterNames);
  const deliveriesOf = useDeliveries();
  return (
    <>
      <PageHeader title="Event types" actions={<CreateButton />} />
      <Stack>
        <FilterText
          filters={filters}
          onChange={change}
          label="Search"
          name="name"
          description="A part of the name; * stands for any run of characters"
          placeholder="order"
          width={360}
          marks={searchMark}
        />
        <CursorList<EventType>
          query={eventTypeListQuery(filters)}
          filters={filters}
          label="Event types"
          columns={['Name', 'Description', 'Schema', 'Example', 'Deliveries, 7 days', 'Changed']}
          keyOf={({ name }) => name}
          row={(type) => [
            <Link key="name" to={eventTypePath(type.name)} className="row-link break-anywhere">
              {type.name}
            </Link>,
            <Text key="description" size="sm" lineClamp={2} maw={360} className="break-anywhere">
              {type.description ?? '–'}
            </Text>,
            type.schema === null ? 'none' : 'yes',
            type.example === null ? 'none' : 'yes',
            deliveriesOf(type.name),
            <Time key="changed" at={type.updated_at} />,
          ]}
          empty={<NoEventTypes />}
        />
      </Stack>
    </>
  );
};

/** How many deliveries of a type came to be in the last seven days, in words. */
const useDeliveries = (): ((name: string) => string) => {
  const { data } = useQuery(eventTypeUseQuery);
  const groups = data?.groups ?? null;
  return (name) => {
    const found = groups?.find(({ key }) => key === name);
    if (found !== undefined) return shortCount(found.created);
    return groups === null || groups.length >= groupsMax ? '–' : 'none';
  };
};

const CreateButton = () => {
  const may = useMay();
  if (!may('administer')) return null;
  return (
    <Button component={Link} to="/event-types/new">
      Create event type
    </Button>
  );
};

const NoEventTypes = () => (
  <Empty title="No event types yet" action={<CreateButton />}>
    Events of any type can be published all the same. The catalogue is what webhooks choose from, and what events are checked against.
  </Empty>
);
