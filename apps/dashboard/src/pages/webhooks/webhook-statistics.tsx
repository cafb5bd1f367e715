// What the webhook did in a range of time, and how its deliveries stand.
import { SimpleGrid, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type Webhook, webhookStatisticsQuery } from '../../api/queries.js';
import { Latencies } from '../../charts/latencies.js';
import { Outcomes, useRange } from '../../charts/outcomes.js';
import { milliseconds, shortCount } from '../../shared/numbers.js';
import { ErrorBeside } from '../../shared/states.js';
import { Tile } from '../../shared/tile.js';
import { TimeOr } from '../../shared/time.js';

export const WebhookStatistics = ({ webhook }: { readonly webhook: Webhook }) => {
  const [range, rangeName, setRange] = useRange();
  const { data, error, refetch } = useQuery(webhookStatisticsQuery(webhook.id, range));
  const { statistics: life, id } = webhook;
  const listOf = (status: string) => `/deliveries?webhook_id=${id}&status=${status}`;
  return (
    <Stack>
      <SimpleGrid cols={{ base: 2, sm: 3, lg: 6 }}>
        <Tile
          label="Succeeded"
          value={shortCount(life.succeeded)}
          note={<TimeOr at={life.last_success_at} none="never" />}
          to={listOf('succeeded')}
        />
        <Tile label="Failed" value={shortCount(life.failed)} note="since it was made" to={listOf('failed')} />
        <Tile label="Pending" value={shortCount(life.pending)} to={listOf('pending')} />
        <Tile label="Held" value={shortCount(life.held)} to={listOf('held')} />
        <Tile label="Skipped" value={shortCount(life.skipped)} note={`${shortCount(life.cancelled)} cancelled`} to={listOf('skipped')} />
        <Tile label="Attempts" value={shortCount(life.attempts)} note={<TimeOr at={life.last_attempt_at} none="none yet" />} />
      </SimpleGrid>
      <ErrorBeside error={error} onRetry={() => void refetch()} />
      <Outcomes statistics={data} rangeName={rangeName} onRange={setRange} />
      <SimpleGrid cols={{ base: 2, sm: 4 }}>
        <Tile label={`Attempts, ${rangeName}`} value={shortCount(data?.totals.attempts ?? 0)} />
        <Tile label="Half within" value={milliseconds(data?.totals.p50_ms ?? null)} note="p50" />
        <Tile label="95 % within" value={milliseconds(data?.totals.p95_ms ?? null)} note="p95" />
        <Tile label="99 % within" value={milliseconds(data?.totals.p99_ms ?? null)} note="p99" />
      </SimpleGrid>
      <Latencies statistics={data} />
    </Stack>
  );
};
