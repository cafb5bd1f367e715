// Takes an event's content away for good.
import { Button, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useNavigate } from 'react-router';
import { api, type Schema, take } from '../../api/client.js';
import { useMay } from '../../api/session.js';
import { Confirm, type Confirmation } from '../../shared/confirm.js';
import { deliveries } from '../../shared/numbers.js';

export const EraseEvent = ({ event }: { readonly event: Schema<'Event'> }) => {
  const may = useMay();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [confirmation, setConfirmation] = useState<Confirmation | null>(null);
  if (!may('erase')) return null;
  const { pending, held, ...ended } = event.deliveries;
  const made = Object.values(ended).reduce((sum, number) => sum + number, pending + held);
  const ask = () =>
    setConfirmation({
      title: 'Erase this event?',
      verb: `Erase it and end ${deliveries(pending + held)}`,
      isDangerous: true,
      effect: (
        <Text>
          Its data, and what was sent and came back in {deliveries(made)}, is taken away for good. {deliveries(pending + held)} that wait
          are not sent any more. What has arrived at a receiver stays there.
        </Text>
      ),
      act: async () => {
        await take(api.DELETE('/v1/events/{id}', { params: { path: { id: event.id } } }));
        notifications.show({ message: 'The event was erased', color: 'green' });
        await navigate('/events');
        queries.removeQueries({ queryKey: ['events', 'one', event.id] });
        await queries.invalidateQueries({ queryKey: ['events'] });
      },
    });
  return (
    <>
      <Button color="red" variant="light" onClick={ask}>
        Erase
      </Button>
      <Confirm confirmation={confirmation} onClose={() => setConfirmation(null)} />
    </>
  );
};
