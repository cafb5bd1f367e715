// How the webhook's circuit and switches were over time.
import { Anchor, Group, Paper, SegmentedControl, Skeleton, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense } from 'react';
import { Link } from 'react-router';
import { pastQuery, type Webhook } from '../../api/queries.js';
import { segmentsOf } from '../../charts/lanes.js';
import { ranges, useRange } from '../../charts/outcomes.js';
import { loadWhenThere } from '../../shared/lazy-page.js';
import { ErrorState } from '../../shared/states.js';

const SwimLanes = lazy(() => loadWhenThere(() => import('../../charts/swim-lanes.js')));
const heightPx = 150;

/** @param hasList the list of the same stands below it; else it is linked, and the range is that of the charts above */
export const Past = ({ webhook, hasList }: { readonly webhook: Webhook; readonly hasList: boolean }) => {
  const [range, rangeName, setRange] = useRange();
  const { data, error, refetch } = useQuery(pastQuery(webhook.id, range));
  return (
    <Paper withBorder p="md" component="section" aria-label="Circuit and switches">
      <Group justify="space-between" mb="sm">
        <Title order={2} size="h3">
          Circuit and switches, {rangeName}
        </Title>
        {hasList ? (
          <SegmentedControl size="xs" data={Object.keys(ranges)} value={rangeName} onChange={setRange} aria-label="Time" />
        ) : (
          <Anchor component={Link} to={`/webhooks/${webhook.id}?tab=timeline&range=${rangeName}`} size="sm">
            What happened
          </Anchor>
        )}
      </Group>
      {data === undefined &&
        (error === null ? <Skeleton height={heightPx} /> : <ErrorState error={error} onRetry={() => void refetch()} />)}
      {data !== undefined && <Drawn webhook={webhook} past={data} />}
    </Paper>
  );
};

type DrawnProps = { readonly webhook: Webhook; readonly past: Pick<Parameters<typeof segmentsOf>[0], 'entries' | 'fromMs' | 'toMs'> };

/** It begins when the webhook did. */
const Drawn = ({ webhook, past: { entries, fromMs, toMs } }: DrawnProps) => {
  const beginMs = Math.min(toMs, Math.max(fromMs, Date.parse(webhook.created_at)));
  return (
    <Suspense fallback={<Skeleton height={heightPx} />}>
      <SwimLanes segments={segmentsOf({ entries, now: webhook, fromMs: beginMs, toMs })} fromMs={beginMs} toMs={toMs} />
      {beginMs > fromMs && (
        <Text size="xs" c="dimmed" mt="xs">
          It begins with the webhook, or where its timeline is too long to be drawn.
        </Text>
      )}
    </Suspense>
  );
};
