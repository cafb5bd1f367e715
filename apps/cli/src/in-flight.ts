// Many calls, a bounded number at once.

/**
 * Calls `run` for 0 … count − 1 in that order, at most `inFlightMax` at once. After the first rejection nothing new is begun;
 * what is under way is awaited, and the first error is thrown.
 */
export async function runInFlight(count: number, inFlightMax: number, run: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  let failure: { readonly error: unknown } | null = null;
  const lane = async (): Promise<void> => {
    while (next < count && failure === null) {
      const index = next++;
      try {
        await run(index);
      } catch (error) {
        failure ??= { error };
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(count, inFlightMax) }, lane));
  // The lanes assign it, which the compiler does not follow.
  const first = failure as { readonly error: unknown } | null;
  if (first !== null) throw first.error;
}
