// Is something broken that I must act on? Every figure leads to the list behind it.
import { SimpleGrid, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { Schema } from '../../api/client.js';
import { anything, switches } from '../../api/concerns.js';
import { sumsAgainMs, useLiveRefresh } from '../../api/live.js';
import { statisticsQuery } from '../../api/queries.js';
import { useMay } from '../../api/session.js';
import { Outcomes, useRange } from '../../charts/outcomes.js';
import { count, milliseconds, rate, shortCount } from '../../shared/numbers.js';
import { PageHeader } from '../../shared/page-header.js';
import { duration } from '../../shared/relative-time.js';
import { ErrorState, Loading } from '../../shared/states.js';
import { Tile } from '../../shared/tile.js';
import { TimeOr } from '../../shared/time.js';
import { PublisherOverview } from './publisher-overview.js';
import { WorstWebhooks } from './worst-webhooks.js';

export const OverviewPage = () => {
  const may = useMay();
  return may('read_webhooks') ? <Statistics /> : <PublisherOverview />;
};

const Statistics = () => {
  const [range, rangeName, setRange] = useRange();
  const { data, error, refetch } = useQuery(statisticsQuery(range));
  useLiveRefresh(['stats'], anything, sumsAgainMs);
  useLiveRefresh(['webhooks'], switches);
  if (data === undefined)
    return (
      <>
        <PageHeader title="Overview" />
        {error === null ? <Loading /> : <ErrorState error={error} onRetry={() => void refetch()} />}
      </>
    );
  return (
    <>
      <PageHeader title="Overview" />
      <Stack>
        <Now now={data.now} failed={data.totals.failed} rangeName={rangeName} />
        <Outcomes statistics={data} rangeName={rangeName} onRange={setRange} />
        <SimpleGrid cols={{ base: 2, sm: 4 }}>
          <Tile label="Attempts" value={shortCount(data.totals.attempts)} note={`${shortCount(data.totals.retries)} of them retries`} />
          <Tile label="Half of attempts within" value={milliseconds(data.totals.p50_ms)} note="p50" />
          <Tile label="95 % within" value={milliseconds(data.totals.p95_ms)} note="p95" />
          <Tile label="99 % within" value={milliseconds(data.totals.p99_ms)} note="p99" />
        </SimpleGrid>
        <WorstWebhooks groups={data.groups ?? []} rangeName={rangeName} />
      </Stack>
    </>
  );
};

/** How long work may be due before it is worth a look, in milliseconds. */
const lateMs = 60_000;

const Now = ({ now, failed, rangeName }: { readonly now: Schema<'Backlog'>; readonly failed: number; readonly rangeName: string }) => {
  const { circuits_open: open, circuits_half_open: halfOpen, clear_estimate_s: clear, oldest_due_at: oldest } = now;
  const isLate = oldest !== null && Date.now() - Date.parse(oldest) > lateMs;
  return (
    <SimpleGrid cols={{ base: 2, sm: 3, lg: 6 }}>
      <Tile
        label={`Undelivered, ${rangeName}`}
        value={shortCount(failed)}
        note="given up after their last attempt"
        to="/deliveries?status=failed"
        alarm={failed > 0}
      />
      <Tile
        label="Open circuits"
        value={count(open)}
        note={`${count(halfOpen)} half-open`}
        to="/webhooks?circuit_state=open"
        alarm={open > 0}
      />
      <Tile label="Waiting" value={shortCount(now.pending)} note={`${shortCount(now.held)} held`} to="/deliveries?status=pending" />
      <Tile
        label="Oldest due"
        value={<TimeOr at={oldest} none="none" />}
        note="waits to be sent"
        to="/deliveries?status=pending"
        alarm={isLate}
      />
      <Tile
        label="Backlog gone in"
        value={now.pending === 0 ? 'none' : clear === null ? 'not shrinking' : duration(clear)}
        note={`${rate(now.ended_per_s)} ended a second`}
        to="/deliveries?status=pending"
      />
      <Tile label="Deliveries a second" value={rate(now.created_per_s)} note="last five minutes" to="/deliveries" />
    </SimpleGrid>
  );
};
