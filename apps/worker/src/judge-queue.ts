// What a worker's health check says of the queue, from what was found there.
import type { QueueState } from '@posthorn/queue';

type Checks = Readonly<Record<string, string>>;

/**
 * What the queue keeps a worker from doing, by check: `problems` if none of the shards that it serves answers or takes jobs, else what others may do as
 * well. Work that is fed to a shard that does not answer goes to others; what is fed to one that nobody serves waits.
 * @param unserved shards that no worker says it serves
 */
export const judgeQueue = (
  { fed, served }: { readonly fed: number; readonly served: readonly number[] },
  { unreachable, refuses, doubt }: QueueState,
  unserved: readonly number[],
): { readonly problems: Checks; readonly degraded: Checks } => {
  // It may not have said yet what it serves itself.
  const abandoned = unserved.filter((shard) => !served.includes(shard));
  const usable = served.filter((shard) => shard >= fed || !unreachable.includes(shard));
  const silent = `shards ${unreachable.join(', ')} not reachable`;
  const isCutOff = served.length > 0 && usable.length === 0;
  const trouble = isCutOff ? (unreachable.length === fed ? 'not reachable' : `${silent}, and it serves no others`) : refuses;
  const doubts = [usable.length > 0 && unreachable.length > 0 && `${silent}; the others take their share`, doubt].filter(
    (text) => typeof text === 'string',
  );
  return {
    problems: {
      ...(served.length === 0 && { shards: 'serves no shard of the queue: see POSTHORN_WORKER_SHARDS' }),
      ...(trouble !== null && { queue: trouble }),
    },
    degraded: {
      ...(doubts.length > 0 && { queue: doubts.join('; ') }),
      ...(abandoned.length > 0 && { shards: `no worker serves ${abandoned.join(', ')}: what is in them waits (POSTHORN_WORKER_SHARDS)` }),
    },
  };
};
