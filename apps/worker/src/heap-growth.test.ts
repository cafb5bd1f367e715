import { expect, it } from '@jest/globals';
import { createHeapGrowth } from './heap-growth.js';
import { limits } from './limits.js';

it('bounds the heap while many webhooks are kept, and tells V8 of changes alone', () => {
  const flags: string[] = [];
  const follow = createHeapGrowth((flag) => flags.push(flag));
  for (const webhooks of [0, limits.manyWebhooks, limits.manyWebhooks + 1, limits.manyWebhooks * 2, limits.manyWebhooks, 1])
    follow(webhooks);
  expect(flags).toEqual([`--heap-growing-percent=${limits.manyWebhooksHeapGrowthPercent}`, '--heap-growing-percent=0']);
});
