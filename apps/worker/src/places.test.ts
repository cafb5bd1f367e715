import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createPlaces } from './places.js';

describe('the places of a worker', () => {
  it('are taken at once while there are some, then in order as they come free', () => {
    const places = createPlaces(2);
    const begun: number[] = [];
    for (let i = 0; i < 5; i++) places.take(() => begun.push(i));
    expect([begun, places.load()]).toEqual([[0, 1], 5]);
    places.release();
    places.release();
    expect([begun, places.load()]).toEqual([[0, 1, 2, 3], 3]);
    for (let i = 0; i < 3; i++) places.release();
    expect([begun, places.load()]).toEqual([[0, 1, 2, 3, 4], 0]);
  });

  it('never have more under way than there are, and forget nobody', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), fc.array(fc.boolean(), { maxLength: 200 }), (placesMax, steps) => {
        const places = createPlaces(placesMax);
        const begun: number[] = [];
        let asked = 0;
        let released = 0;
        for (const takes of steps) {
          if (takes) {
            const me = asked++;
            places.take(() => begun.push(me));
          } else if (released < begun.length) {
            released += 1;
            places.release();
          }
          expect(begun.length - released).toBe(Math.min(placesMax, asked - released));
          expect(places.load()).toBe(asked - released);
        }
        expect(begun).toEqual(begun.map((_, index) => index));
      }),
    );
  });

  it('can be given back by those who take them, one after the other, however long the line is', () => {
    const places = createPlaces(1);
    let begun = 0;
    places.take(() => undefined);
    for (let i = 0; i < 50_000; i++)
      places.take(() => {
        begun += 1;
        places.release();
      });
    places.release();
    expect([begun, places.load()]).toEqual([50_000, 0]);
  });
});
