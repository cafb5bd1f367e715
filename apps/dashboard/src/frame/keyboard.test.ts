import { describe, expect, it } from '@jest/globals';
import { commandOf, type Focus, rowAfter } from './keyboard.js';
import { places } from './places.js';

const free: Focus = { isTyping: false, isCovered: false, hasModifier: false };
const press = (key: string, focus: Partial<Focus> = {}, before: string | null = null, sinceMs = 100) =>
  commandOf({ key, atMs: 10_000 }, before === null ? null : { key: before, atMs: 10_000 - sinceMs }, { ...free, ...focus }, places);

describe('a key', () => {
  it('does what the help says', () => {
    expect(['?', '/', 'r', 'j', 'k', 'x', 'g'].map((key) => press(key))).toEqual([
      { do: 'help' },
      { do: 'search' },
      { do: 'refresh' },
      { do: 'row', step: 1 },
      { do: 'row', step: -1 },
      null,
      null,
    ]);
  });

  it('goes to a page after g, and means nothing else then', () => {
    expect(places.map(({ key }) => press(key, {}, 'g'))).toEqual(places.map(({ to }) => ({ do: 'go', to })));
    expect(new Set(places.map(({ key }) => key)).size).toBe(places.length);
    expect([press('j', {}, 'g'), press('o', {}, 'x'), press('o', {}, 'g', 1_000)]).toEqual([null, null, null]);
  });

  it.each([{ isTyping: true }, { isCovered: true }, { hasModifier: true }])('does nothing where %j', (focus) => {
    for (const key of ['?', '/', 'r', 'j', 'k']) expect(press(key, focus)).toBeNull();
    expect(press('o', focus, 'g')).toBeNull();
  });
});

it('rows are gone through one by one, to the ends', () => {
  expect([rowAfter(-1, 1, 3), rowAfter(0, 1, 3), rowAfter(2, 1, 3), rowAfter(2, -1, 3), rowAfter(0, -1, 3), rowAfter(-1, -1, 3)]).toEqual([
    0, 1, 2, 1, 0, 2,
  ]);
  expect([rowAfter(-1, 1, 0), rowAfter(-1, -1, 0)]).toEqual([-1, -1]);
});
