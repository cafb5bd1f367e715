// One delivery: how it stands, what comes next, why, and every attempt with what was sent and what came back.
import { Alert, Anchor, Paper, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from 'react-router';
import { deliveryOf } from '../../api/concerns.js';
import { deliveryAttemptsQuery, deliveryQuery, explainQuery } from '../../api/event-queries.js';
import { useLiveRefresh } from '../../api/live.js';
import type { Delivery } from '../../api/queries.js';
import { useMay } from '../../api/session.js';
import { Copyable } from '../../shared/copyable.js';
import { Facts } from '../../shared/facts.js';
import { PageHeader } from '../../shared/page-header.js';
import { ErrorBeside, ErrorState, Loading } from '../../shared/states.js';
import { StatusBadge } from '../../shared/status-badge.js';
import { FullTime } from '../../shared/time.js';
import { ExplainPanel } from '../events/explain-panel.js';
import { PhaseLegend } from '../events/phases.js';
import { Next } from '../events/waterfall.js';
import { WebhookLink } from '../events/webhook-name.js';
import { AttemptCard } from './attempt-card.js';
import { SentBody } from './attempt-request.js';
import { DeliveryActions } from './delivery-actions.js';

export const DeliveryPage = () => {
  const { id = '' } = useParams();
  const { data, error, refetch } = useQuery(deliveryQuery(id));
  const concerns = deliveryOf(id);
  useLiveRefresh(['deliveries', 'one', id], concerns);
  useLiveRefresh(['events', 'one', id.split('.')[0], 'explain'], concerns);
  return (
    <Stack>
      <Anchor component={Link} to="/deliveries" size="sm" w="fit-content">
        ← Deliveries
      </Anchor>
      {data === undefined ? (
        <>
          <PageHeader title="Delivery" />
          {error === null ? <Loading /> : <ErrorState error={error} onRetry={() => void refetch()} />}
        </>
      ) : (
        <Shown key={id} delivery={data} />
      )}
    </Stack>
  );
};

const Shown = ({ delivery }: { readonly delivery: Delivery }) => {
  const mayExplain = useMay()('read_webhooks');
  const explained = useQuery({ ...explainQuery(delivery.event_id, delivery.webhook_id), enabled: mayExplain });
  const attemptsMax = explained.data?.delivery?.attempts_max ?? null;
  return (
    <>
      <PageHeader
        title={`Delivery of ${delivery.event_type}`}
        badges={<StatusBadge status={delivery.status} />}
        actions={<DeliveryActions delivery={delivery} attemptsMax={attemptsMax} />}
      />
      <Facts label="About the delivery" facts={factsOf(delivery, attemptsMax)} />
      {mayExplain && (
        <Paper withBorder p="md" component="section" aria-label="Explain">
          <Title order={2} size="h3" mb="sm">
            Why
          </Title>
          <ExplainPanel eventId={delivery.event_id} webhookId={delivery.webhook_id} />
        </Paper>
      )}
      <Attempts delivery={delivery} />
    </>
  );
};

const factsOf = (delivery: Delivery, attemptsMax: number | null) =>
  [
    [
      'Event',
      <Anchor key="event" component={Link} to={`/events/${delivery.event_id}`}>
        {delivery.event_type}
      </Anchor>,
    ],
    ['Webhook', <WebhookLink key="webhook" id={delivery.webhook_id} />],
    ['Tenant', delivery.tenant],
    ['Reason', delivery.reason?.replaceAll('_', ' ') ?? '–'],
    ['Attempts', attemptsMax === null ? delivery.attempts : `${delivery.attempts} of at most ${attemptsMax} on its schedule`],
    ['Accepted', <FullTime key="accepted" at={delivery.created_at} />],
    ['What comes next', <Next key="next" delivery={delivery} />],
    ['Id', <Copyable key="id" value={delivery.id} label="delivery id" />],
  ] as const;

const Attempts = ({ delivery }: { readonly delivery: Delivery }) => {
  const { data, error, refetch } = useQuery(deliveryAttemptsQuery(delivery));
  const newestFirst = data?.attempts ?? [];
  return (
    <Stack component="section" aria-label="Attempts" gap="sm">
      <Title order={2} size="h3">
        Attempts
      </Title>
      {delivery.attempts === 0 && <Text c="dimmed">None was made.</Text>}
      {delivery.attempts > 0 && data === undefined && (error === null ? <Loading rows={3} /> : null)}
      <ErrorBeside error={error} onRetry={() => void refetch()} />
      <SentBody deliveryId={delivery.id} />
      {newestFirst.length > 0 && <PhaseLegend />}
      {newestFirst.map((attempt, index) => (
        <AttemptCard key={attempt.attempt} attempt={attempt} isOpen={index === 0} />
      ))}
      {data?.isWhole === false && (
        <Alert color="gray" title="Not all of them">
          There are so many that the oldest are not read here. GET /v1/deliveries/{'{id}'}/attempts has all.
        </Alert>
      )}
    </Stack>
  );
};
