import { expect, it } from '@jest/globals';
import { readStatusCodes } from './status-codes.js';

it('reads a status code, or a class of them', () => {
  expect(readStatusCodes('404')).toEqual({ from: 404, to: 404 });
  expect(readStatusCodes('4xx')).toEqual({ from: 400, to: 499 });
  for (const text of ['', '99', '1000', '5x', '0xx', '5XX', 'xxx', ' 404', '404\n']) expect(readStatusCodes(text)).toBeNull();
});
