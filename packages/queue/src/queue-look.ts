// What stands in the queues now, for metrics: jobs by lane and state over all shards, and the memory of Redis.
import type { Queue } from 'bullmq';
import { Cluster, type Redis } from 'ioredis';
import { type Lane, lanes } from './jobs.js';
import type { RedisClient } from './redis-client.js';
import { mayEvict, readRedisInfo } from './redis-facts.js';
import { type QueueTrouble, troubleOf } from './redis-trouble.js';
import { withTimeout } from './with-timeout.js';

export type QueueLook = {
  /** Shards that are fed and do not answer. */
  readonly unreachableShards: readonly number[];
  readonly jobs: Readonly<Record<Lane, { readonly waiting: number; readonly active: number }>>;
  /** Over all masters; null: the queue is on Postgres. */
  readonly redis: {
    readonly usedBytes: number;
    readonly maxBytes: number;
    readonly evictedKeys: number;
    /** One of them is set such that it throws keys away when its memory is full. */
    readonly mayEvict: boolean;
  } | null;
};

export type LookedAt = { readonly lane: Lane; readonly queue: Pick<Queue, 'getJobCounts'> };

const numberIn = (info: string, name: string): number => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1] ?? 0);

/** A cluster's client has its masters; a single server is one itself. */
const mastersOf = (redis: RedisClient): readonly Redis[] => (redis instanceof Cluster ? redis.nodes('master') : [redis]);

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);

/** What those say that answer; rejects if nobody does. A shard of a cluster may be away without the others. */
const ofThoseWhoAnswer = async <T>(asked: readonly Promise<T>[]): Promise<readonly T[]> => {
  const answers = await Promise.allSettled(asked);
  const [refusal] = answers.filter((answer) => answer.status === 'rejected');
  const values = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
  if (values.length === 0 && refusal !== undefined) throw refusal.reason;
  return values;
};

const readInfos = (redis: RedisClient): Promise<readonly string[]> => ofThoseWhoAnswer(mastersOf(redis).map((each) => each.info()));

const readRedis = async (redis: RedisClient): Promise<NonNullable<QueueLook['redis']>> => {
  const infos = await readInfos(redis);
  const total = (name: string): number => sum(infos.map((info) => numberIn(info, name)));
  return {
    usedBytes: total('used_memory'),
    maxBytes: total('maxmemory'),
    evictedKeys: total('evicted_keys'),
    mayEvict: infos.some((info) => mayEvict(readRedisInfo('', info, null))),
  };
};

/** What is wrong with the masters that answer within `patienceMs`; of the others nothing is said. */
export const lookForTrouble = async (redis: RedisClient, patienceMs: number): Promise<QueueTrouble> => {
  const infos = mastersOf(redis).map((each) =>
    withTimeout(each.info(), patienceMs).then(
      (info) => [info],
      () => [],
    ),
  );
  return troubleOf((await Promise.all(infos)).flat().map((info) => readRedisInfo('', info, null)));
};

/** Asks the queues of all shards that answer; rejects if none does. */
export const lookAtQueues = async (
  queues: readonly LookedAt[],
  redis: RedisClient | null,
): Promise<Omit<QueueLook, 'unreachableShards'>> => {
  const [counts, memory] = await Promise.all([
    ofThoseWhoAnswer(queues.map(async ({ lane, queue }) => ({ lane, ...(await queue.getJobCounts('waiting', 'active')) }))),
    redis === null ? null : readRedis(redis),
  ]);
  const ofLane = (lane: Lane) => {
    const own = counts.filter((each) => each.lane === lane) as readonly { waiting?: number; active?: number }[];
    return { waiting: sum(own.map((each) => each.waiting ?? 0)), active: sum(own.map((each) => each.active ?? 0)) };
  };
  return { jobs: Object.fromEntries(lanes.map((lane) => [lane, ofLane(lane)])) as QueueLook['jobs'], redis: memory };
};
