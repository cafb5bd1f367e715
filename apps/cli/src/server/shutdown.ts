// When a server process ends: on a signal, or when the npm that started it is gone (npm can be killed without passing the signal on).
// npm delivers Ctrl-C twice within a millisecond, so only a signal that comes 2 s later ends the process at once.

const secondSignalAfterMs = 2_000;
const lookForParentEveryMs = 500;

export type ShutdownOptions = {
  readonly stop: () => Promise<void>;
  /** End also when the parent process ends. */
  readonly withParent: boolean;
  readonly say: (line: string) => void;
};

/** Resolves with the exit code once `stop` has run after the first reason to end. */
export const untilShutdown = (options: ShutdownOptions): Promise<number> =>
  new Promise((resolve) => {
    let beganAt: number | null = null;
    const begin = (reason: string): void => {
      if (beganAt !== null) {
        if (performance.now() - beganAt > secondSignalAfterMs) process.exit(1);
        return;
      }
      beganAt = performance.now();
      options.say(`stopping (${reason})`);
      clearInterval(parentWatch);
      options.stop().then(
        () => resolve(0),
        (error: unknown) => {
          options.say(`stopping failed: ${String(error)}`);
          resolve(1);
        },
      );
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => begin(signal));
    const parent = process.ppid;
    const parentWatch = options.withParent
      ? setInterval(() => {
          if (process.ppid !== parent) begin('the parent process ended');
        }, lookForParentEveryMs)
      : undefined;
  });
