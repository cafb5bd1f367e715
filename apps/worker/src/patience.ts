// Calls back when something has taken too long. One timer for all: what is watched stands in the order in which its time is over.

export type Patience = {
  /** Calls `lose` once, `afterMs` from now or up to a tick later. The callee knows whether it is still of interest. */
  readonly watch: (lose: () => void) => void;
  readonly stop: () => void;
};

const tickMs = 25;

export const createPatience = (afterMs: number): Patience => {
  let watched: { readonly overAt: number; readonly lose: () => void }[] = [];
  let timer: NodeJS.Timeout | undefined;
  const tick = (): void => {
    const now = performance.now();
    const first = watched.findIndex((each) => each.overAt > now);
    const over = watched.slice(0, first < 0 ? watched.length : first);
    watched = first < 0 ? [] : watched.slice(first);
    if (watched.length === 0) stop();
    for (const each of over) each.lose();
  };
  const stop = (): void => {
    clearInterval(timer);
    timer = undefined;
  };
  return {
    watch: (lose) => {
      watched.push({ overAt: performance.now() + afterMs, lose });
      timer ??= setInterval(tick, tickMs);
    },
    stop,
  };
};
