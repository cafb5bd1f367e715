// Gathers items for a few milliseconds and writes them together, one write at a time, so that two writes never meet on a row.

/**
 * Returns a function that adds an item and resolves when the write that held it is done, or rejects with its error.
 * `everyMs`: how long the first item of a batch waits for others.
 */
export function createBatch<T>(everyMs: number, write: (items: readonly T[]) => Promise<void>): (item: T) => Promise<void> {
  let gathering: { readonly items: T[]; readonly written: Promise<void> } | undefined;
  let lastWrite: Promise<void> = Promise.resolve();

  const gather = (): { readonly items: T[]; readonly written: Promise<void> } => {
    const items: T[] = [];
    const written = new Promise<void>((resolve, reject) => {
      setTimeout(() => {
        gathering = undefined;
        lastWrite = lastWrite.then(() => write(items)).then(resolve, reject);
      }, everyMs);
    });
    return { items, written };
  };

  return (item) => {
    gathering ??= gather();
    gathering.items.push(item);
    return gathering.written;
  };
}
