// A list that is read again and again must not move under the cursor: rows stay where they are, new ones wait until they are asked for.

export type Steady<Item> = {
  /** What is shown: the rows that were there, with what is known of them now, and what follows them. */
  readonly rows: readonly Item[];
  /** How many came before or between them. */
  readonly added: number;
};

/** A row that is in the new answer no more stays as it was: it is gone when the new ones are asked for. */
export const steady = <Item>(shown: readonly Item[], fresh: readonly Item[], keyOf: (item: Item) => string): Steady<Item> => {
  const byKey = new Map(fresh.map((item) => [keyOf(item), item]));
  const shownKeys = new Set(shown.map(keyOf));
  const lastShown = fresh.findLastIndex((item) => shownKeys.has(keyOf(item)));
  if (lastShown === -1) return { rows: shown.length === 0 ? fresh : shown, added: shown.length === 0 ? 0 : fresh.length };
  const following = fresh.slice(lastShown + 1);
  const rows = [...shown.map((item) => byKey.get(keyOf(item)) ?? item), ...following];
  return { rows, added: fresh.length - following.length - shown.filter((item) => byKey.has(keyOf(item))).length };
};
