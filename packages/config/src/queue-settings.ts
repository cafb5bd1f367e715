// What the variables of the queue may say: where Redis is, and which shards a worker serves.

/** Whether it is the address of a Redis, or several of a Redis Cluster, comma-separated; those after the first may be `host:port` alone. */
export const isRedisUrl = (text: string): boolean => {
  const [first = '', ...others] = text.split(',').map((each) => each.trim());
  const isAddress = (address: string): boolean => {
    const url = URL.canParse(address) ? new URL(address) : null;
    return url !== null && /^rediss?:$/.test(url.protocol) && url.hostname !== '';
  };
  return isAddress(first) && others.every((each) => isAddress(each.includes('://') ? each : `redis://${each}`));
};

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
