import { describe, expect, it } from '@jest/globals';
import type { ShardNumbers, ShardProcess } from '@posthorn/db';
import { changeShards, findObstacle } from './shard-change.js';

const api = (fed: number | null): ShardProcess => ({ role: 'api', host: 'h', pid: 1, fed, served: null });
const worker = (fed: number, served: readonly number[], pid = 2): ShardProcess => ({ role: 'worker', host: 'h', pid, fed, served });

/** What an obstacle is found by: shards that do not answer have null jobs. */
type Scene = {
  readonly processes: readonly ShardProcess[];
  readonly dispatches?: number;
  readonly jobs?: Readonly<Record<number, number | null>>;
};
const obstacle = (now: number, to: number, { processes, dispatches = 0, jobs = {} }: Scene) =>
  findObstacle(
    { now, to },
    {
      processes: async () => processes,
      dispatchesFrom: async () => dispatches,
      unfinished: async (shard) => {
        const count = jobs[shard] === undefined ? 0 : jobs[shard];
        if (count === null) throw new Error('no answer');
        return count;
      },
    },
  );

describe('in the way of more shards', () => {
  it('is nothing once all are served, and everybody still feeds the old ones', async () => {
    expect(await obstacle(1, 3, { processes: [api(1), worker(1, [0, 1, 2])] })).toBeNull();
    expect(await obstacle(1, 3, { processes: [api(1), worker(1, [0, 2]), worker(1, [1])] })).toBeNull();
    expect(await obstacle(1, 3, { processes: [] })).toBeNull();
  });

  it('is a new shard that nobody serves, and a process that does not follow', async () => {
    expect(await obstacle(1, 3, { processes: [api(1), worker(1, [0, 1])] })).toMatch(
      /no worker serves shard 2 yet.*POSTHORN_QUEUE_SHARDS=3/,
    );
    expect(await obstacle(1, 3, { processes: [api(null), worker(1, [0, 1, 2])] })).toMatch(/started anew first: api 1 on h/);
  });
});

describe('in the way of fewer shards', () => {
  const processes = [api(2), worker(2, [0, 1, 2, 3])];

  it('is nothing once all feed the new ones and the old ones are empty', async () => {
    expect(await obstacle(4, 2, { processes, jobs: { 0: 5, 1: 5 } })).toBeNull();
  });

  it('is who still feeds the old ones, and what is left in them', async () => {
    expect(await obstacle(4, 2, { processes: [api(4), worker(2, [0, 1, 2, 3])] })).toBe('waiting for processes to hear of it: api 1 on h');
    expect(await obstacle(4, 2, { processes, dispatches: 1 })).toBe('left in the shards that go: 1 dispatch');
    expect(await obstacle(4, 2, { processes, dispatches: 2, jobs: { 2: 3, 3: 4 } })).toBe(
      'left in the shards that go: 2 dispatches, 7 jobs',
    );
    expect(await obstacle(4, 2, { processes, jobs: { 3: null } })).toContain('shard 3, which does not answer');
    expect(await obstacle(4, 2, { processes: [api(2), worker(2, [0, 1, 2])], jobs: { 3: 1 } })).toContain('no worker serves shard 3');
  });
});

/** An installation whose processes hear of a change at the next look, and in whose shards something is left at first. */
const openInstallation = (now: number, isHeard = true) => {
  const log: string[] = [];
  let numbers: ShardNumbers = { now, next: null };
  let heard = numbers;
  let left = 3;
  const dependencies = {
    begin: async (to: number) => {
      numbers = { now: numbers.now, next: to === numbers.now ? null : to };
      return numbers;
    },
    end: async (to: number) => {
      log.push(`end ${to}`);
      if (numbers.next !== to) return false;
      numbers = { now: to, next: null };
      return true;
    },
    processes: async () => {
      const { now: has, next } = heard;
      if (isHeard) heard = numbers;
      return [api(Math.min(has, next ?? has)), worker(Math.min(has, next ?? has), [...Array(Math.max(has, next ?? has)).keys()])];
    },
    dispatchesFrom: async () => (left > 0 ? left-- : 0),
    unfinished: async () => 0,
    say: (line: string) => void log.push(line),
    rest: async () => undefined,
  };
  return { log, dependencies, numbers: () => numbers };
};

describe('changing the number of shards', () => {
  it.each([
    [2, 6],
    [6, 2],
  ])('goes from %i to %i, and waits for what is in the way', async (from, to) => {
    const { log, dependencies, numbers } = openInstallation(from);
    await changeShards(to, dependencies);
    expect(numbers()).toEqual({ now: to, next: null });
    expect(log[0]).toMatch(/^going from/);
    const left = log.filter((line) => line.startsWith('left in')).length;
    expect(left).toBe(to < from ? 3 : 0);
    expect(log.indexOf(`end ${to}`)).toBeGreaterThan(left);
    // Fewer are fed by everybody before the end.
    expect(log.at(-1)).toMatch(to < from ? /^end/ : /^waiting for processes to hear/);
  });

  it('to the number that it has only waits until everybody has heard of it', async () => {
    const { log, dependencies } = openInstallation(4);
    await changeShards(4, dependencies);
    expect(log).toEqual([]);
  });

  it('fails when somebody goes elsewhere meanwhile, and before the first start', async () => {
    const { dependencies } = openInstallation(2);
    await expect(changeShards(6, { ...dependencies, end: async () => false })).rejects.toThrow('somebody else');
    await expect(changeShards(6, { ...dependencies, begin: async () => null })).rejects.toThrow('no process of this installation');
  });
});
