import { afterEach, describe, expect, it } from '@jest/globals';
import { eventually } from '@posthorn/testkit';
import fc from 'fast-check';
import { limits } from '../limits.js';
import { calm, type Load, nextLag, watchLoad } from './load.js';

const after = (looks: readonly number[]) => looks.reduce(nextLag, calm);
let load: Load | undefined;
afterEach(() => load?.stop());

describe('the lag of the event loop', () => {
  it('is too high when it stays high, and no single pause makes it so', () => {
    expect(after([4 * limits.loopLagMsMax]).isTooHigh).toBe(false);
    expect(after([0, 0, 4 * limits.loopLagMsMax, 0]).isTooHigh).toBe(false);
    expect(after([500, 500, 500, 500]).isTooHigh).toBe(true);
  });

  it('once too high, is so until it is calm', () => {
    const high = [500, 500, 500, 500];
    expect(after([...high, 200, 200, 200, 200]).isTooHigh).toBe(true);
    expect(after([...high, 0, 0, 0]).isTooHigh).toBe(false);
    expect(after([...high, 0, 0, 0, 200, 200, 200]).isTooHigh).toBe(false);
  });

  it('is never too high while all looks are below the bound', () => {
    const looks = fc.array(fc.integer({ min: -50, max: limits.loopLagMsMax }), { maxLength: 100 });
    fc.assert(fc.property(looks, (each) => !after(each).isTooHigh));
  });

  it('is seen on a loop that is kept busy, and is over when it is not', async () => {
    const watched = watchLoad();
    load = watched;
    const block = (): void => {
      const untilMs = performance.now() + 4 * limits.loopLagMsMax;
      while (performance.now() < untilMs);
    };
    await eventually(async () => {
      block();
      return watched.isTooHigh();
    });
    await eventually(() => !watched.isTooHigh());
  });
});
