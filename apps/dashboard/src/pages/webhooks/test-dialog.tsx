// Sends one request to the webhook's URL, now, and shows what came back.
import { Alert, Autocomplete, Button, Code, Group, JsonInput, Modal, Stack, Text } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, type Schema, take } from '../../api/client.js';
import { type Attempt, eventTypesQuery, type Webhook } from '../../api/queries.js';
import { milliseconds } from '../../shared/numbers.js';
import { ErrorState } from '../../shared/states.js';

type Props = { readonly webhook: Webhook; readonly onClose: () => void };

const dataOf = (text: string): unknown => (text.trim() === '' ? undefined : JSON.parse(text));

export const TestDialog = ({ webhook, onClose }: Props) => {
  const [eventType, setEventType] = useState('');
  const [data, setData] = useState('');
  const { data: catalogue } = useQuery(eventTypesQuery);
  const {
    mutate,
    data: attempt,
    error,
    isPending,
  } = useMutation({
    mutationFn: async (): Promise<Attempt> => {
      const payload = dataOf(data);
      const body = { ...(eventType !== '' && { event_type: eventType }), ...(payload !== undefined && { data: payload }) };
      return take(api.POST('/v1/webhooks/{id}/test', { params: { path: { id: webhook.id } }, body: body as Schema<'TestEvent'> }));
    },
  });
  return (
    <Modal opened onClose={onClose} title="Send a test" closeButtonProps={{ 'aria-label': 'Close' }} size="lg" centered>
      <Stack>
        <Text size="sm">
          One request goes to {webhook.url} now, in whatever state the webhook is. It belongs to no delivery, and neither statistics nor
          circuit count it.
        </Text>
        <Autocomplete
          label="Event type"
          placeholder="posthorn.test"
          data={catalogue?.data.map(({ name }) => name) ?? []}
          value={eventType}
          onChange={setEventType}
        />
        <JsonInput label="Data" description="Any JSON; empty: an example" autosize minRows={3} value={data} onChange={setData} />
        {error !== null && <ErrorState error={error} />}
        {attempt !== undefined && <Result attempt={attempt} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Close
          </Button>
          <Button loading={isPending} onClick={() => mutate()}>
            {attempt === undefined ? 'Send test' : 'Send another'}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
};

const Result = ({ attempt }: { readonly attempt: Attempt }) => (
  <Alert color={attempt.succeeded ? 'green' : 'red'} title={attempt.succeeded ? 'It arrived' : 'It did not arrive'} role="status">
    <Stack gap="xs">
      <Text size="sm">
        {attempt.status_code === null ? (attempt.error ?? attempt.error_kind ?? 'No answer') : `Answer ${attempt.status_code}`}, after{' '}
        {milliseconds(attempt.duration_ms)}
      </Text>
      {attempt.response_body !== null && attempt.response_body !== '' && <Code block>{attempt.response_body}</Code>}
    </Stack>
  </Alert>
);
