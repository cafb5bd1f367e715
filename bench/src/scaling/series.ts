// What grows in each series, step by step, with everything else as it is at rest: one API, one worker, one webhook that matches, no backlog.

/** In the order in which they run. */
export const seriesNames = [
  'scaling-events',
  'scaling-fan-out',
  'scaling-webhooks',
  'scaling-tenants',
  'scaling-backlog',
  'scaling-processes',
] as const;

/** The names under which the series stand in options and tables. */
export type SeriesName = (typeof seriesNames)[number];

/** One measurement of a series. */
export interface Step {
  /** In the table. */
  readonly label: string;
  /** API and worker processes, as many of each. */
  readonly processes: number;
  readonly shards: number;
  /** Tenants that take turns, at most 256, each with its own webhooks. */
  readonly tenants: number;
  /** Webhooks of a tenant, and how many of them match each event. */
  readonly webhooks: number;
  readonly fanOut: number;
  /** Deliveries that wait at a paused webhook of another tenant. */
  readonly backlog: number;
  /** Events a second; null: as many as are answered. */
  readonly ratePerS: number | null;
}

/** One series. */
export interface Series {
  readonly name: SeriesName;
  readonly title: string;
  readonly steps: readonly Step[];
}

const rest: Omit<Step, 'label'> = { processes: 1, shards: 1, tenants: 1, webhooks: 1, fanOut: 1, backlog: 0, ratePerS: null };
const text = (count: number): string => count.toLocaleString('en');
const stepsOf = (counts: readonly number[], change: (count: number) => Partial<Step>, unit: string): readonly Step[] =>
  counts.map((count) => ({ ...rest, ...change(count), label: `${text(count)} ${unit}` }));
/** Of a closed loop the figure is throughput; of a constant rate that leaves room, what one delivery costs. */
const steadyPerS = 500;
/** Of growing fan-out: in closed loop, events would be accepted many times faster than their deliveries can be sent, and the drain would be the figure. */
const steadyDeliveriesPerS = 1_000;

/** All series; a quick one is for trying: it leaves out what takes long to make. */
export const allSeries = (isQuick: boolean): readonly Series[] => [
  {
    name: 'scaling-events',
    title: 'Events a second, constant rate',
    steps: stepsOf(isQuick ? [100, 500] : [100, 500, 1_000, 2_000], (ratePerS) => ({ ratePerS }), 'events/s'),
  },
  {
    name: 'scaling-fan-out',
    title: 'Fan-out; 1,000 deliveries/s',
    steps: stepsOf([1, 10, 100], (fanOut) => ({ fanOut, webhooks: fanOut, ratePerS: steadyDeliveriesPerS / fanOut }), 'webhooks match'),
  },
  {
    name: 'scaling-webhooks',
    title: 'Webhooks of the tenant, of which one matches; 500 events/s',
    steps: stepsOf(isQuick ? [1, 1_000] : [1, 1_000, 10_000], (webhooks) => ({ webhooks, ratePerS: steadyPerS }), 'webhooks'),
  },
  {
    name: 'scaling-tenants',
    title: 'Tenants that take turns, each with 100 webhooks of which one matches; 500 events/s',
    steps: stepsOf([1, 16, 256], (tenants) => ({ tenants, webhooks: 100, ratePerS: steadyPerS }), 'tenants'),
  },
  {
    name: 'scaling-backlog',
    title: 'Backlog behind a paused webhook of another tenant; 500 events/s',
    steps: stepsOf(isQuick ? [0, 10_000] : [0, 100_000, 1_000_000], (backlog) => ({ backlog, ratePerS: steadyPerS }), 'deliveries wait'),
  },
  {
    name: 'scaling-processes',
    title: 'API and worker processes, closed loop',
    steps: [
      ...stepsOf([1, 2, 4], (processes) => ({ processes }), 'of each'),
      { ...rest, processes: 2, shards: 6, label: '2 of each, 6 shards' },
    ],
  },
];
