// Whether the API lives, whether it is ready (it needs Postgres alone: without the queue and without workers it still accepts), and its metrics.
import { type HotPool, readReadiness } from '@posthorn/db';
import type { QueueProducer, QueueState } from '@posthorn/queue';
import { createTimely, type Metrics } from '@posthorn/telemetry';
import type { FastifyContextConfig, FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { limits } from '../limits.js';

export type HealthDependencies = {
  readonly pool: HotPool;
  readonly queue: QueueProducer;
  readonly metrics: Pick<Metrics, 'text' | 'contentType'>;
  /** Whether the process answers what it has and sends all others elsewhere. */
  readonly isStopping: () => boolean;
  /** What keeps the worker in the same process from working, by check; `{}`: nothing, or there is none. Events are accepted all the same. */
  readonly workerProblems: () => Promise<Readonly<Record<string, string>>>;
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

type Checks = Readonly<Record<string, string>>;

const queueTrouble = (asked: PromiseSettledResult<QueueState>): Checks => {
  if (asked.status === 'rejected') return { queue: 'not reachable; events are accepted and delivered once it is back' };
  const { unreachable, refuses, doubt } = asked.value;
  const said = [
    unreachable.length > 0 && `shards ${unreachable.join(', ')} not reachable; the others take their share`,
    refuses !== null && `${refuses}; events are accepted and delivered once it does`,
    doubt,
  ].filter((text) => typeof text === 'string');
  return said.length === 0 ? {} : { queue: said.join('; ') };
};

const workerTrouble = (worker: PromiseSettledResult<Checks>): Checks => {
  const problems = worker.status === 'rejected' ? { checks: 'no answer in time' } : worker.value;
  const text = Object.entries(problems).map(([check, problem]) => `${check}: ${problem}`);
  return text.length === 0 ? {} : { worker: text.join('; ') };
};

export const healthRoutes =
  ({ pool, queue, metrics, isStopping, workerProblems }: HealthDependencies) =>
  async (app: FastifyInstance) => {
    const { readiness: times } = limits;
    const askDatabase = createTimely(() => readReadiness(pool), times);
    const askQueue = createTimely(() => queue.state(limits.shardPatienceMs), times);
    const askWorker = createTimely(workerProblems, times);

    app.get('/healthz', { config, schema: health }, async () => ({ status: 'ok' }));

    app.get('/readyz', { config, schema: readiness }, async (_request, reply) => {
      const [database, queued, worker] = await Promise.allSettled([askDatabase(), askQueue(), askWorker()]);
      const problems: Checks = {
        ...(isStopping() && { process: 'it is stopping' }),
        ...(database.status === 'rejected' ? { postgres: 'not reachable' } : database.value.problems),
      };
      const degraded: Checks = {
        ...(database.status === 'fulfilled' && database.value.degraded),
        ...queueTrouble(queued),
        ...workerTrouble(worker),
      };
      const ready = Object.keys(problems).length === 0;
      return reply.code(ready ? 200 : 503).send({ status: ready ? 'ready' : 'not ready', problems, degraded });
    });

    app.get('/metrics', { config, schema: metricsText }, async (_request, reply) =>
      reply.type(metrics.contentType).send(await metrics.text()),
    );
  };
