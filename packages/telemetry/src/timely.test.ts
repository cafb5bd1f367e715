import { expect, it } from '@jest/globals';
import { createTimely } from './timely.js';

const never = (): Promise<string> => new Promise(() => undefined);

it('answers as the question does', async () => {
  expect(await createTimely(async () => 'yes', { withinMs: 60_000, freshMs: 0 })()).toBe('yes');
  const refused = createTimely(() => Promise.reject(new Error('away')), { withinMs: 60_000, freshMs: 60_000 });
  await expect(refused()).rejects.toThrow('away');
  const broken = createTimely(
    () => {
      throw new Error('broken');
    },
    { withinMs: 60_000, freshMs: 60_000 },
  );
  await expect(broken()).rejects.toThrow('broken');
});

it('says when there is no answer in time, and does not ask twice meanwhile', async () => {
  let asked = 0;
  const timely = createTimely(
    () => {
      asked += 1;
      return never();
    },
    { withinMs: 20, freshMs: 60_000 },
  );
  await expect(timely()).rejects.toThrow('no answer within 20 ms');
  await expect(timely()).rejects.toThrow('no answer within 20 ms');
  expect(asked).toBe(1);
});

it('lets the last answer stand in for one that is late, unless it is too old or the last was a refusal', async () => {
  for (const [freshMs, before, expected] of [
    [60_000, async () => 'before', 'before'],
    [-1, async () => 'before', null],
    [60_000, () => Promise.reject(new Error('away')), null],
  ] as const) {
    const answers: (() => Promise<string>)[] = [before, never];
    const timely = createTimely(() => (answers.shift() ?? never)(), { withinMs: 200, freshMs });
    await timely().catch(() => undefined);
    if (expected === null) await expect(timely()).rejects.toThrow('no answer');
    else expect(await timely()).toBe(expected);
  }
});
