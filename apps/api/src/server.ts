// The API, put together: keys, ingest, reading, health. It holds no state that is not in Postgres; start as many as wanted.
import { randomInt } from 'node:crypto';
import { openWords, problem } from '@posthorn/core';
import {
  type Build,
  createKeyFollower,
  createLiveTeller,
  createReplayReader,
  createSecretBox,
  type Database,
  ensureTenant,
  findAnyWebhook,
  findKeptEvents,
  findKeyOwner,
  type HotPool,
  insertEnvironment,
  insertEvents,
  type KeyRing,
  sayRunning,
  startDatabaseClock,
  statisticsSlots,
  touchApiKey,
  walledHotPool,
} from '@posthorn/db';
import type { Egress } from '@posthorn/egress';
import type { QueueLocation, QueueLook } from '@posthorn/queue';
import { createErrorLog, type Logger, type Metrics, type Traces } from '@posthorn/telemetry';
import type { FastifyInstance } from 'fastify';
import { createAccess } from './access.js';
import { createApp } from './app.js';
import { sessionRoutes } from './console/session-routes.js';
import { createSessions } from './console/sessions.js';
import { createCursors } from './cursor.js';
import { createFeeding } from './feeding.js';
import { createKeyUse } from './key-use.js';
import { watchLoad } from './limiting/load.js';
import { openLimiting, type RateLimits, unlimited } from './limiting/open-limiting.js';
import { limits } from './limits.js';
import { createMicroBatcher } from './micro-batcher.js';
import { openEventSchemas } from './open-event-schemas.js';
import { isQuietWithin } from './quiet.js';
import { createCountingServer } from './request-limits.js';
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
  /** Of the worker in the same process; absent: there is none. */
  readonly workerProblems?: () => Promise<Readonly<Record<string, string>>>;
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
  /** Null or absent: nothing is traced. Who opened them stops them. */
  readonly traces?: Traces | null;
};

export type Api = {
  /** Fastify's own, for those who add to it. */
  readonly app: FastifyInstance;
  /** Listens; returns the port. */
  readonly listen: (host: string, port: number) => Promise<number>;
  /** Takes nothing more, commits and answers what it has, closes. Who has not sent a whole request after `closeAfterMs` is cut off. */
  readonly stop: (closeAfterMs?: number) => Promise<void>;
  /** What a stop still waits for, in words. */
  readonly open: () => readonly string[];
  /** What stands in the queues; rejects while they cannot be reached. */
  readonly lookAtQueue: () => Promise<QueueLook>;
};

/** Makes the API on open resources; they stay the caller's to close. */
export const createApi = async (options: ApiOptions): Promise<Api> => {
  const { pool, db, logger, metrics, keyRing } = options;
  const logError = createErrorLog(logger);
  const clock = await startDatabaseClock(pool);
  const { newId } = clock;
  let running: ReturnType<typeof sayRunning> | undefined;
  const feeding = createFeeding({ ...options, onError: logError, onChange: () => running?.sayAgain() });
  const { queue, nextShard, hasRoom, enqueue } = feeding;

  const tenants = createTenantIds((environmentId, key) => ensureTenant(db, environmentId, key, newId()));

  const onStreamError = (error: unknown): void => logError('stream.failed', error);
  const teller = createLiveTeller(pool, onStreamError);
  const batcher = createMicroBatcher({
    newId,
    nextShard,
    commit: async (events) => {
      // A dispatch that nobody enqueues is due at once: the scheduler feeds it when there is room.
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

  const eventSchemas = openEventSchemas(db);
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
  let isStopping = false;
  const server = createCountingServer();
  const app = await createApp({
    access,
    server,
    isStopping: () => isStopping,
    consoleDirectory: options.consoleDirectory,
    isSecure,
    trustProxy: options.trustProxy ?? [],
    requests: limiting.requests,
    isLoadTooHigh: options.shedsLoad === true ? load.isTooHigh : () => false,
    requestEnds: { metrics, logger },
    onTooMany: (code) => metrics.requestsRefused.inc({ code }),
    onInternal: (error, facts) => logError('request.failed', error, facts),
  });
  await registerRoutes(app, {
    health: { pool, queue, metrics, isStopping: () => isStopping, workerProblems: options.workerProblems ?? (async () => ({})) },
    publish: {
      events: limiting.events,
      tenantId: tenants.idOf,
      batcher,
      findKept: (keys) => findKeptEvents(pool, keys, options.idempotencyHours),
      onAccepted: (count) => metrics.eventsAccepted.inc(count),
      onRejected: (code) => metrics.eventsRejected.inc({ code }),
      eventSchemas,
      onMismatched: (reason) => metrics.eventsMismatched.inc({ reason }),
      ...(options.traces && { tracing: { traces: options.traces, queue: options.queue.kind } }),
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
      await Promise.all([feeding.start(), limiting.ready()]);
      teller.start();
      keys.start();
      const self = { id: newId(), role: 'api', build: options.build ?? null, jobsMax: null, encryptionKeyIds: keyRing.ids } as const;
      const shards = () => ({ fed: queue.shards, served: null });
      running = sayRunning(pool, self, (error) => logError('process.failed', error), shards);
      await app.listen({ host, port });
      const address = app.server.address();
      if (address === null || typeof address === 'string') throw problem('internal', 'the API listens on no port');
      origin = options.publicUrl.replace(/:0$/, `:${address.port}`);
      return address.port;
    },
    stop: async (closeAfterMs = limits.requestTimeoutMs) => {
      isStopping = true;
      await hub.stop();
      if (!(await isQuietWithin(server.openRequests, closeAfterMs))) app.server.closeAllConnections();
      teller.stop();
      keys.stop();
      await running?.stop();
      await app.close();
      await batcher.drain();
      load.stop();
      limiting.close();
      clock.stop();
      await feeding.stop();
    },
    open: () => openWords({ 'requests to answer': server.openRequests(), 'events to commit': batcher.waiting() }),
  };
};
