// Deliveries by how they ended, over time. This chart and that of latencies alone know the chart library, which is loaded when one is first shown.
import '@mantine/charts/styles.css';
import { BarChart } from '@mantine/charts';
import { memo } from 'react';
import { count } from '../shared/numbers.js';
import type { ChartProps } from './drawing.js';
import { chartHeightPx, timeFormats } from './time-axis.js';

const OutcomeChart = ({ points, interval }: ChartProps) => (
  <BarChart
    h={chartHeightPx}
    type="stacked"
    data={points.map(({ at, succeeded, failed, skipped }) => ({ succeeded, failed, skipped, time: timeFormats[interval].format(at) }))}
    dataKey="time"
    series={[
      { name: 'succeeded', label: 'Succeeded', color: 'green.6' },
      { name: 'failed', label: 'Failed', color: 'red.6' },
      { name: 'skipped', label: 'Skipped', color: 'gray.5' },
    ]}
    valueFormatter={count}
    withLegend
    barProps={{ isAnimationActive: false }}
    tickLine="none"
    // It is hidden from those who do not see it, who read the totals beside it.
    barChartProps={{ accessibilityLayer: false }}
  />
);

export default memo(OutcomeChart);
