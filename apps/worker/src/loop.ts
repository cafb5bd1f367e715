// A loop that works while there is something to do, and rests when there is not.

export type Loop = {
  readonly start: () => void;
  /** Resolves when the round that has begun is finished; no other begins. */
  readonly stop: () => Promise<void>;
};

export type LoopOptions = {
  /** True: there is more, come again at once. */
  readonly round: () => Promise<boolean>;
  /** How long it rests after a round that found nothing, or that failed. */
  readonly restMs: () => number;
  readonly onError: (error: unknown) => void;
};

/** Runs `round` over and over, at once again after one that returns true, until it is stopped. */
export const createLoop = ({ round, restMs, onError }: LoopOptions): Loop => {
  let stopped = false;
  let wake: () => void = () => undefined;
  let running: Promise<void> = Promise.resolve();
  const rest = (): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, restMs());
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  const run = async (): Promise<void> => {
    while (!stopped) {
      const more = await round().catch((error: unknown) => {
        onError(error);
        return false;
      });
      if (!more && !stopped) await rest();
    }
  };
  return {
    start: () => {
      running = run();
    },
    stop: async () => {
      stopped = true;
      wake();
      await running;
    },
  };
};
