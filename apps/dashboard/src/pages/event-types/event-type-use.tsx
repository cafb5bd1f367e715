// Who wants an event type, what was delivered of it, and what becomes of events that do not fit its schema.
import { Alert, Anchor, Group, SimpleGrid, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import { environmentQuery, eventTypeStatisticsQuery, subscribersQuery } from '../../api/admin-queries.js';
import { useMay, useSession } from '../../api/session.js';
import { shortCount } from '../../shared/numbers.js';
import { Tile } from '../../shared/tile.js';

/** `webhooks`: how many want it; null: not counted. */
type Props = { readonly name: string; readonly webhooks: number | null; readonly hasSchema: boolean };

export const EventTypeUse = ({ name, webhooks, hasSchema }: Props) => {
  const may = useMay();
  const { data: statistics } = useQuery(eventTypeStatisticsQuery(name));
  const { data: subscribers } = useQuery(subscribersQuery(name));
  const query = `?event_type=${encodeURIComponent(name)}`;
  const totals = statistics?.totals;
  const countOf = (value: number | undefined): string => (value === undefined ? '…' : shortCount(value));
  return (
    <>
      <SimpleGrid cols={{ base: 2, sm: 4 }}>
        <Tile label="Webhooks that want it" value={webhooks === null ? '–' : shortCount(webhooks)} to={`/webhooks${query}`} />
        <Tile label="Deliveries, 7 days" value={countOf(totals?.created)} to={`/deliveries${query}`} />
        <Tile label="Delivered, 7 days" value={countOf(totals?.succeeded)} to={`/deliveries${query}&status=succeeded`} />
        <Tile label="Failed, 7 days" value={countOf(totals?.failed)} to={`/deliveries${query}&status=failed`} />
      </SimpleGrid>
      {subscribers?.data.length === 0 && (
        <Alert color="gray" title="Nobody wants it">
          No webhook's events include {name}; what is published of it goes nowhere.
        </Alert>
      )}
      {subscribers !== undefined && subscribers.data.length > 0 && (
        <Group gap="xs">
          <Text size="sm" c="dimmed">
            Wanted by
          </Text>
          {subscribers.data.map((webhook) => (
            <Anchor key={webhook.id} component={Link} to={`/webhooks/${webhook.id}`} size="sm" className="break-anywhere">
              {webhook.name ?? webhook.code ?? webhook.id}
            </Anchor>
          ))}
        </Group>
      )}
      {may('administer') && hasSchema && <Checking />}
    </>
  );
};

const checks = {
  off: 'The schema is not looked at: events of this type are accepted whatever their data.',
  warn: 'Events that do not fit the schema are accepted, with a warning in the answer.',
  reject: 'Events that do not fit the schema are refused.',
} as const;

const Checking = () => {
  const { environment } = useSession();
  const { data } = useQuery(environmentQuery(environment.id));
  if (data === undefined) return null;
  return (
    <Text size="sm">
      {checks[data.settings.event_schemas]}{' '}
      <Anchor component={Link} to="/settings/environment" size="sm" underline="always">
        Environment settings
      </Anchor>
    </Text>
  );
};
