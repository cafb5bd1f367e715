// The latency that a consumer feels.
import { type Percentiles, percentile } from './percentiles.js';
import type { Sighting } from './sightings.js';

/**
 * From the producer's receipt of the 202 to the first byte at the sink; a delivery that overtook its 202 counts as 0. What only one of the
 * two logs holds is left out. Throws if they share nothing.
 */
export function firstByteTimes(accepted: readonly Sighting[], arrived: readonly Sighting[]): Percentiles {
  const acceptedAt = new Map(accepted);
  const times = arrived.flatMap(([id, at]) => (acceptedAt.has(id) ? [Math.max(0, at - acceptedAt.get(id)!)] : []));
  return { p50Ms: percentile(times, 0.5), p99Ms: percentile(times, 0.99) };
}
