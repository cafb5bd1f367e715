// What was accepted, newest first.
import { Button, Code, Stack, Text, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { Link, useNavigate } from 'react-router';
import { eventsOf } from '../../api/concerns.js';
import { eventQuery, eventsQuery, type ListedEvent } from '../../api/event-queries.js';
import { useLiveRefresh } from '../../api/live.js';
import { useMay, useSession } from '../../api/session.js';
import { searchMark } from '../../frame/shortcuts.js';
import { CsvLink } from '../../shared/csv-link.js';
import { CursorList } from '../../shared/cursor-list.js';
import { FilterBar } from '../../shared/filter-bar.js';
import { FilterText, FilterTime } from '../../shared/filter-fields.js';
import { PageHeader } from '../../shared/page-header.js';
import { FullTime } from '../../shared/time.js';
import { useUrlFilters } from '../../shared/url-filters.js';
import { NoEvents } from './no-events.js';
import { PublishDialog } from './publish-dialog.js';

const filterNames = ['event_type', 'source_id', 'tenant', 'accepted_at[gte]', 'accepted_at[lt]'] as const;
const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export const EventsPage = () => {
  const [filters, onChange] = useUrlFilters(filterNames);
  const { tenant } = useSession();
  const mayPublish = useMay()('publish');
  const [publishes, publish] = useDisclosure(false);
  const field = { filters, onChange };
  useLiveRefresh(['events', 'list'], eventsOf(filters));
  return (
    <>
      <PageHeader
        title="Events"
        actions={
          <>
            <CsvLink of="events" filters={filters} />
            {mayPublish && (
              <Button variant="default" onClick={publish.open}>
                Publish an event
              </Button>
            )}
          </>
        }
      />
      {publishes && <PublishDialog onClose={publish.close} />}
      <Stack>
        <FilterBar
          filters={filters}
          search={<FindField sourceId={filters.source_id ?? ''} onSourceId={(text) => onChange('source_id', text)} />}
        >
          <FilterText {...field} label="Event type" name="event_type" placeholder="order.placed" />
          {tenant === null && <FilterText {...field} label="Tenant" name="tenant" width={140} />}
          <FilterTime {...field} label="Accepted from" name="accepted_at[gte]" />
          <FilterTime {...field} label="Accepted before" name="accepted_at[lt]" />
        </FilterBar>
        <CursorList<ListedEvent>
          query={eventsQuery(filters)}
          filters={filters}
          label="Events"
          columns={['Event type', 'Accepted', 'Tenant', 'Source id', 'Fan-out', 'Id']}
          keyOf={({ id }) => id}
          row={cellsOf}
          empty={<NoEvents onPublish={mayPublish ? publish.open : null} />}
        />
      </Stack>
    </>
  );
};

const cellsOf = (event: ListedEvent) => [
  <Link key="type" to={`/events/${event.id}`} className="row-link break-anywhere">
    {event.event_type}
  </Link>,
  <FullTime key="time" at={event.accepted_at} />,
  <Text key="tenant" size="sm" className="break-anywhere">
    {event.tenant}
  </Text>,
  <Text key="source" size="sm" className="break-anywhere" lineClamp={2} maw={260}>
    {event.source_id ?? '–'}
  </Text>,
  event.fan_out === 'waiting' ? '… waiting' : 'done',
  <Code key="id" title={event.id}>
    …{event.id.slice(-12)}
  </Code>,
];

type FindProps = { readonly sourceId: string; readonly onSourceId: (text: string) => void };

/** An event's own id leads to it; everything else is the id that its producer gave it, which may look the same. */
const FindField = ({ sourceId, onSourceId }: FindProps) => {
  const [text, setText] = useState(sourceId);
  const queries = useQueryClient();
  const navigate = useNavigate();
  useEffect(() => setText(sourceId), [sourceId]);
  const find = async () => {
    const wanted = text.trim();
    const isOurs =
      uuid.test(wanted) &&
      (await queries.fetchQuery(eventQuery(wanted.toLowerCase())).then(
        () => true,
        () => false,
      ));
    if (isOurs) navigate(`/events/${wanted.toLowerCase()}`);
    else onSourceId(wanted);
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void find();
      }}
    >
      <TextInput
        {...searchMark}
        label="Event id or source id"
        placeholder="Paste it, then Enter"
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        onBlur={() => text.trim() === '' && sourceId !== '' && onSourceId('')}
        w={320}
        maw="100%"
      />
    </form>
  );
};
