import { describe, expect, it } from '@jest/globals';
import type { Deployment } from '../../api/admin-queries.js';
import { alarmsOf } from './alarms.js';

const at = '2026-01-01T12:00:00.000Z';
const build = { version: '1.0.0', commit: 'a', jobs_max: 20 } as const;
const worker: Deployment['processes'][number] = {
  id: 'a',
  role: 'worker',
  host: 'h',
  pid: 1,
  node_version: 'v',
  shards: [0, 1],
  ...build,
  started_at: at,
  seen_at: at,
};
const healthy: Deployment = {
  processes: [worker],
  queue: {
    ...{ backend: 'redis', shards: 2, is_reachable: true, unreachable_shards: [], unserved_shards: [] },
    waiting: { first: 0, due: 0, replay: 0 },
  },
  scheduler: { is_active: true, held_until: at, holder_id: 'a' },
  database: { schema: '0001_first', partitions: 9, partitions_ahead: 1, last_partition: '2026-01-02' },
};
const alarms = (changes: Partial<Deployment>) => alarmsOf({ ...healthy, ...changes }, Date.parse(at));

describe('what somebody has to act on', () => {
  it('is nothing when all is well', () => {
    expect(alarms({})).toEqual([]);
  });

  it.each<[string, Partial<Deployment>, RegExp]>([
    ['a missing worker', { processes: [{ ...worker, role: 'api' }] }, /No worker/],
    ['a queue out of reach', { queue: { ...healthy.queue, is_reachable: false } }, /queue cannot be reached/],
    ['a shard out of reach', { queue: { ...healthy.queue, unreachable_shards: [1] } }, /Shards 1 of the queue cannot be reached/],
    ['a shard that nobody serves', { queue: { ...healthy.queue, unserved_shards: [0, 1] } }, /No worker serves shards 0, 1/],
    ['a missing scheduler', { scheduler: { is_active: false, held_until: null, holder_id: null } }, /No scheduler/],
    [
      'workers of two builds',
      { processes: [worker, { ...worker, id: 'b', commit: 'b' }] },
      /not all of one build: 1\.0\.0 \(a\), 1\.0\.0 \(b\)/,
    ],
    ['a missing partition', { database: { ...healthy.database, last_partition: '2026-01-01' } }, /no partition for tomorrow/],
  ])('is %s', (_what, changes, expected) => {
    expect(alarms(changes)).toEqual([expect.stringMatching(expected)]);
  });
});
