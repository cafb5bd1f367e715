import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { axisOf } from './axis.js';

describe('the axis of a waterfall', () => {
  it('is linear where something happens all the time', () => {
    const { place, breaks } = axisOf([
      { from: 0, to: 60 },
      { from: 50, to: 100 },
    ]);
    expect([0, 25, 100].map(place)).toEqual([0, 0.25, 1]);
    expect(breaks).toEqual([]);
  });

  it('is broken where nothing happens for long', () => {
    const { place, breaks } = axisOf([
      { from: 0, to: 50 },
      { from: 3_600_000, to: 3_600_050 },
    ]);
    expect(breaks).toHaveLength(1);
    expect(breaks[0]).toMatchObject({ leftOutMs: 3_599_950 });
    expect(breaks[0]?.at).toBeCloseTo(0.5);
    expect(place(50)).toBeGreaterThan(0.4);
    expect(place(3_600_000)).toBeLessThan(0.6);
  });

  it('keeps the order of times, and stays on the axis', () => {
    const span = fc.record({ from: fc.nat(1e9), length: fc.nat(1e5) }).map(({ from, length }) => ({ from, to: from + length }));
    fc.assert(
      fc.property(fc.array(span, { maxLength: 20 }), (spans) => {
        const { place } = axisOf(spans);
        const times = spans.flatMap(({ from, to }) => [from, to]).sort((one, other) => one - other);
        const places = times.map(place);
        for (const [index, each] of places.entries()) {
          expect(each).toBeGreaterThanOrEqual(places[index - 1] ?? 0);
          expect(each).toBeLessThanOrEqual(1 + 1e-9);
        }
      }),
    );
  });
});
