// Deliveries by how they ended, over time. It is the only module that knows the chart library, which is loaded when it is first shown.
import '@mantine/charts/styles.css';
import { BarChart } from '@mantine/charts';
import { count } from '../shared/numbers.js';
import type { Point } from './buckets.js';

const formats = {
  minute: new Intl.DateTimeFormat(undefined, { timeStyle: 'short' }),
  hour: new Intl.DateTimeFormat(undefined, { weekday: 'short', hour: '2-digit', minute: '2-digit' }),
  day: new Intl.DateTimeFormat(undefined, { month: 'short', day: 'numeric' }),
} as const;
const heightPx = 220;

type Props = { readonly points: readonly Point[]; readonly interval: keyof typeof formats };

const OutcomeChart = ({ points, interval }: Props) => (
  <BarChart
    h={heightPx}
    type="stacked"
    data={points.map(({ at, ...counts }) => ({ ...counts, time: formats[interval].format(at) }))}
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

export default OutcomeChart;
