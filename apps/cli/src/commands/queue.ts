// `posthorn queue`: the shards of the queue, and changing how many there are while everything runs.
import type { Command } from 'commander';
import { wholeNumber } from '../number-option.js';
import type { Terminal } from '../terminal.js';

const queueCommand = () => import('../server/queue-command.js');
const shardsMax = 64;

export function registerQueue(program: Command, terminal: Terminal): void {
  const queue = program.command('queue').description('the shards of the queue');
  queue
    .command('status')
    .description('show what is in each shard, and how many workers serve it (needs DATABASE_URL, and REDIS_URL if the queue is there)')
    .action(async () => (await queueCommand()).showQueue(terminal));
  queue
    .command('shards')
    .argument('<number>', 'how many there are to be', wholeNumber(1, shardsMax))
    .description(
      'change the number of shards while everything runs; waits until what goes is empty; run it again if it was interrupted (needs the same)',
    )
    .action(async (shards: number) => (await queueCommand()).changeQueueShards(shards, terminal));
}
