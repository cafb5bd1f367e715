// What must not outlive this process: actions that run when it exits, unless they were taken back.

const actions = new Set<() => void>();

/** Runs the action, which must be synchronous, when the process exits. Returns the function that takes it back. */
export function atExit(action: () => void): () => void {
  if (actions.size === 0) process.on('exit', runAll);
  actions.add(action);
  return () => {
    actions.delete(action);
    if (actions.size === 0) process.off('exit', runAll);
  };
}

/** One action that throws does not keep the others from running. */
function runAll(): void {
  for (const action of actions) {
    try {
      action();
    } catch {
      // Nobody is left to be told.
    }
  }
}
