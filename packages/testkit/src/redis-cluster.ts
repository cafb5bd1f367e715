// A real Redis Cluster for tests: masters on free loopback ports (no replicas), the slots divided evenly among them, each master with its data on
// disk. A master may be killed, and started again with its data or empty; the others go on meanwhile with the slots that they have.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { eventually } from './eventually.js';
import { freePort } from './free-port.js';
import { type RedisServer, startRedis } from './redis-server.js';

export type RedisMaster = {
  readonly port: number;
  readonly url: string;
  /** The first and the last slot that it has. */
  readonly slots: readonly [number, number];
  /** SIGKILL; resolves when the process is gone. */
  kill(): Promise<void>;
  /** Starts it again, with what it had or empty; resolves when it serves its slots. Kills it first if it runs. */
  restart(data: 'kept' | 'lost'): Promise<void>;
};

export type RedisCluster = {
  /** All masters, as REDIS_URL names a cluster. */
  readonly url: string;
  readonly masters: readonly RedisMaster[];
  stop(): Promise<void>;
};

const slotsMax = 16_384;
const nodeTimeoutMs = 2_000;
const portAttemptsMax = 5;
const formMs = 60_000;

const ask = async <T>(url: string, question: (client: Redis) => Promise<T>): Promise<T> => {
  const client = new Redis(url, { retryStrategy: () => null, lazyConnect: true });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await question(client);
  } finally {
    client.disconnect();
  }
};

const startMaster = async (): Promise<{ readonly server: RedisServer; readonly busPort: number }> => {
  for (let attempt = 1; ; attempt++) {
    const busPort = await freePort();
    const cluster = ['--cluster-enabled', 'yes', '--cluster-port', `${busPort}`, '--cluster-node-timeout', `${nodeTimeoutMs}`];
    // What can be served is served, whatever else is away; and what was answered stands on disk, whoever is killed.
    const args = [...cluster, '--cluster-require-full-coverage', 'no', '--appendonly', 'yes'];
    try {
      return { server: await startRedis({ args }), busPort };
    } catch (error) {
      if (!/address already in use/i.test(String(error)) || attempt === portAttemptsMax) throw error;
    }
  }
};

/** Whether a master and those that it knows of are at one about all slots. */
const isFormed = async (url: string, masters: number): Promise<boolean> => {
  const info = await ask(url, (client) => client.call('CLUSTER', 'INFO') as Promise<string>);
  const says = (line: string) => info.split(/\r?\n/).includes(line);
  return says('cluster_state:ok') && says(`cluster_slots_ok:${slotsMax}`) && says(`cluster_known_nodes:${masters}`);
};

/**
 * Starts a cluster of so many masters and resolves when all of them serve all slots. Needs Redis 7.
 * @throws Error as `startRedis`, or when it does not form within a minute.
 */
export async function startRedisCluster(mastersCount = 3): Promise<RedisCluster> {
  const started: Awaited<ReturnType<typeof startMaster>>[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(started.map(({ server }) => server.stop()));
  };
  const first = (index: number): number => Math.ceil((index * slotsMax) / mastersCount);
  const untilFormed = (): Promise<unknown> =>
    eventually(async () => (await Promise.all(started.map(({ server }) => isFormed(server.url, mastersCount)))).every(Boolean), {
      timeoutMs: formMs,
      everyMs: 50,
    });
  const masterOf = ({ server }: (typeof started)[number], index: number): RedisMaster => ({
    port: server.port,
    url: server.url,
    slots: [first(index), first(index + 1) - 1],
    kill: server.kill,
    restart: async (data) => {
      await server.kill();
      if (data === 'lost') await rm(join(server.directory, 'appendonlydir'), { recursive: true, force: true });
      await server.restart();
      await untilFormed();
    },
  });
  try {
    for (let index = 0; index < mastersCount; index++) started.push(await startMaster());
    for (const [index, { server }] of started.entries())
      await ask(server.url, async (client) => {
        await client.call('CLUSTER', 'SET-CONFIG-EPOCH', index + 1);
        await client.call('CLUSTER', 'ADDSLOTSRANGE', first(index), first(index + 1) - 1);
        for (const other of started.slice(0, index)) await client.call('CLUSTER', 'MEET', '127.0.0.1', other.server.port, other.busPort);
      });
    await untilFormed();
  } catch (error) {
    await stop();
    throw error;
  }
  return { url: started.map(({ server }) => server.url).join(','), masters: started.map(masterOf), stop };
}
