import { expect, it } from '@jest/globals';
import { openWords } from './open-words.js';

it('says what there is some of, and nothing else', () => {
  expect(openWords({ requests: 2, results: 0, mails: 1 })).toEqual(['requests: 2', 'mails: 1']);
  expect(openWords({ requests: 0 })).toEqual([]);
});
