// Which shards of the queue a worker serves.

/** Shards by number, each once and in order; `all`: whichever there are. */
export type WorkerShards = 'all' | readonly number[];

const shardsMax = 64;

/** Reads `all`, or numbers and ranges from 0 to 63, as `0-3,7`; null: it is none of these. */
export const readWorkerShards = (text: string): WorkerShards | null => {
  if (text.trim() === 'all') return 'all';
  const ranges = text.split(',').map((each) => /^\s*(\d{1,2})(?:-(\d{1,2}))?\s*$/.exec(each));
  const shards = new Set<number>();
  for (const range of ranges) {
    const from = Number(range?.[1]);
    const to = Number(range?.[2] ?? range?.[1]);
    if (range === null || from > to || to >= shardsMax) return null;
    for (let shard = from; shard <= to; shard++) shards.add(shard);
  }
  return [...shards].sort((one, other) => one - other);
};
