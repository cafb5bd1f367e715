// How the whole runs, for those who run it.
import { Type } from 'typebox';
import { count, nullable, oneOf, time, timeOrNull, uuid } from './fields.js';

export const deploymentSchema = Type.Object(
  {
    processes: Type.Array(
      Type.Object({
        id: uuid(),
        role: oneOf(['api', 'worker']),
        host: Type.String(),
        pid: Type.Integer(),
        node_version: Type.String(),
        version: nullable(Type.String(), { description: 'Of Posthorn; null: it does not say.' }),
        commit: nullable(Type.String(), { description: 'What it was built of (`POSTHORN_COMMIT`); null: not known.' }),
        jobs_max: nullable(Type.Integer({ minimum: 1 }), {
          description: 'Jobs that a worker takes at once, a lane and shard; null: it takes none.',
        }),
        shards: nullable(Type.Array(Type.Integer({ minimum: 0 })), {
          description: 'Shards of the queue that a worker serves; null: it is none, or it does not say.',
        }),
        started_at: time(),
        seen_at: time(),
      }),
      { description: 'Those that said so within 15 s. A process that runs both stands here twice.' },
    ),
    queue: Type.Object({
      backend: oneOf(['redis', 'postgres']),
      shards: Type.Integer({ minimum: 1, description: 'New events go to shards 0 up to this, without it.' }),
      is_reachable: Type.Boolean({ description: 'Any shard of it.' }),
      unreachable_shards: Type.Array(Type.Integer({ minimum: 0 }), { description: 'The others take their share.' }),
      unserved_shards: Type.Array(Type.Integer({ minimum: 0 }), {
        description: 'What is in them waits for a worker that serves them (`POSTHORN_WORKER_SHARDS`).',
      }),
      waiting: nullable(Type.Object({ first: count(), due: count(), replay: count() }), {
        description: 'Jobs by lane, as this process counts them; null: it cannot be reached.',
      }),
    }),
    scheduler: Type.Object({
      is_active: Type.Boolean(),
      held_until: timeOrNull(),
      holder_id: nullable(uuid(), { description: 'The process whose scheduler is active.' }),
    }),
    database: Type.Object({
      schema: nullable(Type.String(), { description: 'The newest migration.' }),
      partitions: count('Days of events.'),
      partitions_ahead: count('How many of them are days to come.'),
      last_partition: nullable(Type.String({ format: 'date' }), { description: 'The last day that has one.' }),
    }),
  },
  { $id: 'Deployment', description: 'How the whole runs.' },
);
