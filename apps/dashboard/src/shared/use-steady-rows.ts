// The rows of a list that is read again, as `steady` has them, and what shows the ones that wait.
import { useEffect, useState } from 'react';
import { type Steady, steady } from './steady.js';

/** @param of what the list is of: another one begins anew; null: what is given is of the one before */
export const useSteadyRows = <Item>(
  of: string | null,
  fresh: readonly Item[],
  keyOf: (item: Item) => string,
): Steady<Item> & { readonly showAll: () => void } => {
  const [shown, setShown] = useState<{ readonly of: string | null; readonly rows: readonly Item[] }>({ of: null, rows: [] });
  const { rows, added } = of === null || shown.of !== of ? { rows: fresh, added: 0 } : steady(shown.rows, fresh, keyOf);
  useEffect(() => {
    if (of !== null && (shown.of !== of || shown.rows.length !== rows.length)) setShown({ of, rows });
  }, [of, rows, shown]);
  return { rows, added, showAll: () => setShown({ of, rows: fresh }) };
};
