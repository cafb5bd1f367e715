// What stands in the queues now, for metrics: jobs by lane and state over all shards, and the memory of Redis.
import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { type Lane, lanes } from './jobs.js';

export type QueueLook = {
  readonly jobs: Readonly<Record<Lane, { readonly waiting: number; readonly active: number }>>;
  /** Over all masters; null: the queue is on Postgres. */
  readonly redis: { readonly usedBytes: number; readonly maxBytes: number; readonly evictedKeys: number } | null;
};

export type LookedAt = { readonly lane: Lane; readonly queue: Pick<Queue, 'getJobCounts'> };

const numberIn = (info: string, name: string): number => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1] ?? 0);

/** A cluster's client has its masters; a single server is one itself. */
const mastersOf = (redis: Redis): readonly Redis[] =>
  (redis as Redis & { nodes?: (role: 'master') => readonly Redis[] }).nodes?.('master') ?? [redis];

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);

const readRedis = async (redis: Redis): Promise<NonNullable<QueueLook['redis']>> => {
  const infos = await Promise.all(mastersOf(redis).map((each) => each.info()));
  const total = (name: string): number => sum(infos.map((info) => numberIn(info, name)));
  return { usedBytes: total('used_memory'), maxBytes: total('maxmemory'), evictedKeys: total('evicted_keys') };
};

/** Asks the queues; rejects if one does not answer. */
export const lookAtQueues = async (queues: readonly LookedAt[], redis: Redis | null): Promise<QueueLook> => {
  const [counts, memory] = await Promise.all([
    Promise.all(queues.map(async ({ lane, queue }) => ({ lane, ...(await queue.getJobCounts('waiting', 'active')) }))),
    redis === null ? null : readRedis(redis),
  ]);
  const ofLane = (lane: Lane) => {
    const own = counts.filter((each) => each.lane === lane) as readonly { waiting?: number; active?: number }[];
    return { waiting: sum(own.map((each) => each.waiting ?? 0)), active: sum(own.map((each) => each.active ?? 0)) };
  };
  return { jobs: Object.fromEntries(lanes.map((lane) => [lane, ofLane(lane)])) as QueueLook['jobs'], redis: memory };
};
