import { describe, expect, it } from '@jest/globals';
import { steady } from './steady.js';

type Row = { readonly id: string; readonly count: number };
const rows = (...ids: string[]): readonly Row[] => ids.map((id) => ({ id, count: 0 }));
const idsOf = (list: readonly Row[]) => list.map(({ id }) => id).join('');
const after = (shown: readonly Row[], fresh: readonly Row[]) => {
  const { rows: kept, added } = steady(shown, fresh, ({ id }) => id);
  return [idsOf(kept), added];
};

describe('a list that is read again', () => {
  it('shows what there is at first', () => {
    expect(after([], rows('a', 'b'))).toEqual(['ab', 0]);
    expect(after([], [])).toEqual(['', 0]);
  });

  it('keeps its rows in place and counts those that came before or between them', () => {
    expect(after(rows('a', 'b'), rows('x', 'a', 'y', 'b'))).toEqual(['ab', 2]);
    expect(after(rows('a', 'b'), rows('b', 'a'))).toEqual(['ab', 0]);
    expect(after(rows('a', 'b'), rows('x', 'y'))).toEqual(['ab', 2]);
  });

  it('takes what follows, as the next page does', () => {
    expect(after(rows('a', 'b'), rows('a', 'b', 'c', 'd'))).toEqual(['abcd', 0]);
  });

  it('lets no row vanish under the cursor', () => {
    expect(after(rows('a', 'b', 'c'), rows('a', 'c'))).toEqual(['abc', 0]);
    expect(after(rows('a', 'b'), [])).toEqual(['ab', 0]);
  });

  it('has what is known of a row now', () => {
    const { rows: kept } = steady(rows('a'), [{ id: 'a', count: 7 }], ({ id }) => id);
    expect(kept).toEqual([{ id: 'a', count: 7 }]);
  });
});
