// The signing secret: shown, which is written down in the audit, or replaced by a new one.
import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { api, type Schema, take } from '../../api/client.js';
import type { Webhook } from '../../api/queries.js';
import { Copyable } from '../../shared/copyable.js';
import { ErrorState } from '../../shared/states.js';
import { TimeOr } from '../../shared/time.js';

type Props = { readonly webhook: Webhook; readonly rotates: boolean; readonly onClose: () => void };

export const SecretDialog = ({ webhook, rotates, onClose }: Props) => {
  const queries = useQueryClient();
  const params = { path: { id: webhook.id } };
  const { mutate, data, error, isPending } = useMutation({
    mutationFn: async (): Promise<Schema<'WebhookSecrets'>> =>
      rotates ? take(api.POST('/v1/webhooks/{id}/rotate-secret', { params })) : take(api.GET('/v1/webhooks/{id}/secret', { params })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['webhooks', webhook.id] }),
  });
  return (
    <Modal
      opened
      onClose={onClose}
      title={rotates ? 'Rotate the secret' : 'Show the secret'}
      closeButtonProps={{ 'aria-label': 'Close' }}
      centered
    >
      <Stack>
        {data === undefined && (
          <Text>
            {rotates
              ? 'A new secret is made. For 24 hours deliveries are signed with both, so none fails while the receiver changes over; no delivery is held or sent again.'
              : 'That you looked at it is written down in the audit. No delivery is affected.'}
          </Text>
        )}
        {error !== null && <ErrorState error={error} />}
        {data !== undefined && <Secrets secrets={data} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {data === undefined ? 'Cancel' : 'Close'}
          </Button>
          {data === undefined && (
            <Button loading={isPending} onClick={() => mutate()}>
              {rotates ? 'Rotate' : 'Show'}
            </Button>
          )}
        </Group>
      </Stack>
    </Modal>
  );
};

const Secrets = ({ secrets: { secret, previous } }: { readonly secrets: Schema<'WebhookSecrets'> }) => (
  <Stack gap="xs">
    {secret === null ? <Text>There is none.</Text> : <Copyable value={secret} label="secret" />}
    {previous.map((each) => (
      <Stack key={each.secret} gap={2}>
        <Text size="sm">
          Signs as well until <TimeOr at={each.expires_at} none="it is taken out" />:
        </Text>
        <Copyable value={each.secret} label="previous secret" />
      </Stack>
    ))}
  </Stack>
);
