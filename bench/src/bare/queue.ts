// The one queue of the bare pipeline on either backend: Redis where there is a URL, else BullMQ's own PostgreSQL backend.
import { createPostgresBackend, type Processor, Queue, runMigrations, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import pg from 'pg';

const queueName = 'dispatch';
const postgresConnectionsMax = 10;

/** What a job carries: the id of a dispatch, never an event. */
export interface DispatchJob {
  readonly id: string;
}

/** Where the queue lives; without `redisUrl` in the database itself. */
export interface QueuePlace {
  readonly databaseUrl: string;
  readonly redisUrl: string | undefined;
}

/** Makes the backend's tables if it lives in Postgres; does nothing on Redis. */
export async function migrateQueue({ databaseUrl, redisUrl }: QueuePlace): Promise<void> {
  if (redisUrl !== undefined) return;
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  await runMigrations(client);
  await client.end();
}

/** Opens the queue for adding; returns the function that hands out one dispatch. */
export function openQueue(place: QueuePlace): (dispatchId: string) => Promise<unknown> {
  const queue =
    place.redisUrl === undefined
      ? new Queue(queueName, { connection: postgresOptions(place) }, createPostgresBackend)
      : new Queue(queueName, { connection: redisConnection(place.redisUrl) });
  return (dispatchId) =>
    queue.add('fan-out', { id: dispatchId } satisfies DispatchJob, {
      jobId: dispatchId,
      attempts: 1,
      removeOnComplete: true,
      removeOnFail: true,
    });
}

/** Starts taking jobs, `concurrency` at once; a job that fails is a fault of the pipeline and is printed. */
export function openWorker(place: QueuePlace, concurrency: number, process: Processor<DispatchJob>): void {
  const worker =
    place.redisUrl === undefined
      ? new Worker(queueName, process, { connection: postgresOptions(place), concurrency }, createPostgresBackend)
      : new Worker(queueName, process, { connection: redisConnection(place.redisUrl), concurrency });
  worker.on('failed', (_job: unknown, error: Error) => console.error('job failed', error));
}

const redisConnection = (url: string): Redis => new Redis(url, { maxRetriesPerRequest: null });

const postgresOptions = ({ databaseUrl }: QueuePlace) => ({ connectionString: databaseUrl, max: postgresConnectionsMax });
