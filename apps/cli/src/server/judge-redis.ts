// What a Redis must be and how it should be set to hold the queue. What it loses is found again from Postgres, later: so little is refused.
import { advisedRedis, mayEvict, oldestRedis, type RedisFacts } from '@posthorn/queue';

export type RedisJudgement = {
  /** Why Posthorn does not start on it; null: it may. */
  readonly refusal: string | null;
  /** What is wrong now or may become so, each with what to change. */
  readonly doubts: readonly string[];
};

export const judgeRedis = (facts: Omit<RedisFacts, 'persistence' | 'usedBytes' | 'maxBytes'>): RedisJudgement => {
  const { address, version, maxmemoryPolicy } = facts;
  const doubts = [
    facts.isOld && `Redis ${version} at ${address} is old: ${advisedRedis} or newer is advised`,
    facts.isReplica && `Redis at ${address} is a replica, which takes no jobs: REDIS_URL must name the primary`,
    facts.isFull &&
      maxmemoryPolicy === 'noeviction' &&
      `Redis at ${address} has used its maxmemory and takes no jobs: give it more; events are accepted and delivered once it has room`,
    mayEvict(facts) &&
      `Redis at ${address} throws jobs away when its memory is full (maxmemory-policy ${maxmemoryPolicy}): set maxmemory-policy noeviction`,
  ];
  return {
    refusal: facts.isTooOld ? `Redis ${version} at ${address} is too old: Posthorn needs ${oldestRedis} or newer` : null,
    doubts: doubts.filter((doubt) => doubt !== false),
  };
};

/** Why a Redis refuses who asks, though it is there; null: it is not reachable, or another matter. */
export const redisRefusal = (error: unknown): string | null => {
  const message = error instanceof Error ? error.message : String(error);
  if (/^(WRONGPASS|ERR invalid password|ERR AUTH)/.test(message)) return 'Redis refuses the user or the password of REDIS_URL';
  if (/^NOAUTH/.test(message)) return 'Redis asks for a password: add it to REDIS_URL';
  return /^NOPERM/.test(message) ? 'Redis does not allow the user of REDIS_URL what the queue needs (NOPERM)' : null;
};
