// Explains an event for any webhook of its tenant; which one stands in the URL.
import { Paper, Select, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { webhookNamesQuery } from '../../api/event-queries.js';
import { ExplainPanel } from './explain-panel.js';
import { shortId } from './webhook-name.js';

type Props = {
  readonly eventId: string;
  readonly tenant: string;
  readonly webhookId: string | null;
  readonly onWebhook: (id: string | null) => void;
};

export const ExplainAny = ({ eventId, tenant, webhookId, onWebhook }: Props) => {
  const { data } = useQuery(webhookNamesQuery(tenant));
  const choices = [...(data?.names ?? [])].map(([value, name]) => ({ value, label: `${name} (${shortId(value)})` }));
  const isListed = webhookId === null || choices.some(({ value }) => value === webhookId);
  return (
    <Paper withBorder p="md" component="section" aria-label="Explain" id="explain">
      <Stack gap="sm">
        <Title order={2} size="h3">
          Explain
        </Title>
        <Select
          label="Why was it, or was it not, delivered to this webhook?"
          placeholder="Choose a webhook"
          searchable
          clearable
          clearButtonProps={{ 'aria-label': 'Clear the webhook' }}
          limit={100}
          nothingFoundMessage="No such webhook in this tenant"
          data={isListed ? choices : [{ value: webhookId, label: shortId(webhookId) }, ...choices]}
          value={webhookId}
          onChange={onWebhook}
          maw={520}
        />
        {webhookId === null ? (
          <Text size="sm" c="dimmed">
            It names the clause that stopped it, and what the event has in its place.
          </Text>
        ) : (
          <ExplainPanel eventId={eventId} webhookId={webhookId} />
        )}
      </Stack>
    </Paper>
  );
};
