// How long attempts took, over time. Like the chart of outcomes it is loaded when it is first shown.
import '@mantine/charts/styles.css';
import { LineChart } from '@mantine/charts';
import { memo } from 'react';
import { milliseconds } from '../shared/numbers.js';
import type { ChartProps } from './drawing.js';
import { chartHeightPx, timeFormats } from './time-axis.js';

const LatencyChart = ({ points, interval }: ChartProps) => (
  <LineChart
    h={chartHeightPx}
    data={points.map(({ at, p50, p95, p99 }) => ({ p50, p95, p99, time: timeFormats[interval].format(at) }))}
    dataKey="time"
    series={[
      { name: 'p50', label: 'Half within (p50)', color: 'teal.6' },
      { name: 'p95', label: '95 % within (p95)', color: 'orange.6' },
      { name: 'p99', label: '99 % within (p99)', color: 'red.6' },
    ]}
    valueFormatter={milliseconds}
    // Where nothing was sent, nothing took long: a gap.
    connectNulls={false}
    curveType="linear"
    lineProps={{ isAnimationActive: false }}
    withLegend
    tickLine="none"
    yAxisProps={{ width: 70 }}
    // It is hidden from those who do not see it, who read the figures beside it.
    lineChartProps={{ accessibilityLayer: false }}
  />
);

export default memo(LatencyChart);
