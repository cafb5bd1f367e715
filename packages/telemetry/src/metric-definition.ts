// What is declared of a metric, and the closed lists of values that labels have.
import { attemptKinds, circuitStates, errorKinds, type ProblemCode, problems } from '@posthorn/core';

/** What a process does; one that was started with `posthorn start` does both. */
export type MetricRole = 'api' | 'worker';

export type MetricUnit =
  | 'attempts'
  | 'bytes'
  | 'circuits'
  | 'connections'
  | 'days'
  | 'deliveries'
  | 'dispatches'
  | 'errors'
  | 'events'
  | 'jobs'
  | 'keys'
  | 'mails'
  | 'pieces of work'
  | 'processes'
  | 'ratio'
  | 'requests'
  | 'rounds'
  | 'rows'
  | 'seconds'
  | 'shards'
  | 'streams'
  | 'webhooks'
  | '0 or 1'
  | '1';

/** The values that a label may have: a closed list, or what a closed list elsewhere says, described. Never an id. */
export type LabelValues = readonly string[] | { readonly from: string };

export type MetricDefinition = {
  /** In Prometheus: `posthorn_…`, the base unit at its end, `_total` if it is a counter. */
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly unit: MetricUnit;
  readonly labels: Readonly<Record<string, LabelValues>>;
  readonly roles: readonly MetricRole[];
  /** `installation`: every process says the same of the whole, so take `max`. `process`: each says its own part, so take `sum`. */
  readonly of: 'process' | 'installation';
  readonly help: string;
  /** Upper bounds, of histograms. */
  readonly buckets?: readonly number[];
};

export const api = ['api'] as const;
export const worker = ['worker'] as const;
export const both = ['api', 'worker'] as const;

export const problemCodes = Object.keys(problems) as readonly ProblemCode[];

export const laneNames = ['first', 'due', 'replay'] as const;

/** What came back of an attempt: the class of the status code, or the kind of error. */
export const answerClasses = ['1xx', '2xx', '3xx', '4xx', '5xx', ...errorKinds] as const;

export const labelValues = {
  lane: laneNames,
  answer: answerClasses,
  kind: attemptKinds.filter((kind) => kind !== 'test'),
  circuit: circuitStates,
  method: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'other'],
  status: ['1xx', '2xx', '3xx', '4xx', '5xx'],
} as const;

/** Of work between processes of one machine or network. */
export const secondsBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30] as const;
/** From milliseconds to the end of the longest schedule. */
export const deliverySecondsBuckets = [
  0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3_600, 14_400, 43_200, 86_400,
] as const;
