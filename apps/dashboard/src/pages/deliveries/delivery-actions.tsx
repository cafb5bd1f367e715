// Retry and cancel: each says what it will do. What the role may not do, or what would do nothing now, is not there.
import { Button, Stack, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, take } from '../../api/client.js';
import type { Delivery } from '../../api/queries.js';
import { useMay } from '../../api/session.js';
import { Confirm, type Confirmation } from '../../shared/confirm.js';
import { relativeTime } from '../../shared/relative-time.js';

type Props = {
  readonly delivery: Delivery;
  /** Null: not known. */
  readonly attemptsMax: number | null;
};

const numberOfNext = ({ attempts }: Delivery, attemptsMax: number | null): string =>
  attemptsMax === null ? `attempt ${attempts + 1}` : `attempt ${attempts + 1} of ${attemptsMax}`;

/** The words on the button; null: it would change nothing, or is refused. */
export const retryWords = (delivery: Delivery, attemptsMax: number | null, nowMs: number): string | null => {
  const { status, next_attempt_at: next } = delivery;
  if (status === 'held' || (status === 'pending' && next === null)) return null;
  if (status !== 'pending' || next === null) return 'Send again';
  return `Retry now (${numberOfNext(delivery, attemptsMax)}, next was ${relativeTime(Date.parse(next), nowMs)})`;
};

const retryEffect = ({ status }: Delivery): string => {
  if (status === 'pending') return 'The next attempt is due at once. If it fails, the schedule goes on after it.';
  const again = 'It begins anew: one attempt at once and a fresh schedule after it, with the same webhook-id.';
  return status === 'succeeded' ? `It has arrived already. ${again} The receiver gets it a second time.` : again;
};

export const DeliveryActions = ({ delivery, attemptsMax }: Props) => {
  const may = useMay();
  const queries = useQueryClient();
  const [confirmation, setConfirmation] = useState<Confirmation | null>(null);
  if (!may('operate_webhooks')) return null;
  const params = { path: { id: delivery.id } };
  const done = async (message: string) => {
    notifications.show({ message, color: 'green' });
    await Promise.all(['deliveries', 'events'].map((key) => queries.invalidateQueries({ queryKey: [key] })));
  };
  const retry = retryWords(delivery, attemptsMax, Date.now());
  const askRetry = () =>
    setConfirmation({
      title: 'Send this delivery again?',
      verb: delivery.status === 'pending' ? 'Retry now' : 'Send again',
      effect: <Text>{retryEffect(delivery)}</Text>,
      act: async () => {
        await take(api.POST('/v1/deliveries/{id}/retry', { params }));
        await done('It is due now');
      },
    });
  const askCancel = () =>
    setConfirmation({
      title: 'Cancel this delivery?',
      verb: 'Cancel the delivery',
      isDangerous: true,
      effect: (
        <Stack gap="xs">
          <Text>No further attempt is made of it. One that is under way may still arrive.</Text>
          <Text>It can be sent again later.</Text>
        </Stack>
      ),
      act: async () => {
        await take(api.POST('/v1/deliveries/{id}/cancel', { params }));
        await done('Cancelled');
      },
    });
  return (
    <>
      {retry !== null && <Button onClick={askRetry}>{retry}</Button>}
      {(delivery.status === 'pending' || delivery.status === 'held') && (
        <Button variant="default" onClick={askCancel}>
          Cancel what remains
        </Button>
      )}
      <Confirm confirmation={confirmation} onClose={() => setConfirmation(null)} />
    </>
  );
};
