// Says that the API cannot be reached, asks until it can, and has everything read again then. It lies over the page, which stays as it is and where it is.
import { Alert } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { reach } from '../api/client.js';
import { reachable } from '../api/signals.js';

const pauseFirstMs = 1_000;
const pauseMaxMs = 10_000;

export const ConnectionBanner = () => {
  const isReachable = reachable.use();
  const queries = useQueryClient();
  useEffect(() => {
    if (isReachable) return;
    let timer: ReturnType<typeof setTimeout>;
    const ask = (pauseMs: number) => {
      timer = setTimeout(async () => {
        // In a tab that nobody looks at it can wait.
        const response = document.hidden ? null : await reach(new Request(`${location.origin}/readyz`)).catch(() => null);
        if (response?.ok) await queries.invalidateQueries();
        else ask(Math.min(pauseMs * 2, pauseMaxMs));
      }, pauseMs);
    };
    ask(pauseFirstMs);
    return () => clearTimeout(timer);
  }, [isReachable, queries]);
  if (isReachable) return null;
  return (
    <Alert color="red" variant="filled" radius={0} role="alert" title="Posthorn cannot be reached" className="connection-banner">
      What you see may be out of date, and nothing can be changed. What you typed stays. This page looks for it by itself and goes on when
      it is back.
    </Alert>
  );
};
