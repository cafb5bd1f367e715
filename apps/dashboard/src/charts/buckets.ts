// The intervals of an answer as points of a chart: one for each interval, also where nothing happened.
import type { Interval } from './time-axis.js';

export type Bucket = {
  readonly at: string;
  readonly succeeded: number;
  readonly failed: number;
  readonly skipped: number;
  readonly p50_ms: number | null;
  readonly p95_ms: number | null;
  readonly p99_ms: number | null;
};
/** `at` in Unix milliseconds; how long attempts took in milliseconds, null where none was made. */
export type Point = {
  readonly at: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly skipped: number;
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
};

const intervalMs: Readonly<Record<Interval, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };
const pointsMax = 2_000;

export type Answer = { readonly from: string; readonly to: string; readonly interval: Interval; readonly data: readonly Bucket[] };

export const pointsOf = ({ from, to, interval, data }: Answer): readonly Point[] => {
  const stepMs = intervalMs[interval];
  const byTime = new Map(data.map((bucket) => [Date.parse(bucket.at), bucket]));
  const startMs = Math.floor(Date.parse(from) / stepMs) * stepMs;
  const count = Math.min(Math.ceil((Date.parse(to) - startMs) / stepMs), pointsMax);
  return Array.from({ length: count }, (_, index) => {
    const at = startMs + index * stepMs;
    const { succeeded = 0, failed = 0, skipped = 0, p50_ms: p50 = null, p95_ms: p95 = null, p99_ms: p99 = null } = byTime.get(at) ?? {};
    return { at, succeeded, failed, skipped, p50, p95, p99 };
  });
};
