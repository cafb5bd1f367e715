// What makes a Redis that answers unfit for jobs, in words for health checks, which anybody may read: without addresses.
import { mayEvict, type RedisFacts } from './redis-facts.js';

export type QueueTrouble = {
  /** Why it takes no jobs; null: it takes them. */
  readonly refuses: string | null;
  /** What is wrong while it takes them; null: nothing. */
  readonly doubt: string | null;
};

export const noTrouble: QueueTrouble = { refuses: null, doubt: null };

type Judged = Pick<RedisFacts, 'isReplica' | 'isFull' | 'maxmemoryPolicy' | 'persistence'>;

const refusalOf = (redis: Judged): string | null => {
  if (redis.isReplica) return 'Redis is a replica and takes no jobs';
  return redis.isFull && !mayEvict(redis) ? 'Redis is full (maxmemory) and takes no jobs' : null;
};

const doubtOf = (redis: Judged): string | null => {
  if (mayEvict(redis)) return `Redis throws jobs away when it is full (maxmemory-policy ${redis.maxmemoryPolicy})`;
  return redis.persistence.lastSaved ? null : 'Redis could not write its last snapshot, and may take no jobs until it can';
};

const all = (words: readonly (string | null)[]): string | null => {
  const said = [...new Set(words.filter((word) => word !== null))];
  return said.length === 0 ? null : said.join('; ');
};

/** What is to be said of the servers together; one that takes no jobs is said, whatever the others do. */
export const troubleOf = (servers: readonly Judged[]): QueueTrouble => ({
  refuses: all(servers.map(refusalOf)),
  doubt: all(servers.map(doubtOf)),
});
