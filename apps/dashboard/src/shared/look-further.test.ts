import { describe, expect, it } from '@jest/globals';
import { lookFurther } from './look-further.js';

const start = { atPage: 0 };

describe('a list whose pages may be short', () => {
  it('shows a full page and waits to be asked for more', () => {
    expect(lookFurther([50], start)).toEqual({ goesOn: false, isSparse: false });
    expect(lookFurther([50, 50], start)).toEqual({ goesOn: false, isSparse: false });
    expect(lookFurther([], start).goesOn).toBe(false);
  });

  it('goes on by itself while it found little, five pages at most', () => {
    expect(lookFurther([0], start)).toEqual({ goesOn: true, isSparse: true });
    expect(lookFurther([0, 3, 0, 2], start).goesOn).toBe(true);
    expect(lookFurther([0, 3, 0, 2, 0], start)).toEqual({ goesOn: false, isSparse: true });
    expect(lookFurther([3, 18], start).goesOn).toBe(false);
  });

  it('goes on as far again each time that somebody asks', () => {
    expect(lookFurther([0, 0, 0, 0, 0], { atPage: 5 }).goesOn).toBe(true);
    expect(lookFurther([0, 0, 0, 0, 0, 0, 0, 0, 0], { atPage: 5 }).goesOn).toBe(true);
    expect(lookFurther([0, 0, 0, 0, 0, 0, 0, 0, 0, 0], { atPage: 5 }).goesOn).toBe(false);
    expect(lookFurther([50, 4], { atPage: 1 }).goesOn).toBe(true);
  });
});
