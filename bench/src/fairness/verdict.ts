// Rounds of a figure to one verdict. A comparison with the baseline is the median of the rounds' comparisons, since both sides of it vary
// with the machine; a bound of the value itself has to hold in every round.
import { median } from '../percentiles.js';
import type { Bar, Figure } from './scenario.js';

/** What the rounds of one figure come to; `met` is null without a bar. */
export interface Verdict {
  readonly value: number;
  readonly baseline: number | null;
  /** What was held against the bar: the median ratio, or the worst value. */
  readonly judged: number | null;
  readonly met: boolean | null;
}

/** Judges all rounds of one figure. Throws on no rounds, and on a bar for a baseline that is not there. */
export function judge(rounds: readonly Figure[]): Verdict {
  const value = median(rounds.map((figure) => figure.value));
  const baselines = rounds.flatMap((figure) => figure.baseline ?? []);
  const baseline = baselines.length === 0 ? null : median(baselines);
  const bar = rounds[0]?.bar;
  if (bar === undefined) return { value, baseline, judged: null, met: null };
  const judged = bar.of === 'baseline' ? median(rounds.map(ratioOf)) : worst(bar, rounds);
  return { value, baseline, judged, met: holds(bar, judged) };
}

function ratioOf({ name, value, baseline }: Figure): number {
  if (baseline === undefined) throw new Error(`${name} has no baseline`);
  return value / baseline;
}

function worst({ relation }: Bar, rounds: readonly Figure[]): number {
  const values = rounds.map((figure) => figure.value);
  return relation === '≥' ? Math.min(...values) : Math.max(...values);
}

function holds({ relation, limit }: Bar, figure: number): boolean {
  switch (relation) {
    case '≥':
      return figure >= limit;
    case '≤':
      return figure <= limit;
    case '<':
      return figure < limit;
  }
}
