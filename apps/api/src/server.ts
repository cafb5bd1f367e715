// The API, put together: keys, ingest, reading, health. It holds no state that is not in Postgres; start as many as wanted.
import { createHmac, randomInt } from 'node:crypto';
import { problem } from '@posthorn/core';
import {
  createSecretBox,
  type Database,
  ensureTenant,
  findKeptEvents,
  findKeyOwner,
  type HotPool,
  insertEvents,
  type StoredDispatch,
  startDatabaseClock,
  statisticsSlots,
} from '@posthorn/db';
import type { Egress } from '@posthorn/egress';
import { createQueueProducer, type QueueLocation } from '@posthorn/queue';
import { createErrorLog, type Logger, type Metrics } from '@posthorn/telemetry';
import Fastify, { type FastifyInstance } from 'fastify';
import { LRUCache } from 'lru-cache';
import { createAccess, registerAccess } from './access.js';
import { createCursors } from './cursor.js';
import { answerProblem, registerProblems } from './errors.js';
import { limits } from './limits.js';
import { createMicroBatcher } from './micro-batcher.js';
import { deliveryRoutes } from './routes/deliveries.js';
import { deliveryActionRoutes } from './routes/delivery-actions.js';
import { explainRoutes } from './routes/explain.js';
import { healthRoutes } from './routes/health.js';
import type { WebhookDependencies } from './routes/own-webhook.js';
import { publishRoutes } from './routes/publish.js';
import { replayRoutes } from './routes/replays.js';
import { webhookActionRoutes } from './routes/webhook-actions.js';
import { webhookChangeRoutes } from './routes/webhook-changes.js';
import { webhookReadingRoutes } from './routes/webhook-reading.js';
import { webhookTestRoute } from './routes/webhook-test.js';
import { webhookRoutes } from './routes/webhooks.js';
import { compileSchema } from './validation.js';

export type ApiOptions = {
  readonly pool: HotPool;
  readonly db: Database;
  readonly queue: QueueLocation;
  readonly queueShards: number;
  readonly idempotencyHours: number;
  /** 32 bytes */
  readonly encryptionKey: Buffer;
  readonly egress: Egress;
  readonly logger: Logger;
  readonly metrics: Metrics;
};

export type Api = {
  /** Fastify's own, for those who add to it. */
  readonly app: FastifyInstance;
  /** Listens; returns the port. */
  readonly listen: (host: string, port: number) => Promise<number>;
  /** Takes nothing more, commits and answers what it has, closes. */
  readonly stop: () => Promise<void>;
};

const requestIdPattern = /^[A-Za-z0-9._-]{1,128}$/;

const newApp = (): FastifyInstance =>
  Fastify({
    logger: false,
    bodyLimit: limits.requestBytesMax,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: 65_000,
    frameworkErrors: answerProblem,
    routerOptions: { ignoreTrailingSlash: true, ignoreDuplicateSlashes: true },
    genReqId: (request) => {
      const given = request.headers['x-request-id'];
      return typeof given === 'string' && requestIdPattern.test(given) ? given : crypto.randomUUID();
    },
  });

/** Makes the API on open resources; they stay the caller's to close. */
export const createApi = async (options: ApiOptions): Promise<Api> => {
  const { pool, db, logger, metrics } = options;
  const logError = createErrorLog(logger);
  const clock = await startDatabaseClock(pool);
  const { newId } = clock;
  const queue = createQueueProducer({
    location: options.queue,
    shards: options.queueShards,
    onError: (error) => logError('queue.error', error),
  });

  // A batch of a thousand events may name one new tenant a thousand times: who comes while it is looked up waits for the same answer.
  const tenants = new LRUCache<string, Promise<string>>({ max: limits.tenantsMax });
  const tenantId = (environmentId: string, key: string): Promise<string> => {
    const cacheKey = `${environmentId} ${key}`;
    const known = tenants.get(cacheKey);
    if (known !== undefined) return known;
    const found = ensureTenant(db, environmentId, key, newId());
    tenants.set(cacheKey, found);
    found.catch(() => tenants.delete(cacheKey));
    return found;
  };

  const enqueue = (dispatches: readonly StoredDispatch[]): void => {
    for (const { id, shard, eventIds } of dispatches) {
      if (queue.waiting('first', shard) >= limits.waitingDispatchesMax) continue;
      const job = { id, claim: 0, firstEventId: eventIds[0] ?? id, lastEventId: eventIds.at(-1) ?? id };
      queue.addDispatch(job, shard).catch((error: unknown) => logError('queue.add_failed', error));
    }
  };
  let turn = 0;
  const nextShard = (): number => {
    turn = (turn + 1) % options.queueShards;
    return turn;
  };
  // A dispatch that nobody enqueues is due at once: the scheduler feeds it when there is room.
  const hasRoom = (shard: number): boolean => queue.waiting('first', shard) < limits.waitingDispatchesMax;
  const batcher = createMicroBatcher({
    newId,
    nextShard,
    commit: (events) =>
      insertEvents(pool, events, events.every(({ shard }) => hasRoom(shard)) ? limits.dispatchLeaseMs : 0, options.idempotencyHours),
    enqueue,
    lingerMs: limits.lingerMs[options.queue.kind],
    onCommitted: (events, durationMs) => {
      metrics.commitBatchEvents.observe(events);
      metrics.commitSeconds.observe(durationMs / 1000);
    },
  });

  const cursors = createCursors(createHmac('sha256', options.encryptionKey).update('cursors').digest());
  const app = newApp();
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id);
    done();
  });
  // Answers are what the handlers make; the schemas of answers are for those who read them.
  app.setSerializerCompiler(() => JSON.stringify);
  // Fastify takes text as it is, past every check of our own parser: an event comes as application/json or not at all.
  app.removeContentTypeParser('text/plain');
  app.setValidatorCompiler(compileSchema);
  registerAccess(
    app,
    createAccess((keyHash) => findKeyOwner(db, keyHash)),
  );
  registerProblems(app, (error, requestId) => logError('request.failed', error, { request_id: requestId }));
  await app.register(healthRoutes({ pool, queue, metrics }));
  await app.register(
    publishRoutes({
      tenantId,
      batcher,
      findKept: (keys) => findKeptEvents(pool, keys, options.idempotencyHours),
      onAccepted: (count) => metrics.eventsAccepted.inc(count),
      onRejected: (code) => metrics.eventsRejected.inc({ code }),
    }),
  );
  await app.register(deliveryRoutes({ db, cursors }));
  await app.register(explainRoutes({ db, cursors }));
  const webhooks: WebhookDependencies = {
    pool,
    db,
    cursors,
    newId,
    nowMs: clock.nowMs,
    secretBox: createSecretBox(options.encryptionKey),
    egress: options.egress,
    tenantId,
    slot: randomInt(statisticsSlots),
  };
  for (const routes of [webhookRoutes, webhookChangeRoutes, webhookActionRoutes, webhookReadingRoutes, webhookTestRoute])
    await app.register(routes(webhooks));
  for (const routes of [deliveryActionRoutes, replayRoutes]) await app.register(routes(webhooks));

  return {
    app,
    listen: async (host, port) => {
      // Without the queue it accepts all the same; with it, the first events need not wait for the scheduler.
      await queue.ready().catch(() => undefined);
      await app.listen({ host, port });
      const address = app.server.address();
      if (address === null || typeof address === 'string') throw problem('internal', 'the API listens on no port');
      return address.port;
    },
    stop: async () => {
      await app.close();
      await batcher.drain();
      clock.stop();
      await queue.close();
    },
  };
};
