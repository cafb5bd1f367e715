// The API, put together: keys, ingest, reading, health. It holds no state that is not in Postgres; start as many as wanted.
import { createHmac, randomInt } from 'node:crypto';
import { problem } from '@posthorn/core';
import {
  createSecretBox,
  type Database,
  ensureTenant,
  findEventType,
  findKeptEvents,
  findKeyOwner,
  type HotPool,
  insertEvents,
  listEventSchemaVersions,
  type StoredDispatch,
  startDatabaseClock,
  statisticsSlots,
  touchApiKey,
} from '@posthorn/db';
import type { Egress } from '@posthorn/egress';
import { createQueueProducer, type QueueLocation } from '@posthorn/queue';
import { createErrorLog, type Logger, type Metrics } from '@posthorn/telemetry';
import type { FastifyInstance } from 'fastify';
import { createAccess } from './access.js';
import { createApp } from './app.js';
import { createCursors } from './cursor.js';
import { createEventSchemas } from './event-schemas.js';
import { createKeyUse } from './key-use.js';
import { limits } from './limits.js';
import { createMicroBatcher } from './micro-batcher.js';
import { registerRoutes } from './routes.js';
import { createTenantIds } from './tenant-ids.js';

export type ApiOptions = {
  readonly pool: HotPool;
  readonly db: Database;
  readonly queue: QueueLocation;
  readonly queueShards: number;
  readonly idempotencyHours: number;
  /** Where people reach it, for links; port 0: the one that it listens on. */
  readonly publicUrl: string;
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

  const tenants = createTenantIds((environmentId, key) => ensureTenant(db, environmentId, key, newId()));

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

  const eventSchemas = createEventSchemas({
    listVersions: (environmentId) => listEventSchemaVersions(db, environmentId),
    readSchema: async (environmentId, name) => (await findEventType(db, { environmentId, name }))?.schema ?? null,
    nowMs: () => performance.now(),
  });
  let origin = options.publicUrl;
  const cursors = createCursors(createHmac('sha256', options.encryptionKey).update('cursors').digest());
  const keyUse = createKeyUse(
    (keyId) => touchApiKey(db, keyId, limits.keyUseMs / 1000),
    (error) => logError('key_use.failed', error),
  );
  const app = await createApp({
    access: createAccess({ find: (keyHash) => findKeyOwner(db, keyHash), nowMs: clock.nowMs, onUsed: keyUse.seen }),
    onInternal: (error, requestId) => logError('request.failed', error, { request_id: requestId }),
  });
  await registerRoutes(app, {
    health: { pool, queue, metrics },
    publish: {
      tenantId: tenants.idOf,
      batcher,
      findKept: (keys) => findKeptEvents(pool, keys, options.idempotencyHours),
      onAccepted: (count) => metrics.eventsAccepted.inc(count),
      onRejected: (code) => metrics.eventsRejected.inc({ code }),
      eventSchemas,
      onMismatched: (reason) => metrics.eventsMismatched.inc({ reason }),
    },
    webhooks: {
      pool,
      db,
      cursors,
      newId,
      nowMs: clock.nowMs,
      secretBox: createSecretBox(options.encryptionKey),
      egress: options.egress,
      tenantId: tenants.idOf,
      forgetTenant: tenants.forget,
      origin: () => origin,
      slot: randomInt(statisticsSlots),
    },
  });

  return {
    app,
    listen: async (host, port) => {
      // Without the queue it accepts all the same; with it, the first events need not wait for the scheduler.
      await queue.ready().catch(() => undefined);
      await app.listen({ host, port });
      const address = app.server.address();
      if (address === null || typeof address === 'string') throw problem('internal', 'the API listens on no port');
      origin = options.publicUrl.replace(/:0$/, `:${address.port}`);
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
