// Showing the shards of an installation's queue, and changing their number beside its processes.
import { setTimeout as delay } from 'node:timers/promises';
import { readConfig } from '@posthorn/config';
import {
  beginShardChange,
  countDispatchesFrom,
  createHotPool,
  endShardChange,
  type HotPool,
  listShardProcesses,
  readShardNumbers,
  shardsOf,
} from '@posthorn/db';
import { createQueueProducer, type QueueProducer, shardsBelow } from '@posthorn/queue';
import { CommandError } from '../exit-codes.js';
import type { Terminal } from '../terminal.js';
import { queueLocationOf } from './resources.js';
import { changeShards } from './shard-change.js';

/** Between two looks at what is left. */
const restMs = 1_000;

type Tools = { readonly pool: HotPool; readonly queue: QueueProducer; readonly backend: 'redis' | 'postgres' };

const withTools = async <T>(use: (tools: Tools) => Promise<T>): Promise<T> => {
  const config = readConfig();
  if (config.databaseUrl === null) throw new CommandError('configuration', 'DATABASE_URL is not set: this command needs a Postgres server');
  const location = queueLocationOf(config, config.databaseUrl);
  const pool = createHotPool({ url: config.databaseUrl, max: 2, applicationName: 'posthorn queue', onError: () => undefined });
  // It feeds nothing: what it opens is opened by being asked for.
  const queue = createQueueProducer({ location, shards: 0, onError: () => undefined });
  try {
    await queue.connected().catch(() => undefined);
    return await use({ pool, queue, backend: location.kind });
  } finally {
    await queue.close();
    await pool.end();
  }
};

/** `posthorn queue status`. */
export const showQueue = (terminal: Terminal): Promise<void> =>
  withTools(async ({ pool, queue, backend }) => {
    const numbers = await readShardNumbers(pool);
    if (numbers === null) throw new Error('no process of this installation has started yet');
    const processes = await listShardProcesses(pool);
    const change = numbers.next === null ? '' : `, going to ${numbers.next}: it ends with \`posthorn queue shards ${numbers.next}\``;
    terminal.print(`queue in ${backend}, shards: ${numbers.now}${change}`);
    const { fed, served } = shardsOf(numbers);
    for (const shard of shardsBelow(served)) {
      const jobs = await queue.unfinished(shard).then(
        (count) => `${count} jobs`,
        () => 'does not answer',
      );
      const workers = processes.filter((each) => each.served?.includes(shard)).length;
      const feeding = shard < fed ? [] : ['is not fed'];
      terminal.print([`shard ${shard}`, jobs, workers === 0 ? 'NO WORKER SERVES IT' : `served by ${workers}`, ...feeding].join('  '));
    }
  });

/** `posthorn queue shards <number>`. */
export const changeQueueShards = (shards: number, terminal: Terminal): Promise<void> =>
  withTools(async ({ pool, queue }) => {
    await changeShards(shards, {
      begin: (to) => beginShardChange(pool, to),
      end: (to) => endShardChange(pool, to),
      processes: () => listShardProcesses(pool),
      dispatchesFrom: (shard) => countDispatchesFrom(pool, shard),
      unfinished: queue.unfinished,
      say: terminal.warn,
      rest: () => delay(restMs),
    });
    terminal.print(
      `The queue has ${shards} shards. Set POSTHORN_QUEUE_SHARDS=${shards} for every process: those that run go on, but with another number none starts any more.`,
    );
  });
