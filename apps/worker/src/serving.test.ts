import { expect, it } from '@jest/globals';
import { servedOf } from './serving.js';

it('serves those that it is to serve, as far as there are so many', () => {
  expect([servedOf('all', 3), servedOf([0, 2, 5], 3), servedOf([4], 3)]).toEqual([[0, 1, 2], [0, 2], []]);
});
