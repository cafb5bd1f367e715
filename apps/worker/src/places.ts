// How many inline deliveries this worker has under way: what matches beyond that waits its turn in order. It bounds the worker's own
// overload, which must not look like slow endpoints: whoever waits here has not begun, and its patience has not either.

export type Places = {
  /** Calls `begin` as soon as there is a place; at once if there is one. */
  readonly take: (begin: () => void) => void;
  readonly release: () => void;
  /** Deliveries that have a place or wait for one. */
  readonly load: () => number;
};

export const createPlaces = (placesMax: number): Places => {
  let taken = 0;
  let line: (() => void)[] = [];
  let head = 0;
  let free = 0;
  let handing = false;
  const handOn = (): void => {
    const next = line[head];
    if (next === undefined) {
      taken -= 1;
      return;
    }
    head += 1;
    if (head === line.length) {
      line = [];
      head = 0;
    }
    next();
  };
  return {
    take: (begin) => {
      if (taken < placesMax) {
        taken += 1;
        begin();
      } else line.push(begin);
    },
    release: () => {
      free += 1;
      // Whoever begins may give its place back at once. A line is walked here, not on the stack.
      if (handing) return;
      handing = true;
      try {
        for (; free > 0; free -= 1) handOn();
      } finally {
        handing = false;
      }
    },
    load: () => taken + line.length - head,
  };
};
