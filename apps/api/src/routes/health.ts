// Whether the API lives, whether it is ready (it needs Postgres alone: without the queue it still accepts), and its metrics.
import type { HotPool } from '@posthorn/db';
import type { QueueProducer } from '@posthorn/queue';
import type { Metrics } from '@posthorn/telemetry';
import type { FastifyContextConfig, FastifyInstance } from 'fastify';
import { Type } from 'typebox';

export type HealthDependencies = {
  readonly pool: HotPool;
  readonly queue: QueueProducer;
  readonly metrics: Pick<Metrics, 'text' | 'contentType'>;
  /** Whether the process answers what it has and sends all others elsewhere. */
  readonly isStopping: () => boolean;
};

const tags = ['Operations'];
const health = { operationId: 'getHealth', tags, summary: 'Ask whether the process lives', response: { 200: Type.Ref('Health') } };
const readiness = {
  operationId: 'getReadiness',
  tags,
  summary: 'Ask whether requests are answered',
  response: { 200: Type.Ref('Readiness'), 503: Type.Ref('Readiness') },
};
const metricsText = {
  operationId: 'getMetrics',
  tags,
  summary: 'Read the metrics',
  produces: ['text/plain'],
  response: { 200: Type.String({ description: 'Metrics, as Prometheus reads them.' }) },
};

/** Asked most of all when there is too much to do. */
const config: FastifyContextConfig = { permission: 'public', isVital: true };

const degradedOf = (unreachable: PromiseSettledResult<readonly number[]>): Readonly<Record<string, string>> => {
  if (unreachable.status === 'rejected') return { queue: 'not reachable; events are accepted and delivered once it is back' };
  const { value: shards } = unreachable;
  return shards.length === 0 ? {} : { queue: `shards ${shards.join(', ')} not reachable; the others take their share` };
};

export const healthRoutes =
  ({ pool, queue, metrics, isStopping }: HealthDependencies) =>
  async (app: FastifyInstance) => {
    app.get('/healthz', { config, schema: health }, async () => ({ status: 'ok' }));

    app.get('/readyz', { config, schema: readiness }, async (_request, reply) => {
      const [database, queued] = await Promise.allSettled([pool.query('select 1'), queue.ready().then(queue.unreachable)]);
      const problems = {
        ...(isStopping() && { process: 'it is stopping' }),
        ...(database.status === 'rejected' && { postgres: 'not reachable' }),
      };
      const ready = Object.keys(problems).length === 0;
      return reply.code(ready ? 200 : 503).send({
        status: ready ? 'ready' : 'not ready',
        problems,
        degraded: degradedOf(queued),
      });
    });

    app.get('/metrics', { config, schema: metricsText }, async (_request, reply) =>
      reply.type(metrics.contentType).send(await metrics.text()),
    );
  };
