// The way of an event to its webhooks: accepted, matched, and each delivery with its attempts, the time between them, and what comes next.
import { Anchor, Button, Center, Group, Paper, Stack, Text, Title } from '@mantine/core';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { type Attempts, type EventWithTexts, eventAttemptsQuery, eventDeliveriesQuery } from '../../api/event-queries.js';
import type { Attempt, Delivery } from '../../api/queries.js';
import { useMay } from '../../api/session.js';
import { milliseconds } from '../../shared/numbers.js';
import { duration } from '../../shared/relative-time.js';
import { ErrorState, Loading } from '../../shared/states.js';
import { StatusBadge } from '../../shared/status-badge.js';
import { FullTime } from '../../shared/time.js';
import { type Axis, axisOf, type Span } from './axis.js';
import { PhaseBar, PhaseLegend, PhaseWords } from './phases.js';
import { WebhookLink } from './webhook-name.js';
import './waterfall.css';

type Props = { readonly event: EventWithTexts['facts']; readonly onExplain: (webhookId: string) => void };

export const spanOf = ({ started_at, duration_ms }: Pick<Attempt, 'started_at' | 'duration_ms'>): Span => {
  const from = Date.parse(started_at);
  return { from, to: from + duration_ms };
};

/** Short below a minute, then in minutes and more. */
export const apart = (ms: number): string => (ms < 60_000 ? milliseconds(Math.max(0, ms)) : duration(ms / 1_000));

const oldestFirst = (read: Attempts | undefined, webhookId: string): readonly Attempt[] =>
  (read?.attempts ?? []).filter(({ webhook_id }) => webhook_id === webhookId).reverse();

export const Waterfall = ({ event, onExplain }: Props) => {
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery(eventDeliveriesQuery(event.id));
  const deliveries = data?.pages.flatMap((page) => page.data) ?? [];
  const made = deliveries.reduce((sum, { attempts }) => sum + attempts, 0);
  const { data: read } = useQuery(eventAttemptsQuery(event.id, made));
  const attempts = deliveries.map(({ webhook_id }) => oldestFirst(read, webhook_id));
  const acceptedMs = Date.parse(event.accepted_at);
  const axis = axisOf([{ from: acceptedMs, to: acceptedMs }, ...attempts.flat().map(spanOf)]);
  return (
    <Paper withBorder p="md" component="section" aria-label="Fan-out">
      <Stack gap="sm">
        <Group justify="space-between">
          <Title order={2} size="h3">
            Fan-out
          </Title>
          <PhaseLegend />
        </Group>
        <div className="waterfall-row">
          <Text size="sm">
            <span aria-hidden="true">● </span>Accepted <FullTime at={event.accepted_at} />
          </Text>
          <Lane axis={axis}>
            <div className="lane-mark" style={{ left: `${100 * axis.place(acceptedMs)}%` }} />
          </Lane>
        </div>
        <FanOut event={event} />
        {data === undefined && (error === null ? <Loading rows={2} /> : <ErrorState error={error} onRetry={() => void refetch()} />)}
        {deliveries.map((delivery, index) => (
          <DeliveryLanes
            key={delivery.id}
            delivery={delivery}
            attempts={attempts[index] ?? []}
            isWhole={read?.isWhole !== false || delivery.attempts <= (attempts[index]?.length ?? 0)}
            axis={axis}
            acceptedMs={acceptedMs}
            onExplain={onExplain}
          />
        ))}
        {hasNextPage && (
          <Center>
            <Button variant="default" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
              Show more
            </Button>
          </Center>
        )}
      </Stack>
    </Paper>
  );
};

const FanOut = ({ event }: Pick<Props, 'event'>) => {
  if (event.fan_out === 'waiting') return <Text size="sm">… It is not matched with webhooks yet.</Text>;
  const made = Object.values(event.deliveries).reduce((sum, count) => sum + count, 0);
  return (
    <Text size="sm">
      <span aria-hidden="true">✓ </span>
      {made === 0
        ? 'Matched: no webhook wants it. "Explain" below says why, for any webhook.'
        : `Matched with ${made === 1 ? '1 webhook' : `${made} webhooks`}`}
    </Text>
  );
};

const Lane = ({ axis, children }: { readonly axis: Axis; readonly children: ReactNode }) => (
  <div className="lane" aria-hidden="true">
    {axis.breaks.map(({ at, leftOutMs }) => (
      <div key={at} className="lane-break" style={{ left: `${100 * at}%` }} title={`${apart(leftOutMs)} left out`} />
    ))}
    {children}
  </div>
);

type LanesProps = {
  readonly delivery: Delivery;
  readonly attempts: readonly Attempt[];
  readonly isWhole: boolean;
  readonly axis: Axis;
  readonly acceptedMs: number;
  readonly onExplain: (webhookId: string) => void;
};

const DeliveryLanes = ({ delivery, attempts, isWhole, axis, acceptedMs, onExplain }: LanesProps) => {
  const mayExplain = useMay()('read_webhooks');
  return (
    <Paper withBorder p="sm" component="article" aria-label={`Delivery to webhook ${delivery.webhook_id}`}>
      <Group gap="xs" mb="xs">
        <StatusBadge status={delivery.status} />
        <WebhookLink id={delivery.webhook_id} />
        {delivery.reason !== null && (
          <Text size="sm" c="dimmed">
            {delivery.reason.replaceAll('_', ' ')}
          </Text>
        )}
        <Anchor component={Link} to={`/deliveries/${delivery.id}`} size="sm">
          Delivery
        </Anchor>
        {mayExplain && (
          <Button variant="subtle" size="compact-sm" onClick={() => onExplain(delivery.webhook_id)}>
            Explain
          </Button>
        )}
      </Group>
      {attempts.map((attempt, index) => (
        <AttemptLane
          key={attempt.attempt}
          attempt={attempt}
          waitedMs={spanOf(attempt).from - endBefore(attempts, index, acceptedMs)}
          axis={axis}
        />
      ))}
      {!isWhole && (
        <Text size="sm" c="dimmed">
          Its other attempts are not read here.
        </Text>
      )}
      <Next delivery={delivery} />
    </Paper>
  );
};

const endBefore = (attempts: readonly Attempt[], index: number, acceptedMs: number): number => {
  const before = attempts[index - 1];
  return before === undefined ? acceptedMs : spanOf(before).to;
};

export const answerOf = ({ status_code, error_kind, succeeded }: Attempt): string =>
  `${succeeded ? '✓' : '✕'} ${status_code ?? error_kind?.replaceAll('_', ' ') ?? 'no answer'}`;

const AttemptLane = ({ attempt, waitedMs, axis }: { readonly attempt: Attempt; readonly waitedMs: number; readonly axis: Axis }) => {
  const { from, to } = spanOf(attempt);
  const [left, right] = [axis.place(from), axis.place(to)];
  return (
    <div className="waterfall-row">
      <div>
        <Text size="sm">
          Attempt {attempt.attempt} ({attempt.kind}) <b>{answerOf(attempt)}</b>
        </Text>
        <Text size="xs" c="dimmed">
          after waiting {apart(waitedMs)}
        </Text>
      </div>
      <div>
        <Lane axis={axis}>
          <div className="lane-span" style={{ left: `min(${100 * left}%, calc(100% - 4px))`, width: `${100 * (right - left)}%` }}>
            <PhaseBar attempt={attempt} />
          </div>
        </Lane>
        <PhaseWords attempt={attempt} />
      </div>
    </div>
  );
};

/** What comes next for a delivery. */
export const Next = ({ delivery }: { readonly delivery: Delivery }) => {
  const { status, next_attempt_at: next, ended_at: ended } = delivery;
  if (status === 'held') return <Text size="sm">❚❚ Held: it goes out when its webhook lets it.</Text>;
  if (status === 'pending' && next === null) return <Text size="sm">… An attempt is under way.</Text>;
  if (status === 'pending' && next !== null)
    return (
      <Text size="sm">
        … The next attempt is due <FullTime at={next} />.
      </Text>
    );
  return (
    <Text size="sm" c="dimmed">
      Ended {ended !== null && <FullTime at={ended} />}; nothing comes next.
    </Text>
  );
};
