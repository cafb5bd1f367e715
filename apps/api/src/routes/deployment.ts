// GET /v1/deployment: what runs, and how it is kept up.
import { formatRfc3339 } from '@posthorn/core';
import { type Database, findUnservedShards, listProcesses, readUpkeep } from '@posthorn/db';
import { type lanes, type QueueProducer, shardsBelow } from '@posthorn/queue';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';

export type DeploymentDependencies = {
  readonly db: Database;
  readonly queue: Pick<QueueProducer, 'ready' | 'shards' | 'unreachable' | 'waiting'>;
  readonly queueBackend: 'redis' | 'postgres';
};

const schema = {
  operationId: 'getDeployment',
  tags: ['Operations'],
  summary: 'Read what runs, and how it is kept up',
  response: { 200: Type.Ref('Deployment') },
};

const time = (at: Date): string => formatRfc3339(at.getTime());
/** `events_p20261122` is a day. */
const dayOf = (partition: string | null): string | null => {
  const [, year, month, day] = /(\d{4})_?(\d\d)_?(\d\d)$/.exec(partition ?? '') ?? [];
  return year === undefined ? null : `${year}-${month}-${day}`;
};

/** GET /v1/deployment. */
export const deploymentRoute =
  ({ db, queue, queueBackend }: DeploymentDependencies) =>
  async (app: FastifyInstance) => {
    const waitingIn = (lane: (typeof lanes)[number]): number =>
      shardsBelow(queue.shards)
        .map((shard) => queue.waiting(lane, shard))
        .reduce((sum, count) => sum + count, 0);

    app.get('/v1/deployment', { config: { permission: 'read_deployment' }, schema }, async () => {
      const all = shardsBelow(queue.shards);
      const [processes, upkeep, unreachable] = await Promise.all([
        listProcesses(db),
        readUpkeep(db),
        queue
          .ready()
          .then(() => queue.unreachable())
          .catch(() => all),
      ]);
      const waiting = { first: waitingIn('first'), due: waitingIn('due'), replay: waitingIn('replay') };
      return {
        processes: processes.map(({ started_at, seen_at, ...facts }) => ({
          ...facts,
          started_at: time(started_at),
          seen_at: time(seen_at),
        })),
        queue: {
          backend: queueBackend,
          shards: queue.shards,
          is_reachable: unreachable.length < all.length,
          unreachable_shards: unreachable,
          unserved_shards: findUnservedShards(
            processes.map(({ shards: served }) => ({ served })),
            queue.shards,
          ),
          waiting: Object.values(waiting).every(Number.isFinite) ? waiting : null,
        },
        scheduler: {
          is_active: upkeep.scheduler_until !== null,
          held_until: upkeep.scheduler_until === null ? null : time(upkeep.scheduler_until),
          holder_id: upkeep.scheduler_holder,
        },
        database: {
          schema: upkeep.schema,
          partitions: upkeep.partitions,
          partitions_ahead: upkeep.partitions_ahead,
          last_partition: dayOf(upkeep.last_partition),
        },
      };
    });
  };
