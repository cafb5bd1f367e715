// The webhook's newest deliveries.
import { Anchor, Group, Paper, Table, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import { type Delivery, type Webhook, webhookDeliveriesQuery } from '../../api/queries.js';
import { ErrorState, Loading } from '../../shared/states.js';
import { StatusBadge } from '../../shared/status-badge.js';
import { FullTime, TimeOr } from '../../shared/time.js';

const shown = 10;

export const LastDeliveries = ({ webhook }: { readonly webhook: Webhook }) => {
  const { data, error, refetch } = useQuery(webhookDeliveriesQuery(webhook.id, shown));
  return (
    <Paper withBorder p="md">
      <Group justify="space-between" mb="sm">
        <Title order={2} size="h3">
          Last deliveries
        </Title>
        <Anchor component={Link} to={`/deliveries?webhook_id=${webhook.id}`} size="sm">
          All deliveries
        </Anchor>
      </Group>
      {data === undefined && (error === null ? <Loading rows={3} /> : <ErrorState error={error} onRetry={() => void refetch()} />)}
      {data?.data.length === 0 && <Text c="dimmed">None yet. Publish an event that it wants, or send a test.</Text>}
      {data !== undefined && data.data.length > 0 && <Rows deliveries={data.data} />}
    </Paper>
  );
};

/** What came back last: a status, or what kept it from coming. */
const lastAnswer = ({ last_status_code: code, last_error_kind: kind }: Delivery): string => (kind ?? code ?? '–').toString();

const Rows = ({ deliveries }: { readonly deliveries: readonly Delivery[] }) => (
  <Table.ScrollContainer
    minWidth={560}
    scrollAreaProps={{ viewportProps: { tabIndex: 0, role: 'region', 'aria-label': 'Last deliveries' } }}
  >
    <Table highlightOnHover aria-label="Last deliveries">
      <Table.Thead>
        <Table.Tr>
          {['Event type', 'Status', 'Attempts', 'Last answer', 'Accepted', 'Next attempt'].map((column) => (
            <Table.Th key={column} scope="col">
              {column}
            </Table.Th>
          ))}
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {deliveries.map((delivery) => (
          <Table.Tr key={delivery.id}>
            <Table.Td>
              <Link to={`/deliveries/${delivery.id}`} className="row-link">
                {delivery.event_type}
              </Link>
            </Table.Td>
            <Table.Td>
              <StatusBadge status={delivery.status} />
              {delivery.reason !== null && (
                <Text size="xs" c="dimmed">
                  {delivery.reason.replaceAll('_', ' ')}
                </Text>
              )}
            </Table.Td>
            <Table.Td>{delivery.attempts}</Table.Td>
            <Table.Td>{lastAnswer(delivery)}</Table.Td>
            <Table.Td>
              <FullTime at={delivery.created_at} />
            </Table.Td>
            <Table.Td>
              <TimeOr at={delivery.status === 'pending' ? delivery.next_attempt_at : null} />
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  </Table.ScrollContainer>
);
