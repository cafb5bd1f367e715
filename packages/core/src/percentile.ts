// Percentiles of a histogram whose buckets double: honest to within a bucket, and the same whoever adds the counts up.

/**
 * The value below which the share `q` (0–1) of all values lies, interpolated within its bucket; null: there are none. What is beyond the last bound
 * counts as the last bound.
 * @param counts how many values are at most `bounds[i]` and more than the bound before it
 * @param total of all values, those beyond the last bound included
 */
export function percentile(bounds: readonly number[], counts: readonly number[], total: number, q: number): number | null {
  if (total <= 0) return null;
  const rank = q * total;
  let below = 0;
  for (const [index, bound] of bounds.entries()) {
    const count = counts[index] ?? 0;
    if (count > 0 && below + count >= rank) {
      const from = index === 0 ? 0 : (bounds[index - 1] ?? 0);
      return from + ((rank - below) / count) * (bound - from);
    }
    below += count;
  }
  return bounds.at(-1) ?? null;
}
