// How much more there may be after a soak than after the warm-up: a share of what there was, and an amount.

/** `share` of 0.1 is a tenth more; `amount` is in the unit of the figure. */
export interface Tolerance {
  readonly share: number;
  readonly amount: number;
}

/** By kind of figure. V8 gives memory back late, so what it holds moves by some MB without anything being lost. */
export const tolerances = {
  residentMb: { share: 0.2, amount: 20 },
  heapMb: { share: 0.2, amount: 10 },
  descriptors: { share: 0.1, amount: 10 },
  sockets: { share: 0.1, amount: 10 },
  connections: { share: 0, amount: 4 },
  redisMb: { share: 0.1, amount: 1 },
  redisKeys: { share: 0, amount: 10 },
  /** Of a table that grows with what is stored: of the bytes that its rows would take at the size that they had after the warm-up. */
  keptTableMb: { share: 0.1, amount: 2 },
  /** Of every other table: what is written over and over has to fit into the room that it had. */
  hotTableMb: { share: 0.25, amount: 2 },
} as const satisfies Record<string, Tolerance>;

/** The kinds of figures. */
export type FigureKind = keyof typeof tolerances;

/** Tables that get rows for each event, delivery or minute and keep them for days; all others are hot. */
export const keptTables: readonly string[] = [
  'attempts',
  'deliveries',
  'events',
  'idempotency_keys',
  'tenant_stats',
  'webhook_stats',
  'webhook_timeline',
];
