import { describe, expect, it } from '@jest/globals';
import { createBatch } from './batch.js';

const everyMs = 1;

describe('createBatch', () => {
  it('writes what came together at once, and never two batches at the same time', async () => {
    const batches: (readonly number[])[] = [];
    let writing = 0;
    let second: Promise<void> | undefined;
    const add = createBatch<number>(everyMs, async (items) => {
      writing += 1;
      expect(writing).toBe(1);
      batches.push(items);
      second ??= Promise.all([add(3), add(4)]).then(() => undefined);
      // A timer of the same length that is set later fires later: by then the second batch wants to be written.
      await new Promise((resolve) => setTimeout(resolve, everyMs));
      writing -= 1;
    });
    await Promise.all([add(1), add(2)]);
    await second;
    expect(batches).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });

  it('rejects all of a batch that failed, and writes the next one', async () => {
    const add = createBatch<string>(everyMs, async (items) => {
      if (items.includes('bad')) throw new Error('refused');
    });
    const outcomes = await Promise.allSettled([add('bad'), add('good')]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await expect(add('later')).resolves.toBeUndefined();
  });
});
