import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readWorkerShards } from './queue-settings.js';

describe('the shards that a worker serves', () => {
  it.each<[string, 'all' | readonly number[] | null]>([
    ['all', 'all'],
    ['0', [0]],
    ['0-3,7', [0, 1, 2, 3, 7]],
    [' 5 , 4-5,4', [4, 5]],
    ['63', [63]],
    ...['', 'ALL', '64', '0-64', '3-1', '-1', '1-', '1,,2', '1.5', 'x', '0x1', '1-2-3'].map((text): [string, null] => [text, null]),
  ])('%j are %j', (text, shards) => {
    expect(readWorkerShards(text)).toEqual(shards);
  });

  it('are read back as they were written', () => {
    const some = fc.uniqueArray(fc.integer({ min: 0, max: 63 }), { minLength: 1 });
    fc.assert(
      fc.property(some, (shards) => {
        expect(readWorkerShards(shards.join(','))).toEqual([...shards].sort((one, other) => one - other));
      }),
    );
  });
});
