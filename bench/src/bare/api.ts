// Bare ingest: concurrent requests share one commit, each is answered after it, and only then the queue is told.
// A lost job loses nothing here either: the dispatch row stands in Postgres.
import type { AddressInfo } from 'node:net';
import Fastify from 'fastify';
import pg from 'pg';
import { readBareEnvironment } from './environment.js';
import { newId } from './ids.js';
import { migrateQueue, openQueue } from './queue.js';

const batchEventsMax = 100;
const commitsAtOnceMax = 3;
const leaseS = 60;

interface Pending {
  readonly id: string;
  readonly eventType: string;
  readonly payload: string;
  readonly accepted: () => void;
  readonly refused: (error: unknown) => void;
}

const environment = readBareEnvironment();
const pool = new pg.Pool({ connectionString: environment.databaseUrl, max: commitsAtOnceMax + 1 });
await migrateQueue(environment);
const handOut = openQueue(environment);

let pending: Pending[] = [];
let commits = 0;

function accept(id: string, eventType: string, payload: string): Promise<void> {
  return new Promise((accepted, refused) => {
    pending.push({ id, eventType, payload, accepted, refused });
    // The turn's other requests join the batch; while all commits are busy, the next one to end takes what has gathered.
    if (pending.length === 1 && commits < commitsAtOnceMax) setImmediate(commitBatch);
  });
}

async function commitBatch(): Promise<void> {
  if (commits >= commitsAtOnceMax || pending.length === 0) return;
  commits += 1;
  const batch = pending.slice(0, batchEventsMax);
  pending = pending.slice(batchEventsMax);
  try {
    const dispatchId = newId();
    await insertDispatch(dispatchId, batch);
    handOut(dispatchId).catch((error: unknown) => console.error('job not added', error));
    for (const event of batch) event.accepted();
  } catch (error) {
    for (const event of batch) event.refused(error);
  } finally {
    commits -= 1;
    if (pending.length > 0) void commitBatch();
  }
}

function insertDispatch(dispatchId: string, batch: readonly Pending[]): Promise<unknown> {
  return pool.query({
    name: 'insert-dispatch',
    text: `with accepted as (
             insert into events (id, environment, event_type, payload)
             select id, 1, event_type, payload from unnest($1::uuid[], $2::text[], $3::text[]) e (id, event_type, payload)
             on conflict do nothing)
           insert into dispatches (id, event_ids, lease_until) values ($4, $1::uuid[], now() + make_interval(secs => ${leaseS}))`,
    values: [batch.map((e) => e.id), batch.map((e) => e.eventType), batch.map((e) => e.payload), dispatchId],
  });
}

interface Publish {
  readonly raw: string;
  readonly eventType: string;
}

const app = Fastify();
app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, raw, done) => {
  try {
    const { event_type: eventType } = JSON.parse(raw as string) as { event_type: string };
    done(null, { raw, eventType });
  } catch (error) {
    done(error as Error);
  }
});

const answers = { 202: { type: 'object', properties: { id: { type: 'string' } } } };
app.post<{ Body: Publish }>('/v1/events', { schema: { response: answers } }, async (request, reply) => {
  const id = newId();
  await accept(id, request.body.eventType, request.body.raw);
  reply.code(202);
  return { id };
});

await app.listen({ port: 0, host: '127.0.0.1' });
process.on('disconnect', () => process.exit());
process.send?.({ ready: (app.server.address() as AddressInfo).port });
