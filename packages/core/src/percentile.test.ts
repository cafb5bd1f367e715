import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { percentile } from './percentile.js';

const bounds = [1, 2, 4, 8, 16];
const histogramOf = (values: readonly number[]): readonly number[] =>
  bounds.map((bound, index) => values.filter((value) => value <= bound && value > (index === 0 ? -1 : (bounds[index - 1] ?? 0))).length);

describe('a percentile', () => {
  it('is null of nothing, and the last bound of what lies beyond it', () => {
    expect(percentile(bounds, [0, 0, 0, 0, 0], 0, 0.5)).toBeNull();
    expect(percentile(bounds, [0, 0, 0, 0, 0], 3, 0.5)).toBe(16);
  });

  it.each<[number, readonly number[], number, number]>([
    [0.5, [0, 0, 10, 0, 0], 10, 3],
    [1, [0, 0, 10, 0, 0], 10, 4],
    [0.5, [10, 0, 0, 0, 0], 10, 0.5],
    [0.95, [90, 0, 0, 10, 0], 100, 6],
    [0.99, [50, 0, 0, 0, 0], 100, 16],
  ])('at %p of %p is %p', (q, counts, total, expected) => {
    expect(percentile(bounds, counts, total, q)).toBeCloseTo(expected);
  });

  it('lies in the bucket of the true one, and rises with its share', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 16 }), { minLength: 1 }),
        fc.double({ min: 0.01, max: 1, noNaN: true }),
        (values, q) => {
          const sorted = [...values].sort((one, other) => one - other);
          const truth = sorted[Math.ceil(q * sorted.length) - 1] ?? 0;
          const found = percentile(bounds, histogramOf(values), values.length, q) ?? Number.NaN;
          const bucket = bounds.findIndex((bound) => truth <= bound);
          expect(found).toBeLessThanOrEqual(bounds[bucket] ?? 0);
          expect(found).toBeGreaterThanOrEqual(bucket === 0 ? 0 : (bounds[bucket - 1] ?? 0));
          expect(percentile(bounds, histogramOf(values), values.length, 1) ?? 0).toBeGreaterThanOrEqual(found);
        },
      ),
    );
  });
});
