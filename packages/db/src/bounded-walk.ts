// Lists that are narrowed by what no index has are read along one that has their order, and for a bounded number of rows: what is rare is not looked for
// through everything there is. Where the rows are used up first, a page is short, and says how far it looked.

export const walkLimits = {
  /** Rows that are looked at in the first place; most pages are full by then. */
  firstRows: 500,
  /** Rows that are looked at for one page altogether, whether they fit or not. */
  rowsMax: 10_000,
  /** The same where something is looked up for each of them. */
  lookupsMax: 4_000,
} as const;

/** Part of a list, in its order. `lookedTo`: there may be more behind this position; null: the list ends here, or as many were found as were asked for. */
export type Walked<Row, Position> = { readonly rows: readonly Row[]; readonly lookedTo: Position | null };

/** Where a walk goes on, how many rows it should find, and how many it may look at. */
export type Stretch<Position> = { readonly before: Position | null; readonly limit: number; readonly rowsMax: number };

/** Walks in two stretches, each a statement: a short one, and all that is allowed. Each begins exactly where the one before it stopped. */
export const walk = async <Row, Position>(
  read: (stretch: Stretch<Position>) => Promise<Walked<Row, Position>>,
  { before, limit }: { readonly before: Position | null; readonly limit: number },
  { firstRows, rowsMax }: { readonly firstRows: number; readonly rowsMax: number } = walkLimits,
): Promise<Walked<Row, Position>> => {
  const first = await read({ before, limit, rowsMax: firstRows });
  if (first.lookedTo === null || rowsMax <= firstRows) return first;
  const second = await read({ before: first.lookedTo, limit: limit - first.rows.length, rowsMax: rowsMax - firstRows });
  return { rows: [...first.rows, ...second.rows], lookedTo: second.lookedTo };
};
