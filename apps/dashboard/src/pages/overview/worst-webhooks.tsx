// The webhooks with most failed attempts.
import { Anchor, Paper, Table, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import type { Schema } from '../../api/client.js';
import { ApiProblem } from '../../api/problem.js';
import { webhookQuery } from '../../api/queries.js';
import { count, milliseconds } from '../../shared/numbers.js';
import { WebhookStatus } from '../../shared/status-badge.js';

import { lastFailurePath } from '../webhooks/last-failure-page.js';

const shownMax = 5;
type Group = Schema<'StatisticsGroup'>;

export const WorstWebhooks = ({ groups, rangeName }: { readonly groups: readonly Group[]; readonly rangeName: string }) => {
  const worst = groups.filter(({ attempts, attempts_ok: ok }) => attempts > ok).slice(0, shownMax);
  return (
    <Paper withBorder p="md">
      <Title order={2} size="h3" mb="sm">
        Webhooks with most failed attempts, {rangeName}
      </Title>
      {worst.length === 0 ? (
        <Text c="dimmed">No attempt failed.</Text>
      ) : (
        <Table.ScrollContainer
          minWidth={480}
          scrollAreaProps={{ viewportProps: { tabIndex: 0, role: 'region', 'aria-label': 'Failing webhooks' } }}
        >
          <Table aria-label="Webhooks with most failed attempts">
            <Table.Thead>
              <Table.Tr>
                <Table.Th scope="col">Webhook</Table.Th>
                <Table.Th scope="col">Status</Table.Th>
                <Table.Th scope="col">Failed attempts</Table.Th>
                <Table.Th scope="col">Of attempts</Table.Th>
                <Table.Th scope="col">p95</Table.Th>
                <Table.Th scope="col">Why</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {worst.map((group) => (
                <Row key={group.key} group={group} />
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
    </Paper>
  );
};

const Row = ({ group }: { readonly group: Group }) => {
  const { data: webhook, error } = useQuery(webhookQuery(group.key));
  const isDeleted = error instanceof ApiProblem && error.status === 404;
  return (
    <Table.Tr>
      <Table.Td>
        {isDeleted ? (
          `${group.key} (deleted)`
        ) : (
          <Link to={`/webhooks/${group.key}`} className="row-link">
            {webhook?.name ?? group.key}
          </Link>
        )}
      </Table.Td>
      <Table.Td>{webhook !== undefined && <WebhookStatus status={webhook.status} circuit={webhook.circuit_state} />}</Table.Td>
      <Table.Td>{count(group.attempts - group.attempts_ok)}</Table.Td>
      <Table.Td>{count(group.attempts)}</Table.Td>
      <Table.Td>{milliseconds(group.p95_ms)}</Table.Td>
      <Table.Td>
        {!isDeleted && (
          <Anchor component={Link} to={lastFailurePath(group.key)} size="sm" title="Explain its last failure">
            Explain
          </Anchor>
        )}
      </Table.Td>
    </Table.Tr>
  );
};
