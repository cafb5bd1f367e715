// How much there is when the lists are read, and what a read may then cost.

/** In the order in which they run. */
export const sizeNames = ['console-1m', 'console-10m'] as const;

/** The names under which the sizes stand in options and tables. */
export type SizeName = (typeof sizeNames)[number];

/** What the requests of some pages have to keep. */
export interface ReadBar {
  readonly pages: readonly string[];
  readonly percentile: 'p95' | 'p99';
  readonly limitMs: number;
}

/** A number of deliveries, and the bar for it. */
export interface Size {
  readonly name: SizeName;
  readonly deliveries: number;
  readonly bar: ReadBar;
}

export const sizes: Readonly<Record<SizeName, Size>> = {
  'console-1m': {
    name: 'console-1m',
    deliveries: 1_000_000,
    bar: { pages: ['overview', 'deliveries', 'events', 'webhooks'], percentile: 'p95', limitMs: 300 },
  },
  'console-10m': { name: 'console-10m', deliveries: 10_000_000, bar: { pages: ['deliveries'], percentile: 'p99', limitMs: 100 } },
};
