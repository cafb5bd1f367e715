// Waiting until nothing is under way any more.
const lookEveryMs = 5;

/** Resolves with true as soon as `count` is 0, with false when it was not within `timeoutMs`. */
export const isQuietWithin = async (count: () => number, timeoutMs: number): Promise<boolean> => {
  const deadline = performance.now() + timeoutMs;
  while (count() > 0) {
    if (performance.now() > deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
  }
  return true;
};
