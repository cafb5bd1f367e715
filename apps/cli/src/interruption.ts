// Ctrl-C and SIGTERM as an AbortSignal, so that a command that runs on can end in order.
// A command listens only while it runs; a signal that comes again while it cleans up changes nothing.

export type Interruption = {
  readonly signal: AbortSignal;
  /** Gives the signals back to the process. */
  dispose(): void;
};

export function listenForInterruption(): Interruption {
  const controller = new AbortController();
  const interrupt = (name: NodeJS.Signals): void => controller.abort(new Error(`interrupted by ${name}`));
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  return {
    signal: controller.signal,
    dispose: () => {
      process.off('SIGINT', interrupt);
      process.off('SIGTERM', interrupt);
    },
  };
}
