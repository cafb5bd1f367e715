// Erasing a tenant: says what goes with it, and wants its key typed.
import { Alert, Button, Group, List, Modal, Stack, Text, TextInput } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useNavigate } from 'react-router';
import { type Tenant, tenantBacklogQuery, tenantQuery } from '../../api/admin-queries.js';
import { api, take } from '../../api/client.js';
import { count, deliveries } from '../../shared/numbers.js';
import { ErrorState } from '../../shared/states.js';
import { tenantsPath } from './paths.js';

type Props = { readonly tenant: Tenant; readonly onClose: () => void };

export const EraseTenantDialog = ({ tenant: { tenant }, onClose }: Props) => {
  const [typed, setTyped] = useState('');
  const navigate = useNavigate();
  const queries = useQueryClient();
  const { data } = useQuery(tenantBacklogQuery(tenant));
  const { mutate, error, isPending } = useMutation({
    mutationFn: () => take(api.DELETE('/v1/tenants/{tenant}', { params: { path: { tenant } } })),
    onSuccess: async () => {
      notifications.show({ message: `${tenant} was erased`, color: 'green' });
      await navigate(tenantsPath);
      queries.removeQueries({ queryKey: tenantQuery(tenant).queryKey });
      for (const of of ['tenants', 'api-keys', 'webhooks', 'stats']) await queries.invalidateQueries({ queryKey: [of] });
    },
  });
  const isSure = typed === tenant;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (isSure) mutate();
  };
  const now = data?.now;
  const webhooks = now === undefined ? 'Its webhooks' : `${count(now.webhooks)} ${now.webhooks === 1 ? 'webhook' : 'webhooks'}`;
  return (
    <Modal opened onClose={onClose} title={`Erase ${tenant}?`} closeButtonProps={{ 'aria-label': 'Close' }} centered>
      <form onSubmit={submit}>
        <Stack>
          <Alert color="red" title="This cannot be undone">
            <List size="sm">
              <List.Item>{webhooks} are deleted.</List.Item>
              <List.Item>
                {now === undefined ? 'Deliveries' : deliveries(now.pending + now.held)} that wait or are held are not sent any more.
              </List.Item>
              <List.Item>Its keys are revoked.</List.Item>
              <List.Item>The content of its events and attempts is taken away in the background.</List.Item>
            </List>
          </Alert>
          <TextInput
            label={`Type ${tenant} to go on`}
            autoComplete="off"
            spellCheck={false}
            data-autofocus
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
          />
          {error !== null && <ErrorState error={error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" color="red" disabled={!isSure} loading={isPending}>
              Erase tenant
            </Button>
          </Group>
          {!isSure && (
            <Text size="xs" c="dimmed" ta="right">
              The button works once the key is typed.
            </Text>
          )}
        </Stack>
      </form>
    </Modal>
  );
};
