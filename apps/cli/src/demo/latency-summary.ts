// Percentiles of latencies, exact to three digits.
import { build } from 'hdr-histogram-js';

export type LatencySummary = { readonly p50Ms: number; readonly p99Ms: number };

const latencyMaxMs = 60 * 60 * 1000;

/** Null if there are no values. Latencies are in ms with fractions; beyond an hour they count as an hour. */
export function summariseLatencies(latenciesMs: readonly number[]): LatencySummary | null {
  if (latenciesMs.length === 0) return null;
  const histogram = build({ lowestDiscernibleValue: 1, highestTrackableValue: latencyMaxMs * 1000, numberOfSignificantValueDigits: 3 });
  // Counted in microseconds, since it takes whole numbers.
  for (const ms of latenciesMs) histogram.recordValue(Math.round(Math.min(Math.max(ms, 0), latencyMaxMs) * 1000));
  return { p50Ms: histogram.getValueAtPercentile(50) / 1000, p99Ms: histogram.getValueAtPercentile(99) / 1000 };
}
