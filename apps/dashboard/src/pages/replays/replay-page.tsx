// One replay: how far it is, what became of what it opened, and its end before its time.
import { Anchor, Button, Progress, Stack, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useParams } from 'react-router';
import { api, take } from '../../api/client.js';
import { attempts } from '../../api/concerns.js';
import { type Replay, replayQuery } from '../../api/event-queries.js';
import { useLiveRefresh } from '../../api/live.js';
import { useMay } from '../../api/session.js';
import { Confirm, type Confirmation } from '../../shared/confirm.js';
import { Copyable } from '../../shared/copyable.js';
import { Facts } from '../../shared/facts.js';
import { count, deliveries } from '../../shared/numbers.js';
import { PageHeader } from '../../shared/page-header.js';
import { ErrorState, Loading } from '../../shared/states.js';
import { StatusBadge } from '../../shared/status-badge.js';
import { FullTime, TimeOr } from '../../shared/time.js';
import { filterWords } from '../deliveries/replay-filter.js';
import { WebhookLink } from '../events/webhook-name.js';

/** Nothing of it goes on any more. */
const isSettled = ({ status, deliveries: { pending, held } }: Replay): boolean => status !== 'running' && pending + held === 0;

export const ReplayPage = () => {
  const { id = '' } = useParams();
  const may = useMay();
  const { data, error, refetch } = useQuery(replayQuery(id));
  useLiveRefresh(['replays', 'one', id], data !== undefined && isSettled(data) ? null : attempts);
  return (
    <Stack>
      {may('replay') && (
        <Anchor component={Link} to="/replays" size="sm" w="fit-content">
          ← Replays
        </Anchor>
      )}
      <PageHeader
        title="Replay"
        badges={data !== undefined && <StatusBadge status={data.status} />}
        actions={data !== undefined && may('replay') && <Cancel replay={data} />}
      />
      {data === undefined ? (
        error === null ? (
          <Loading />
        ) : (
          <ErrorState error={error} onRetry={() => void refetch()} />
        )
      ) : (
        <>
          <Done replay={data} />
          <Facts label="About the replay" facts={factsOf(data)} />
        </>
      )}
    </Stack>
  );
};

const hundred = 100;

/** How much of what it covers was looked at. */
const Done = ({ replay: { total, opened, already_waiting, refused, status } }: { readonly replay: Replay }) => {
  const looked = opened + already_waiting + refused;
  const percent = status === 'done' ? hundred : total === null || total === 0 ? 0 : Math.min(hundred, (hundred * looked) / total);
  return (
    <div>
      <Progress.Root size="xl">
        <Progress.Section value={percent} aria-label="Progress of the replay" color={status === 'cancelled' ? 'gray' : 'indigo'} />
      </Progress.Root>
      <Text size="sm" role="status">
        {total === null ? `${deliveries(looked)} so far, of more than were counted` : `${count(looked)} of ${deliveries(total)}`}
      </Text>
    </div>
  );
};

const factsOf = (replay: Replay) =>
  [
    ['Covers', filterWords(replay.filter)],
    ...(replay.recovers_webhook_id === null ? [] : [['Recovers', <WebhookLink key="webhook" id={replay.recovers_webhook_id} />] as const]),
    ['To', replay.mode === 'original' ? 'the webhooks that the deliveries were for' : 'the webhooks of today'],
    ['Sent again', count(replay.opened)],
    ['Waited anyway', count(replay.already_waiting)],
    ['Cannot be sent', count(replay.refused)],
    ['What became of them', countsOf(replay)],
    ['Started', <FullTime key="started" at={replay.created_at} />],
    ['Ended', <TimeOr key="ended" at={replay.ended_at} none="not yet" />],
    ['Id', <Copyable key="id" value={replay.id} label="replay id" />],
  ] as const;

const countsOf = ({ deliveries: counts }: Replay): string =>
  Object.entries(counts)
    .filter(([, number]) => number > 0)
    .map(([status, number]) => `${count(number)} ${status}`)
    .join(' · ') || '–';

const Cancel = ({ replay }: { readonly replay: Replay }) => {
  const [confirmation, setConfirmation] = useState<Confirmation | null>(null);
  const queries = useQueryClient();
  const waiting = replay.deliveries.pending + replay.deliveries.held;
  if (replay.status !== 'running') return null;
  const ask = () =>
    setConfirmation({
      title: 'Cancel this replay?',
      verb: `Stop it and cancel ${deliveries(waiting)}`,
      isDangerous: true,
      effect: (
        <Text>It opens no more deliveries, and {deliveries(waiting)} of it that still wait are cancelled. What has gone out stays.</Text>
      ),
      act: async () => {
        await take(api.POST('/v1/replays/{id}/cancel', { params: { path: { id: replay.id } } }));
        notifications.show({ message: 'The replay was cancelled', color: 'green' });
        await queries.invalidateQueries({ queryKey: ['replays'] });
      },
    });
  return (
    <>
      <Button variant="default" onClick={ask}>
        Cancel replay
      </Button>
      <Confirm confirmation={confirmation} onClose={() => setConfirmation(null)} />
    </>
  );
};
