import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { median, percentile } from './percentiles.js';

const figures = fc.array(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e9, max: 1e9 }), { minLength: 1, maxLength: 50 });

describe('percentile', () => {
  it('is a value that at least that share of the values does not exceed, and no smaller value does the same', () => {
    fc.assert(
      fc.property(figures, fc.double({ min: 0.01, max: 1, noNaN: true }), (values, share) => {
        const found = percentile(values, share);
        const needed = Math.ceil(share * values.length);
        expect(values).toContain(found);
        expect(values.filter((value) => value <= found).length).toBeGreaterThanOrEqual(needed);
        expect(values.filter((value) => value < found).length).toBeLessThan(needed);
      }),
    );
  });

  it('refuses to make a figure of nothing', () => {
    expect(() => percentile([], 0.5)).toThrow('no values');
    expect(() => median([])).toThrow('no values');
  });
});

describe('median', () => {
  it('is the middle of an odd number, and the mean of the two middle ones of an even number', () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([9, 1, 5, 7])).toBe(6);
  });
});
