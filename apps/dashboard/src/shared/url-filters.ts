// Filters live in the URL, so that a list can be sent to somebody.
import { useCallback, useMemo } from 'react';
import { useSearchParams } from 'react-router';
import type { Filters } from '../api/queries.js';

/** The named filters that the URL has, and what changes one; empty text takes it out. */
export const useUrlFilters = (names: readonly string[]): readonly [Filters, (name: string, value: string | null) => void] => {
  const [params, setParams] = useSearchParams();
  const joined = names.join(' ');
  const filters = useMemo(
    () => Object.fromEntries(joined.split(' ').flatMap((name) => (params.get(name) ? [[name, params.get(name) ?? '']] : []))),
    [params, joined],
  );
  const change = useCallback(
    (name: string, value: string | null) =>
      setParams(
        (before) => {
          const after = new URLSearchParams(before);
          if (value === null || value === '') after.delete(name);
          else after.set(name, value);
          return after;
        },
        { replace: true },
      ),
    [setParams],
  );
  return [filters, change];
};
