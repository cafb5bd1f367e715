// What of a deployment somebody has to act on, in words.
import type { Deployment } from '../../api/admin-queries.js';

const dayMs = 86_400_000;

/** Those who say what they run, each once. */
const buildsOf = (processes: Deployment['processes']): readonly string[] => [
  ...new Set(
    processes.flatMap(({ version, commit }) =>
      version === null ? [] : [commit === null ? version : `${version} (${commit.slice(0, 10)})`],
    ),
  ),
];

/** Sentences; none: all is well. */
export const alarmsOf = ({ processes, queue, scheduler, database }: Deployment, nowMs: number): readonly string[] => {
  const isMissing = (role: 'api' | 'worker') => !processes.some((each) => each.role === role);
  const builds = buildsOf(processes);
  const tomorrow = new Date(nowMs + dayMs).toISOString().slice(0, 10);
  return [
    ...(isMissing('worker') ? ['No worker was heard of in the last seconds: events are accepted, but nothing is delivered.'] : []),
    ...(queue.is_reachable && queue.unreachable_shards.length > 0
      ? [`Shards ${queue.unreachable_shards.join(', ')} of the queue cannot be reached: the others take their share.`]
      : []),
    ...(isMissing('worker') || queue.unserved_shards.length === 0
      ? []
      : [`No worker serves shards ${queue.unserved_shards.join(', ')} of the queue: what is in them waits (POSTHORN_WORKER_SHARDS).`]),
    ...(queue.is_reachable ? [] : ['The queue cannot be reached: events are accepted and delivered once it is back.']),
    ...(scheduler.is_active ? [] : ['No scheduler is active: retries and upkeep wait for one.']),
    ...(builds.length > 1 ? [`The processes are not all of one build: ${builds.join(', ')}.`] : []),
    ...(database.last_partition !== null && database.last_partition < tomorrow
      ? ['There is no partition for tomorrow: from then on events cannot be kept.']
      : []),
  ];
};
