// Patterns that a person may want, from the names of the catalogue.

/** `order.placed`, `order.paid` → `order.*`; only what covers two types or more, in the order of the alphabet. */
export const patternsOf = (names: readonly string[]): string[] => {
  const counts = new Map<string, number>();
  for (const name of names) {
    const prefix = /^(.*[.:/-])[^.:/-]+$/.exec(name)?.[1];
    if (prefix !== undefined) counts.set(`${prefix}*`, (counts.get(`${prefix}*`) ?? 0) + 1);
  }
  return [...counts].flatMap(([pattern, count]) => (count > 1 ? [pattern] : [])).sort();
};
