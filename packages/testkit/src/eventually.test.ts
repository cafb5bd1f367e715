import { describe, expect, it } from '@jest/globals';
import { eventually } from './eventually.js';

describe('eventually', () => {
  it('returns what the probe returns once it neither throws nor returns false or undefined', async () => {
    const answers = [() => false, () => undefined, () => Promise.reject(new Error('not yet')), () => 0];
    let asked = 0;
    expect(await eventually<number | boolean | undefined>(() => answers[asked++]!(), { everyMs: 1 })).toBe(0);
    expect(asked).toBe(4);
  });

  it('throws the last error, and the error itself as the cause, when the time is over', async () => {
    const error = new Error('still 3 rows');
    const attempt = eventually(() => Promise.reject(error), { timeoutMs: 20, everyMs: 5 });
    await expect(attempt).rejects.toMatchObject({ message: 'not within 60 ms: still 3 rows', cause: error });
  });

  it('says what the probe returned when it never threw', async () => {
    await expect(eventually(() => false, { timeoutMs: 0 })).rejects.toThrow('the probe returned false');
  });
});
