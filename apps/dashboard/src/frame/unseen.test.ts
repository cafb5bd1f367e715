import { expect, it } from '@jest/globals';
import { newOnes } from './unseen.js';

const at = (second: number) => ({ last_at: `2026-01-01T00:00:0${second}.000Z` });

it('counts what happened since it was last looked at, also what happened again', () => {
  expect(newOnes([at(3), at(1), at(5)], at(1).last_at)).toEqual({ count: 2, latest: at(5).last_at });
  expect(newOnes([at(3), at(1)], at(3).last_at)).toEqual({ count: 0, latest: null });
});

it('takes what is kept for nothing if it is no time', () => {
  expect(newOnes([at(3)], '')).toEqual({ count: 1, latest: at(3).last_at });
  expect(newOnes([at(3)], 'yesterday')).toEqual({ count: 1, latest: at(3).last_at });
  expect(newOnes([], '')).toEqual({ count: 0, latest: null });
});
