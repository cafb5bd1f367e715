// Metrics: prom-client's counters and gauges, and our histograms, made of the list. Each process shows those of its role, and those that have not counted yet are 0 and not absent.
import { performance } from 'node:perf_hooks';
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { LabelValues, MetricDefinition, MetricRole } from './metric-definition.js';
import { type MetricList, metricList } from './metric-list.js';
import { createQuickHistogram, type QuickHistogram } from './quick-histogram.js';

const eventLoopPrecisionMs = 100;
/** A scrape waits no longer for what is read for it. */
const readTimeoutMs = 2_000;

type MetricOf<D extends MetricDefinition> = D['type'] extends 'counter'
  ? Counter<Extract<keyof D['labels'], string>>
  : D['type'] extends 'gauge'
    ? Gauge<Extract<keyof D['labels'], string>>
    : QuickHistogram<Extract<keyof D['labels'], string>>;

export type Metrics = { readonly [Name in keyof MetricList]: MetricOf<MetricList[Name]> } & {
  /** Has something read and set whenever the metrics are asked for; it must not reject. One that takes over 2 s sets its values for the next time. */
  readonly onRead: (read: () => Promise<void> | void) => void;
  /** What Prometheus reads. */
  readonly text: () => Promise<string>;
  readonly contentType: string;
};

const rolesOf = (role: 'start' | MetricRole): readonly MetricRole[] => (role === 'start' ? ['api', 'worker'] : [role]);

const isClosed = (values: LabelValues): values is readonly string[] => Array.isArray(values);

/** Every combination of the values of labels; none if one of the lists is not closed. */
const combinations = (labels: MetricDefinition['labels']): readonly Readonly<Record<string, string>>[] => {
  let all: Readonly<Record<string, string>>[] = [{}];
  for (const [label, values] of Object.entries(labels)) {
    if (!isClosed(values)) return [];
    all = all.flatMap((one) => values.map((value) => ({ ...one, [label]: value })));
  }
  return all;
};

const make = (definition: MetricDefinition, registers: Registry[]) => {
  const { name, help, type, labels, buckets } = definition;
  const settings = { name, help, labelNames: Object.keys(labels), registers };
  switch (type) {
    case 'counter': {
      const counter = new Counter(settings);
      for (const values of combinations(labels)) counter.inc(values, 0);
      return counter;
    }
    case 'gauge': {
      const gauge = new Gauge(settings);
      for (const values of combinations(labels)) gauge.set(values, 0);
      return gauge;
    }
    case 'histogram':
      return createQuickHistogram({ name, help, buckets: buckets ?? [], begun: combinations(labels), registers });
  }
};

const inTime = async (read: () => Promise<void> | void): Promise<void> => {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, readTimeoutMs);
  });
  await Promise.race([read(), tooLate]);
  clearTimeout(timer);
};

/**
 * The metrics of one process (or one test). Those that are not of its role count too, but are not shown.
 * @param role what the process does; default: everything
 */
export const createMetrics = (role: 'start' | MetricRole = 'start'): Metrics => {
  const registry = new Registry();
  // Every 10 ms, the default, costs an idle process as much as all else it does.
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: eventLoopPrecisionMs });
  const roles = rolesOf(role);
  const made = Object.fromEntries(
    Object.entries<MetricDefinition>(metricList).map(([key, definition]) => [
      key,
      make(definition, definition.roles.some((each) => roles.includes(each)) ? [registry] : []),
    ]),
  ) as unknown as { readonly [Name in keyof MetricList]: MetricOf<MetricList[Name]> };

  const reads: (() => Promise<void> | void)[] = [];
  let before = performance.eventLoopUtilization();
  reads.push(() => {
    const now = performance.eventLoopUtilization();
    made.eventLoopUtilisation.set(performance.eventLoopUtilization(now, before).utilization);
    before = now;
  });
  return {
    ...made,
    onRead: (read) => void reads.push(read),
    text: async () => {
      await Promise.all(reads.map(inTime));
      return registry.metrics();
    },
    contentType: registry.contentType,
  };
};
