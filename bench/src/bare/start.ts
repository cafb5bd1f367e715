// Starts the bare pipeline: one ingest process and one worker process, as the product has.
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { startTalkingChild } from '../children.js';
import type { RunningSystem, Setup } from '../system.js';
import { bareSchema } from './schema.js';

/** Makes the tables and starts both processes. */
export async function startBare(setup: Setup): Promise<RunningSystem> {
  const client = new pg.Client({ connectionString: setup.databaseUrl });
  await client.connect();
  await client.query(bareSchema);
  await client.end();
  const env = {
    DATABASE_URL: setup.databaseUrl,
    SINK_ORIGIN: setup.sinkOrigin,
    FAN_OUT: String(setup.fanOut),
    ...(setup.redisUrl === undefined ? {} : { REDIS_URL: setup.redisUrl }),
  };
  const api = await startTalkingChild({ name: 'bare api', script: fileURLToPath(new URL('./api.js', import.meta.url)), env });
  const worker = await startTalkingChild({ name: 'bare worker', script: fileURLToPath(new URL('./worker.js', import.meta.url)), env });
  return {
    port: api.port,
    headers: {},
    pids: { api: api.pid, worker: worker.pid },
    countSucceeded: async (pool) => {
      const { rows } = await pool.query<{ count: number }>('select count(*)::int as count from deliveries where status = 1');
      return rows[0]!.count;
    },
    output: () => api.output() + worker.output(),
    stop: async () => {
      await Promise.all([api.stop(), worker.stop()]);
    },
  };
}
