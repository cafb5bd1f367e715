// The API, put together: keys, ingest, reading, health. It holds no state that is not in Postgres; start as many as wanted.
import { randomInt } from 'node:crypto';
import { problem } from '@posthorn/core';
import {
  type Build,
  createKeyFollower,
  createLiveTeller,
  createReplayReader,
  createSecretBox,
  type Database,
  ensureTenant,
  findAnyWebhook,
  findEventType,
  findKeptEvents,
  findKeyOwner,
  type HotPool,
  insertEnvironment,
  insertEvents,
  type KeyRing,
  listEventSchemaVersions,
  type StoredDispatch,
  sayRunning,
  startDatabaseClock,
  statisticsSlots,
  touchApiKey,
  walledHotPool,
} from '@posthorn/db';
import type { Egress } from '@posthorn/egress';
import { createQueueProducer, type QueueLocation, type QueueLook } from '@posthorn/queue';
import { createErrorLog, type Logger, type Metrics } from '@posthorn/telemetry';
import type { FastifyInstance } from 'fastify';
import { createAccess } from './access.js';
import { createApp } from './app.js';
import { sessionRoutes } from './console/session-routes.js';
import { createSessions } from './console/sessions.js';
import { createCursors } from './cursor.js';
import { createEventSchemas } from './event-schemas.js';
import { createKeyUse } from './key-use.js';
import { watchLoad } from './limiting/load.js';
import { openLimiting, type RateLimits, unlimited } from './limiting/open-limiting.js';
import { limits } from './limits.js';
import { createMicroBatcher } from './micro-batcher.js';
import { registerRoutes } from './routes.js';
import { openStreamHub } from './stream/open-stream.js';
import { tellAccepted } from './stream/tell-accepted.js';
import { createTenantIds } from './tenant-ids.js';

export type ApiOptions = {
  readonly pool: HotPool;
  /** For who a request's key belongs to, what has no key, and what goes on beside requests. */
  readonly db: Database;
  /** The same connections behind the wall: for all that a key's owner asks for. */
  readonly walledDb: Database;
  readonly queue: QueueLocation;
  readonly queueShards: number;
  readonly idempotencyHours: number;
  /** Of the database server itself, for listening: a pooler would not tell. */
  readonly listenUrl: string;
  /** Where people reach it, for links; port 0: the one that it listens on. */
  readonly publicUrl: string;
  /** Null: no mail can be sent. */
  readonly smtpUrl: string | null;
  /** Who is told where nobody else is named; null: nobody. */
  readonly operatorEmail: string | null;
  readonly keyRing: KeyRing;
  readonly egress: Egress;
  /** What keys and addresses may ask for; absent: nothing is counted. */
  readonly rateLimits?: RateLimits;
  /** Refuses requests while the process does not keep up; by default it tries to answer all. */
  readonly shedsLoad?: boolean;
  /** Proxies whose word for a client's address is taken: addresses and CIDRs; by default none. */
  readonly trustProxy?: readonly string[];
  /** A build of the console to serve; null: none. */
  readonly consoleDirectory: string | null;
  /** For those who look what runs. */
  readonly build?: Build;
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
  /** What stands in the queues; rejects while they cannot be reached. */
  readonly lookAtQueue: () => Promise<QueueLook>;
};

/** Makes the API on open resources; they stay the caller's to close. */
export const createApi = async (options: ApiOptions): Promise<Api> => {
  const { pool, db, logger, metrics, keyRing } = options;
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
  const onStreamError = (error: unknown): void => logError('stream.failed', error);
  const teller = createLiveTeller(pool, onStreamError);
  const batcher = createMicroBatcher({
    newId,
    nextShard,
    commit: async (events) => {
      const leaseMs = events.every(({ shard }) => hasRoom(shard)) ? limits.dispatchLeaseMs : 0;
      const stored = await insertEvents(pool, events, leaseMs, options.idempotencyHours);
      if (teller.isLive()) tellAccepted(teller, events, stored);
      return stored;
    },
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
  let running: ReturnType<typeof sayRunning> | undefined;
  let origin = options.publicUrl;
  const keys = createKeyFollower(pool, keyRing, (error) => logError('encryption_key.failed', error));
  const cursors = createCursors(keyRing.derive('cursors'));
  const keyUse = createKeyUse(
    (keyId) => touchApiKey(db, keyId, limits.keyUseMs / 1000),
    (error) => logError('key_use.failed', error),
  );
  const limiting =
    options.rateLimits === undefined
      ? unlimited
      : openLimiting(options.rateLimits, options.queue, (error) => logError('rate_limits.counted_alone', error));
  const load = watchLoad();
  const isSecure = options.publicUrl.startsWith('https:');
  const sessions = await createSessions({ keyRing, isSecure });
  const access = createAccess({
    find: (keyHash) => findKeyOwner(db, keyHash),
    // Without a console nobody has signed in here: a cookie of another process with the same encryption key means nothing.
    sessionOf: options.consoleDirectory === null ? () => null : sessions.read,
    signIns: limiting.signIns,
    nowMs: clock.nowMs,
    onUsed: keyUse.seen,
  });
  const hub = openStreamHub({ pool, listenUrl: options.listenUrl, processId: newId(), onError: onStreamError });
  const app = await createApp({
    access,
    consoleDirectory: options.consoleDirectory,
    isSecure,
    trustProxy: options.trustProxy ?? [],
    requests: limiting.requests,
    isLoadTooHigh: options.shedsLoad === true ? load.isTooHigh : () => false,
    requestEnds: { metrics, logger },
    onTooMany: (code) => metrics.requestsRefused.inc({ code }),
    onInternal: (error, requestId) => logError('request.failed', error, { request_id: requestId }),
  });
  await registerRoutes(app, {
    health: { pool, queue, metrics },
    publish: {
      events: limiting.events,
      tenantId: tenants.idOf,
      batcher,
      findKept: (keys) => findKeptEvents(pool, keys, options.idempotencyHours),
      onAccepted: (count) => metrics.eventsAccepted.inc(count),
      onRejected: (code) => metrics.eventsRejected.inc({ code }),
      eventSchemas,
      onMismatched: (reason) => metrics.eventsMismatched.inc({ reason }),
    },
    stream: { hub, access, onError: onStreamError },
    deployment: { db, queue, queueBackend: options.queue.kind },
    webhooks: {
      pool: walledHotPool(pool),
      db: options.walledDb,
      beyondWall: {
        findAnyWebhook: (id) => findAnyWebhook(db, id),
        insertEnvironment: (...made) => insertEnvironment(db, ...made),
        readReplayPage: createReplayReader(pool),
      },
      cursors,
      newId,
      nowMs: clock.nowMs,
      secretBox: createSecretBox(keyRing),
      sealing: keys.sealing,
      egress: options.egress,
      tenantId: tenants.idOf,
      forgetTenant: tenants.forget,
      telling: { byMail: options.smtpUrl !== null, operatorEmail: options.operatorEmail },
      unsubscribeKeys: keyRing.keys,
      origin: () => origin,
      slot: randomInt(statisticsSlots),
      tell: teller.tell,
    },
  });

  metrics.onRead(() => {
    metrics.liveStreams.set(hub.subscribers());
    metrics.commitWaitingEvents.set(batcher.waiting());
  });
  if (options.consoleDirectory !== null) await app.register(sessionRoutes({ access, sessions, db }));

  return {
    app,
    lookAtQueue: queue.look,
    listen: async (host, port) => {
      // Without the queue it accepts all the same; with it, the first events need not wait for the scheduler.
      await Promise.all([queue.ready().catch(() => undefined), limiting.ready()]);
      teller.start();
      keys.start();
      const self = { id: newId(), role: 'api', build: options.build ?? null, jobsMax: null, encryptionKeyIds: keyRing.ids } as const;
      running = sayRunning(pool, self, (error) => logError('process.failed', error));
      await app.listen({ host, port });
      const address = app.server.address();
      if (address === null || typeof address === 'string') throw problem('internal', 'the API listens on no port');
      origin = options.publicUrl.replace(/:0$/, `:${address.port}`);
      return address.port;
    },
    stop: async () => {
      teller.stop();
      keys.stop();
      await running?.stop();
      await hub.stop();
      await app.close();
      await batcher.drain();
      load.stop();
      limiting.close();
      clock.stop();
      await queue.close();
    },
  };
};
