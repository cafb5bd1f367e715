// A scheduler whose database and queue are played by hand: what it asks for is written down, what it gets is set by the test.
import type { Chunk, DueWork, FedDispatch } from '@posthorn/db';
import { type DispatchJob, type DueJob, type Lane, lanes } from '@posthorn/queue';
import { limits } from '../src/limits.js';
import { createScheduler } from '../src/scheduler.js';

const bounds = limits.scheduler;

/** Dispatches as the database leases them. */
const dispatches = (count: number, shard = 0): FedDispatch[] =>
  Array.from({ length: count }, (_, index) => ({ id: String(index), claim: 2, firstEventId: 'a', lastEventId: 'b', shard }));

/** A chunk of `size` deliveries as the database hands it out. */
export const chunk = (webhookId: string, size: number, replay = false): Chunk => ({
  webhookId,
  turn: 1,
  probe: false,
  epoch: 0,
  replay,
  deliveries: Array.from({ length: size }, (_, index) => ({ eventId: String(index), attempt: 1 })),
});

/** How many jobs wait in each lane, by shard. */
export const waitingNow = (shards: number, jobs: number): Record<Lane, number[]> => ({
  first: Array(shards).fill(jobs),
  due: Array(shards).fill(jobs),
  replay: Array(shards).fill(jobs),
});

/** A scheduler between a backlog in the database and a queue in memory. */
export const openScheduler = (shards = 1) => {
  const world = {
    leader: true,
    backlog: 0,
    chunks: [] as Chunk[][],
    /** Whether rounds leave turns to the next, while there are chunks. */
    turnsLeft: false,
    waiting: waitingNow(shards, 0),
    lost: Array(shards).fill(false) as boolean[],
    /** Shards that have gone: known once it is looked. */
    gone: [] as number[],
    /** Shards that do not say whether they have lost their data. */
    silent: [] as number[],
    /** Shards that do not take jobs. */
    refusing: [] as number[],
    databaseFails: null as string | null,
    mended: 0,
    /** Rows of statistics that are not settled. */
    raw: 0,
    /** What is left to end at webhooks that are switched off, and the steps that replays and erasures have left. */
    ending: 0,
    replaySteps: 0,
    erasureSteps: 0,
    /** What the look for due work finds; by default all of it. */
    due: {} as Partial<DueWork>,
  };
  const calls: string[] = [];
  /** Of which shards dispatches were taken, and of which what nobody had claimed was made due, call by call. */
  const leasedFrom: (readonly number[])[] = [];
  const madeDue: (readonly number[])[] = [];
  const fed: { readonly job: DispatchJob; readonly shard: number }[] = [];
  const due: { readonly lane: Lane; readonly job: DueJob; readonly id: string; readonly shard: number }[] = [];
  const counted: Record<string, number> = { dispatch: 0, delivery: 0 };
  const actives: boolean[] = [];
  const errors: unknown[] = [];
  const call = <T>(name: string, value: T): Promise<T> => {
    calls.push(name);
    return world.databaseFails === name ? Promise.reject(new Error(name)) : Promise.resolve(value);
  };
  const add = (shard: number) => (world.refusing.includes(shard) ? Promise.reject(new Error('queue')) : Promise.resolve());
  let ids = 0;
  const scheduler = createScheduler({
    holdLease: () => call('holdLease', world.leader),
    releaseLease: () => call('releaseLease', undefined),
    leaseDispatches: async (from, shard, dispatchesMax) => {
      leasedFrom.push(from);
      const count = Math.min(dispatchesMax, world.backlog);
      world.backlog -= count;
      return call('leaseDispatches', dispatches(count, shard));
    },
    giveBackDispatches: (given, afterMs) => {
      setTimeout(() => {
        world.backlog += given.length;
      }, afterMs);
      return call('giveBackDispatches', undefined);
    },
    makeUnclaimedDue: (lost) => {
      madeDue.push(lost);
      return call('makeUnclaimedDue', 3);
    },
    leaseChunks: () => call('leaseChunks', world.chunks.shift() ?? []),
    hasTurnsLeft: () => call('hasTurnsLeft', world.turnsLeft && world.chunks.length > 0),
    endWaiting: () => {
      const ended = Math.min(world.ending, bounds.endRowsMax);
      world.ending -= ended;
      return call('endWaiting', ended);
    },
    disableUnsuccessful: () => call('disableUnsuccessful', 0),
    stepReplays: () => call('stepReplays', world.replaySteps-- > 1),
    eraseTenants: () => call('eraseTenants', world.erasureSteps-- > 1),
    findDueWork: () => call('findDueWork', { dispatches: true, chunks: true, ending: true, replays: true, erasing: true, ...world.due }),
    settleStatistics: () => {
      const settled = Math.min(world.raw, bounds.settleRowsMax);
      world.raw -= settled;
      return call('settleStatistics', settled);
    },
    expireStatistics: () => call('expireStatistics', 0),
    mendDueHints: () => call('mendDueHints', world.mended),
    makePartitions: () => call('makePartitions', 0),
    queue: {
      shards,
      addDispatches: async (jobs, shard) => {
        await add(shard);
        fed.push(...jobs.map((job) => ({ job, shard })));
        world.waiting.first[shard] = (world.waiting.first[shard] ?? 0) + jobs.length;
      },
      addDue: async (lane, job, id, shard) => {
        await add(shard);
        due.push({ lane, job, id, shard });
      },
      waiting: (lane, shard) => world.waiting[lane][shard] ?? Number.POSITIVE_INFINITY,
      refresh: async () => {
        if (world.gone.length > 0)
          for (const lane of lanes) for (const shard of world.gone) world.waiting[lane][shard] = Number.POSITIVE_INFINITY;
      },
      lostData: async (shard) => {
        if (world.silent.includes(shard)) throw new Error('no answer');
        const lost = world.lost[shard] === true;
        world.lost[shard] = false;
        return lost;
      },
    },
    newId: () => String(ids++),
    onFed: (kind, count) => {
      counted[kind] = (counted[kind] ?? 0) + count;
    },
    onActive: (active) => actives.push(active),
    onMended: (count) => calls.push(`mended ${count}`),
    onError: (error) => errors.push(error),
  });
  const count = (name: string) => calls.filter((each) => each === name).length;
  return { world, scheduler, calls, count, fed, due, leasedFrom, madeDue, counted, actives, errors };
};
