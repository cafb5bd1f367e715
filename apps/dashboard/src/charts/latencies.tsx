// The chart of latencies; its figures stand beside it, for those who do not see it.
import { Paper, Skeleton, Title } from '@mantine/core';
import { lazy } from 'react';
import { loadWhenThere } from '../shared/lazy-page.js';
import type { Answer } from './buckets.js';
import { Drawing } from './drawing.js';
import { chartHeightPx } from './time-axis.js';

const LatencyChart = lazy(() => loadWhenThere(() => import('./latency-chart.js')));

export const Latencies = ({ statistics }: { readonly statistics: Answer | undefined }) => (
  <Paper withBorder p="md">
    <Title order={2} size="h3" mb="sm">
      Duration of attempts
    </Title>
    {statistics === undefined ? <Skeleton height={chartHeightPx} /> : <Drawing of={LatencyChart} statistics={statistics} />}
  </Paper>
);
