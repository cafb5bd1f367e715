import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { eventually } from '@posthorn/testkit';
import { createKeyUse } from './key-use.js';
import { limits } from './limits.js';

afterEach(() => {
  jest.restoreAllMocks();
});

describe('the use of a key', () => {
  it('is written once a minute for each key', async () => {
    const written: string[] = [];
    const startedAt = performance.now();
    const clock = jest.spyOn(performance, 'now').mockReturnValue(startedAt);
    const use = createKeyUse(
      async (keyId) => void written.push(keyId),
      () => undefined,
    );
    for (const keyId of ['a', 'a', 'b', 'a']) use.seen(keyId);
    expect(written).toEqual(['a', 'b']);
    clock.mockReturnValue(startedAt + limits.keyUseMs + 1);
    await eventually(() => {
      use.seen('a');
      return written.length === 3;
    });
    expect(written).toEqual(['a', 'b', 'a']);
  });

  it('that cannot be written is told, and does not fail the request', async () => {
    const errors: unknown[] = [];
    const use = createKeyUse(
      () => Promise.reject(new Error('gone')),
      (error) => errors.push(error),
    );
    use.seen('a');
    await eventually(() => errors.length === 1);
    expect(errors).toEqual([new Error('gone')]);
  });
});
