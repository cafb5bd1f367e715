import { describe, expect, it } from '@jest/globals';
import type { Bar, Figure } from './scenario.js';
import { judge } from './verdict.js';

const rounds = (bar: Bar | undefined, ...values: readonly (readonly [value: number, baseline?: number])[]): Figure[] =>
  values.map(([value, baseline]) => ({
    name: 'throughput',
    unit: 'deliveries/s',
    value,
    ...(baseline === undefined ? {} : { baseline }),
    ...(bar === undefined ? {} : { bar }),
  }));

describe('judge', () => {
  it('holds the median of the ratios against a bar of the baseline, so that one bad round decides nothing', () => {
    const bar: Bar = { of: 'baseline', relation: '≥', limit: 0.8 };
    expect(judge(rounds(bar, [90, 100], [10, 100], [85, 100]))).toEqual({ value: 85, baseline: 100, judged: 0.85, met: true });
    expect(judge(rounds(bar, [90, 100], [10, 100], [75, 100]))).toMatchObject({ judged: 0.75, met: false });
  });

  it('compares each round with its own baseline', () => {
    const bar: Bar = { of: 'baseline', relation: '≤', limit: 2 };
    expect(judge(rounds(bar, [30, 10], [90, 50], [4, 3]))).toMatchObject({ judged: 1.8, met: true });
  });

  it('holds the worst round against a bar of the value', () => {
    expect(judge(rounds({ of: 'value', relation: '≤', limit: 20 }, [20], [19], [21]))).toMatchObject({ value: 20, judged: 21, met: false });
    expect(judge(rounds({ of: 'value', relation: '≤', limit: 20 }, [20], [19]))).toMatchObject({ judged: 20, met: true });
    expect(judge(rounds({ of: 'value', relation: '≥', limit: 5 }, [7], [4]))).toMatchObject({ judged: 4, met: false });
  });

  it('knows the difference between under and at most', () => {
    expect(judge(rounds({ of: 'value', relation: '<', limit: 1 }, [1])).met).toBe(false);
    expect(judge(rounds({ of: 'value', relation: '<', limit: 1 }, [0.99])).met).toBe(true);
  });

  it('calls a figure missed whose baseline is nothing', () => {
    expect(judge(rounds({ of: 'baseline', relation: '≥', limit: 0.8 }, [0, 0])).met).toBe(false);
    expect(judge(rounds({ of: 'baseline', relation: '≤', limit: 2 }, [1, 0])).met).toBe(false);
  });

  it('judges nothing without a bar, and nothing without its baseline', () => {
    expect(judge(rounds(undefined, [3, 4]))).toEqual({ value: 3, baseline: 4, judged: null, met: null });
    expect(() => judge(rounds({ of: 'baseline', relation: '≥', limit: 0.8 }, [3]))).toThrow('throughput has no baseline');
    expect(() => judge([])).toThrow('no values');
  });
});
