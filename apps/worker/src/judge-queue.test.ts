import { describe, expect, it } from '@jest/globals';
import type { QueueState } from '@posthorn/queue';
import { judgeQueue } from './judge-queue.js';

describe('what the queue keeps a worker from', () => {
  const all = { fed: 3, served: [0, 1, 2] };
  const well: QueueState = { unreachable: [], refuses: null, doubt: null };
  const silent = (unreachable: readonly number[]): QueueState => ({ ...well, unreachable });

  it('is nothing while all shards answer and are served', () => {
    expect(judgeQueue(all, well, [])).toEqual({ problems: {}, degraded: {} });
  });

  it('is said of shards that do not answer while others do, and is a problem once none does that it serves', () => {
    expect(judgeQueue(all, silent([0, 2]), [])).toEqual({
      problems: {},
      degraded: { queue: 'shards 0, 2 not reachable; the others take their share' },
    });
    expect(judgeQueue({ fed: 3, served: [0, 2] }, silent([0, 2]), [])).toEqual({
      problems: { queue: 'shards 0, 2 not reachable, and it serves no others' },
      degraded: {},
    });
    expect(judgeQueue(all, silent([0, 1, 2]), [])).toEqual({ problems: { queue: 'not reachable' }, degraded: {} });
  });

  it('is said of shards that nobody serves, but for those that it has just begun to serve itself', () => {
    expect(judgeQueue({ fed: 4, served: [3] }, well, [0, 1, 3])).toEqual({
      problems: {},
      degraded: { shards: 'no worker serves 0, 1: what is in them waits (POSTHORN_WORKER_SHARDS)' },
    });
    expect(judgeQueue(all, well, [0, 1, 2])).toEqual({ problems: {}, degraded: {} });
  });

  it('is that it serves no shard', () => {
    expect(judgeQueue({ fed: 2, served: [] }, well, [])).toEqual({
      problems: { shards: 'serves no shard of the queue: see POSTHORN_WORKER_SHARDS' },
      degraded: {},
    });
  });

  it('is not known of shards that are served and not fed any more', () => {
    expect(judgeQueue({ fed: 1, served: [1] }, silent([0]), [])).toEqual({
      problems: {},
      degraded: { queue: 'shards 0 not reachable; the others take their share' },
    });
  });

  it('is a server that takes no jobs, and not one of which there is doubt', () => {
    expect(judgeQueue(all, { ...well, refuses: 'Redis is full' }, [])).toEqual({ problems: { queue: 'Redis is full' }, degraded: {} });
    expect(judgeQueue(all, { ...silent([1]), doubt: 'Redis evicts' }, [])).toEqual({
      problems: {},
      degraded: { queue: 'shards 1 not reachable; the others take their share; Redis evicts' },
    });
  });
});
