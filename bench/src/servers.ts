// The servers that both systems use in turn: one embedded Postgres for the whole bench, a fresh Redis per round.
import { join } from 'node:path';
import { startEmbeddedPostgres } from '@posthorn/db';
import { makeTemporaryDirectory, startRedis } from '@posthorn/testkit';
import { Redis } from 'ioredis';
import { usePostgres } from './postgres-server.js';
import type { Servers } from './rig.js';

/** The servers with what a report says of them. */
export interface BenchServers extends Servers {
  /** Undefined as long as no Redis was started. */
  redisVersion(): string | undefined;
  stop(): Promise<void>;
}

/** Starts Postgres in a temporary folder; `stop` removes it. */
export async function startServers(): Promise<BenchServers> {
  const folder = await makeTemporaryDirectory('bench');
  const embedded = await startEmbeddedPostgres({ directory: join(folder.path, 'postgres') });
  const postgres = await usePostgres(embedded.url);
  let redisVersion: string | undefined;
  return {
    postgres,
    startRedis: async () => {
      const redis = await startRedis();
      redisVersion ??= await readVersion(redis.url);
      return redis;
    },
    redisVersion: () => redisVersion,
    stop: async () => {
      await postgres.stop();
      await embedded.stop();
      await folder.cleanup();
    },
  };
}

async function readVersion(url: string): Promise<string | undefined> {
  const client = new Redis(url);
  const information = await client.info('server');
  client.disconnect();
  return /^redis_version:(.+)$/m.exec(information)?.[1]?.trim();
}
