// Pages that are read again when something happens that concerns them. Nothing else reads them by a clock.
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import type { Concern } from './concerns.js';
import { haveMissed, listen } from './live-stream.js';
import { createRefresher } from './refresher.js';

/** Reads are made this often at most because of what happens, in milliseconds: of lists and single things, and of sums over many. */
const readAgainMs = 1_500;
export const sumsAgainMs = 5_000;

/** Reads what stands under the key again when a message that concerns it, or that something was missed, is told. @param concerns null: reads nothing */
export const useLiveRefresh = (queryKey: readonly unknown[], concerns: Concern | null, pauseMs = readAgainMs): void => {
  const queries = useQueryClient();
  const latest = useRef(concerns);
  useEffect(() => {
    latest.current = concerns;
  });
  const key = JSON.stringify(queryKey);
  useEffect(() => {
    const filter = { queryKey: JSON.parse(key) as readonly unknown[] };
    const refresher = createRefresher(
      async () => {
        // Asked for while somebody looked, and due when nobody does any more.
        if (document.hidden) haveMissed();
        else await queries.invalidateQueries(filter, { cancelRefetch: false });
      },
      () => queries.isFetching(filter) > 0,
      pauseMs,
    );
    const leave = listen((messages) => {
      const isConcerned = latest.current;
      if (isConcerned !== null && messages.some((message) => message.kind === 'reset' || isConcerned(message))) refresher.ask();
    });
    return () => {
      leave();
      refresher.stop();
    };
  }, [queries, key, pauseMs]);
};
