// One event: what it is, what was sent, and what became of it, live while it goes on.
import { Anchor, Badge, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams, useSearchParams } from 'react-router';
import { eventOf } from '../../api/concerns.js';
import { type EventWithTexts, eventQuery } from '../../api/event-queries.js';
import { useLiveRefresh } from '../../api/live.js';
import { useMay } from '../../api/session.js';
import { Copyable } from '../../shared/copyable.js';
import { Facts } from '../../shared/facts.js';
import { count } from '../../shared/numbers.js';
import { PageHeader } from '../../shared/page-header.js';
import { ErrorState, Loading } from '../../shared/states.js';
import { FullTime } from '../../shared/time.js';
import { EraseEvent } from './erase-event.js';
import { ExplainAny } from './explain-any.js';
import { Payload } from './payload.js';
import { Waterfall } from './waterfall.js';

export const EventPage = () => {
  const { id = '' } = useParams();
  const { data, error, refetch } = useQuery(eventQuery(id));
  useLiveRefresh(['events', 'one', id], eventOf(id));
  return (
    <Stack>
      <Anchor component={Link} to="/events" size="sm" w="fit-content">
        ← Events
      </Anchor>
      {data === undefined ? (
        <>
          <PageHeader title="Event" />
          {error === null ? <Loading /> : <ErrorState error={error} onRetry={() => void refetch()} />}
        </>
      ) : (
        <Shown key={id} event={data} />
      )}
    </Stack>
  );
};

const Shown = ({ event: { facts, texts } }: { readonly event: EventWithTexts }) => {
  const may = useMay();
  const [params, setParams] = useSearchParams();
  const isLive = facts.fan_out === 'waiting' || facts.deliveries.pending + facts.deliveries.held > 0;
  const onWebhook = (webhookId: string | null) => setParams(webhookId === null ? {} : { explain: webhookId }, { replace: true });
  const onExplain = (webhookId: string) => {
    onWebhook(webhookId);
    document.getElementById('explain')?.scrollIntoView({ block: 'start' });
  };
  return (
    <>
      <PageHeader
        title={facts.event_type}
        badges={
          <Badge variant="light" color={isLive ? 'blue' : 'gray'} tt="none">
            {isLive ? '… going on' : '■ settled'}
          </Badge>
        }
        actions={<EraseEvent event={facts} />}
      />
      <Facts label="About the event" facts={factsOf(facts)} />
      <Waterfall event={facts} onExplain={onExplain} />
      {may('read_webhooks') && (
        <ExplainAny eventId={facts.id} tenant={facts.tenant} webhookId={params.get('explain')} onWebhook={onWebhook} />
      )}
      <Payload texts={texts} />
    </>
  );
};

const factsOf = (facts: EventWithTexts['facts']) =>
  [
    ['Id', <Copyable key="id" value={facts.id} label="event id" />],
    ['Source id', facts.source_id === null ? '–' : <Copyable key="source" value={facts.source_id} label="source id" />],
    ['Tenant', facts.tenant],
    ['Accepted', <FullTime key="accepted" at={facts.accepted_at} />],
    ['Event time', <FullTime key="event" at={facts.event_time} />],
    ...(facts.project_flow.length > 0 ? [['Project flow', facts.project_flow.join(', ')] as const] : []),
    ['Deliveries', <Counts key="counts" facts={facts} />],
  ] as const;

const Counts = ({ facts: { id, deliveries } }: { readonly facts: EventWithTexts['facts'] }) => {
  const some = Object.entries(deliveries).filter(([, number]) => number > 0);
  if (some.length === 0) return <Text size="sm">none</Text>;
  return some.map(([status, number]) => (
    <Anchor key={status} component={Link} to={`/deliveries?event_id=${id}&status=${status}`} size="sm" mr="sm">
      {`${count(number)} ${status}`}
    </Anchor>
  ));
};
