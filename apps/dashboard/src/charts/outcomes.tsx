// The chart of outcomes with its range, and the same as a table for those who do not see it.
import { Group, Paper, SegmentedControl, Skeleton, Text, Title, VisuallyHidden } from '@mantine/core';
import { lazy } from 'react';
import { useSearchParams } from 'react-router';
import type { Range } from '../api/queries.js';
import { loadWhenThere } from '../shared/lazy-page.js';
import { count } from '../shared/numbers.js';
import type { Answer } from './buckets.js';
import { Drawing } from './drawing.js';
import { chartHeightPx } from './time-axis.js';

const OutcomeChart = lazy(() => loadWhenThere(() => import('./outcome-chart.js')));

export const ranges: Readonly<Record<string, Range>> = {
  '1h': { hours: 1, interval: 'minute' },
  '24h': { hours: 24, interval: 'hour' },
  '7d': { hours: 7 * 24, interval: 'hour' },
  '30d': { hours: 30 * 24, interval: 'day' },
};
const rangeDefault: Range = { hours: 24, interval: 'hour' };

/** The range that the URL names, its name, and what changes it. */
export const useRange = (): readonly [Range, string, (name: string) => void] => {
  const [params, setParams] = useSearchParams();
  const name = params.get('range') ?? '24h';
  const change = (next: string) =>
    setParams(
      (before) => {
        const after = new URLSearchParams(before);
        after.set('range', next);
        return after;
      },
      { replace: true },
    );
  return [ranges[name] ?? rangeDefault, name in ranges ? name : '24h', change];
};

type Outcome = Answer & {
  readonly totals: { readonly succeeded: number; readonly failed: number; readonly attempts: number };
};

export const Outcomes = ({
  statistics,
  rangeName,
  onRange,
}: {
  readonly statistics: Outcome | undefined;
  readonly rangeName: string;
  readonly onRange: (name: string) => void;
}) => (
  <Paper withBorder p="md">
    <Group justify="space-between" mb="sm">
      <Title order={2} size="h3">
        Deliveries by outcome
      </Title>
      <SegmentedControl size="xs" data={Object.keys(ranges)} value={rangeName} onChange={onRange} aria-label="Time" />
    </Group>
    {statistics === undefined ? (
      <Skeleton height={chartHeightPx} />
    ) : (
      <>
        <Drawing of={OutcomeChart} statistics={statistics} />
        {statistics.data.every(({ succeeded, failed, skipped }) => succeeded + failed + skipped === 0) && (
          <Text size="sm" c="dimmed" ta="center">
            No delivery ended in this time.
          </Text>
        )}
        <VisuallyHidden>
          {`${count(statistics.totals.succeeded)} succeeded, ${count(statistics.totals.failed)} failed, ${count(statistics.totals.attempts)} attempts.`}
        </VisuallyHidden>
      </>
    )}
  </Paper>
);
