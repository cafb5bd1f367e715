import { describe, expect, it } from '@jest/globals';
import { judgeShards, servedOf } from './serving.js';

it('serves those that it is to serve, as far as there are so many', () => {
  expect([servedOf('all', 3), servedOf([0, 2, 5], 3), servedOf([4], 3)]).toEqual([[0, 1, 2], [0, 2], []]);
});

describe('what the queue keeps a worker from', () => {
  const all = { fed: 3, served: [0, 1, 2] };

  it('is nothing while all shards answer and are served', () => {
    expect(judgeShards(all, [], [])).toEqual({ problems: {}, degraded: {} });
  });

  it('is said of shards that do not answer while others do, and is a problem once none does that it serves', () => {
    expect(judgeShards(all, [0, 2], [])).toEqual({
      problems: {},
      degraded: { queue: 'shards 0, 2 not reachable; the others take their share' },
    });
    expect(judgeShards({ fed: 3, served: [0, 2] }, [0, 2], [])).toEqual({
      problems: { queue: 'shards 0, 2 not reachable, and it serves no others' },
      degraded: {},
    });
    expect(judgeShards(all, [0, 1, 2], [])).toEqual({ problems: { queue: 'not reachable' }, degraded: {} });
  });

  it('is said of shards that nobody serves, but for those that it has just begun to serve itself', () => {
    expect(judgeShards({ fed: 4, served: [3] }, [], [0, 1, 3])).toEqual({
      problems: {},
      degraded: { shards: 'no worker serves 0, 1: what is in them waits (POSTHORN_WORKER_SHARDS)' },
    });
    expect(judgeShards(all, [], [0, 1, 2])).toEqual({ problems: {}, degraded: {} });
  });

  it('is that it serves no shard', () => {
    expect(judgeShards({ fed: 2, served: [] }, [], [])).toEqual({
      problems: { shards: 'serves no shard of the queue: see POSTHORN_WORKER_SHARDS' },
      degraded: {},
    });
  });

  it('is not known of shards that are served and not fed any more', () => {
    expect(judgeShards({ fed: 1, served: [1] }, [0], [])).toEqual({
      problems: {},
      degraded: { queue: 'shards 0 not reachable; the others take their share' },
    });
  });
});
