// Publishes one event, or shows the command that does.
import { Alert, Autocomplete, Button, Group, Modal, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useNavigate } from 'react-router';
import { subscribersQuery } from '../../api/admin-queries.js';
import { api, asText, take } from '../../api/client.js';
import { eventTypesQuery } from '../../api/queries.js';
import { objectText } from '../../api/raw-json.js';
import { useMay, useSession } from '../../api/session.js';
import { CurlButton } from '../../shared/curl-button.js';
import { jsonFault } from '../../shared/json-text.js';
import { ErrorState } from '../../shared/states.js';
import { publishCommand, publishNotes } from './publish-command.js';

const firstData = '{\n  "id": 1,\n  "total": 19.90\n}';
const pauseMs = 300;

export const PublishDialog = ({ onClose }: { readonly onClose: () => void }) => {
  const { tenant: bound } = useSession();
  const mayRead = useMay()('read_webhooks');
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [eventType, setEventType] = useState('order.placed');
  const [tenant, setTenant] = useState('');
  const [data, setData] = useState(firstData);
  const { data: catalogue } = useQuery({ ...eventTypesQuery, enabled: mayRead });
  const fault = data.trim() === '' ? 'An event has data: any JSON' : jsonFault(data, false);
  const body = objectText({
    event_type: JSON.stringify(eventType.trim()),
    tenant: tenant.trim() === '' ? undefined : JSON.stringify(tenant.trim()),
    data,
  });
  const { mutate, isPending, error } = useMutation({
    mutationFn: () => take(api.POST('/v1/events', asText(body))),
    onSuccess: async ({ id }) => {
      onClose();
      await navigate(`/events/${id}`);
      await queries.invalidateQueries({ queryKey: ['events', 'list'] });
    },
  });
  const isComplete = fault === null && eventType.trim() !== '';
  return (
    <Modal opened onClose={onClose} title="Publish an event" closeButtonProps={{ 'aria-label': 'Close' }} size="lg" centered>
      <Stack>
        <Autocomplete
          label="Event type"
          data={catalogue?.data.map(({ name }) => name) ?? []}
          value={eventType}
          onChange={setEventType}
          withAsterisk
        />
        {bound === null && (
          <TextInput label="Tenant" placeholder="default" value={tenant} onChange={(event) => setTenant(event.currentTarget.value)} />
        )}
        <Textarea
          label="Data"
          description="Any JSON; it is delivered as it stands here."
          autosize
          minRows={4}
          maxRows={20}
          spellCheck={false}
          styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
          value={data}
          onChange={(event) => setData(event.currentTarget.value)}
          error={fault}
          withAsterisk
        />
        {mayRead && <Wanted eventType={eventType.trim()} tenant={bound ?? (tenant.trim() || 'default')} />}
        {error !== null && <ErrorState error={error} />}
        <Group justify="space-between">
          <CurlButton command={publishCommand(body)} notes={publishNotes} />
          <Group>
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button loading={isPending} disabled={!isComplete} onClick={() => mutate()}>
              Publish
            </Button>
          </Group>
        </Group>
      </Stack>
    </Modal>
  );
};

/** To how many webhooks it may go. */
const Wanted = ({ eventType, tenant }: { readonly eventType: string; readonly tenant: string }) => {
  const [settled] = useDebouncedValue(eventType, pauseMs);
  const [settledTenant] = useDebouncedValue(tenant, pauseMs);
  const { data } = useQuery({ ...subscribersQuery(settled, settledTenant), enabled: settled !== '' });
  if (data === undefined) return null;
  const count = `${data.data.length}${data.next_cursor === null ? '' : ' or more'}`;
  return (
    <Alert color={data.data.length === 0 ? 'gray' : 'blue'} role="status">
      <Text size="sm">
        {data.data.length === 0
          ? 'No webhook wants this type: the event is kept and goes nowhere.'
          : `It goes to ${count} ${count === '1' ? 'webhook that wants' : 'webhooks that want'} this type, as far as their filters let it.`}
      </Text>
    </Alert>
  );
};
