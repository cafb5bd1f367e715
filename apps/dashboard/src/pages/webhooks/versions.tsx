// The webhook's versions: who changed what, and back to one of them.
import { Button, Code, Group, Stack, Table, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, type Schema, take } from '../../api/client.js';
import { type Webhook, webhookVersionsQuery } from '../../api/queries.js';
import { useMay } from '../../api/session.js';
import { Confirm, type Confirmation } from '../../shared/confirm.js';
import { CursorList } from '../../shared/cursor-list.js';
import { deliveries } from '../../shared/numbers.js';
import { Empty } from '../../shared/states.js';
import { FullTime } from '../../shared/time.js';

type Version = Schema<'WebhookVersionSummary'>;

export const Versions = ({ webhook }: { readonly webhook: Webhook }) => {
  const may = useMay();
  const queries = useQueryClient();
  const [confirmation, setConfirmation] = useState<Confirmation | null>(null);
  const restore = (version: number): Confirmation => ({
    title: `Restore version ${version}?`,
    verb: `Restore version ${version}`,
    effect: (
      <Text>
        A new version {webhook.version + 1} is made with the configuration of version {version}. The{' '}
        {deliveries(webhook.statistics.pending + webhook.statistics.held)} that wait keep their body and go to the restored URL.
      </Text>
    ),
    act: async () => {
      const path = { id: webhook.id, version };
      await take(api.POST('/v1/webhooks/{id}/versions/{version}/restore', { params: { path } }));
      notifications.show({ message: `Version ${version} was restored`, color: 'green' });
      await queries.invalidateQueries({ queryKey: ['webhooks'] });
    },
  });
  return (
    <>
      <CursorList<Version>
        query={webhookVersionsQuery(webhook.id)}
        label="Versions"
        columns={['Version', 'When', 'By', 'Changes', 'Restore']}
        keyOf={({ version }) => String(version)}
        row={({ version, changed_at: at, changed_by: by, changes }) => [
          <Text key="version" fw={600}>
            {version}
            {version === webhook.version && ' (now)'}
          </Text>,
          <FullTime key="at" at={at} />,
          <Text key="by" size="sm" title={by.key_id ?? ''}>
            {by.role}
          </Text>,
          <Changes key="changes" changes={changes} />,
          version !== webhook.version && may('edit_webhooks') ? (
            <Button key="restore" size="compact-sm" variant="default" onClick={() => setConfirmation(restore(version))}>
              Restore {version}
            </Button>
          ) : null,
        ]}
        empty={<Empty title="No versions" />}
      />
      <Confirm confirmation={confirmation} onClose={() => setConfirmation(null)} />
    </>
  );
};

const Changes = ({ changes }: { readonly changes: Version['changes'] }) => {
  const entries = Object.entries(changes);
  if (entries.length === 0) return <Text size="sm">created</Text>;
  return (
    <Table withRowBorders={false} fz="sm" aria-label="Changes">
      <Table.Tbody>
        {entries.map(([name, { from, to }]) => (
          <Table.Tr key={name}>
            <Table.Th scope="row" style={{ verticalAlign: 'top' }} p={4}>
              {name}
            </Table.Th>
            <Table.Td p={4}>
              <Stack gap={2}>
                <Side symbol="−" word="was" value={from} color="var(--mantine-color-red-light)" />
                <Side symbol="+" word="is" value={to} color="var(--mantine-color-green-light)" />
              </Stack>
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
};

const Side = (props: { readonly symbol: string; readonly word: string; readonly value: unknown; readonly color: string }) => (
  <Group gap={4} wrap="nowrap" align="flex-start">
    <span role="img" aria-label={props.word}>
      {props.symbol}
    </span>
    <Code color={props.color} className="break-anywhere">
      {JSON.stringify(props.value)}
    </Code>
  </Group>
);
