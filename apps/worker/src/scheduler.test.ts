import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { fakeTime } from '../tests/fixtures.js';
import { chunk, openScheduler, waitingNow } from '../tests/scheduler-world.js';
import { limits } from './limits.js';

const bounds = limits.scheduler;
/** What a round asks for, in this order, if all of it is due. */
const feedingSteps: readonly string[] = ['leaseDispatches', 'leaseChunks', 'endWaiting', 'stepReplays', 'eraseTenants'];

beforeEach(() => {
  jest.useFakeTimers(fakeTime);
});
afterEach(() => {
  jest.useRealTimers();
});

const pass = (ms: number) => jest.advanceTimersByTimeAsync(ms);

describe('the scheduler', () => {
  it('feeds dispatches under the claim that they have, chunks in jobs, and counts what it fed', async () => {
    const { world, scheduler, fed, due, counted } = openScheduler();
    world.backlog = 2;
    world.chunks = [[chunk('a', 300), chunk('b', 250), chunk('c', 1)]];
    scheduler.start();
    await pass(0);
    await scheduler.stop();
    expect(fed).toEqual(['0', '1'].map((id) => ({ job: { id, claim: 2, firstEventId: 'a', lastEventId: 'b' }, shard: 0 })));
    expect(due.map(({ job }) => job.chunks.map((each) => each.webhookId))).toEqual([['a'], ['b', 'c']]);
    expect(counted).toEqual({ dispatch: 2, delivery: 551 });
  });

  it('looks again at once while there is more, and fills a shard up to its window and no further', async () => {
    const { world, scheduler, fed } = openScheduler();
    world.backlog = 10_000;
    world.waiting.first[0] = 600;
    scheduler.start();
    await pass(0);
    expect(fed).toHaveLength(bounds.waitingDispatchesMax - 600);
    await pass(bounds.roundMs);
    expect(fed).toHaveLength(bounds.waitingDispatchesMax - 600);
    world.waiting.first[0] = bounds.waitingDispatchesMax - 10;
    await pass(bounds.roundMs);
    expect(fed).toHaveLength(bounds.waitingDispatchesMax - 600 + 10);
    await scheduler.stop();
  });

  it('feeds nothing to a queue that cannot be reached, nor takes a lease for it', async () => {
    const { world, scheduler, fed, due, count } = openScheduler();
    world.backlog = 5;
    world.chunks = [[chunk('a', 1)]];
    world.waiting = waitingNow(1, Number.POSITIVE_INFINITY);
    scheduler.start();
    await pass(5 * bounds.roundMs);
    expect([fed, due, count('leaseDispatches'), count('leaseChunks')]).toEqual([[], [], 0, 0]);
    world.waiting = waitingNow(1, 0);
    await pass(bounds.roundMs);
    expect([fed.length, due.length]).toEqual([5, 1]);
    await scheduler.stop();
  });

  it('feeds what belongs to shards that cannot be reached, or are fed no more, to the others in turn', async () => {
    const { world, scheduler, fed, due, leasedFrom } = openScheduler(4);
    world.gone = [1];
    world.backlog = 6 * bounds.dispatchesPerRoundMax;
    world.chunks = Array.from({ length: 6 }, () => [chunk('a', 1)]);
    scheduler.start();
    for (let round = 0; round < 6; round++) await pass(bounds.roundMs);
    await scheduler.stop();
    expect(new Set(fed.map(({ shard }) => shard))).toEqual(new Set([0, 2, 3]));
    expect(due.map(({ shard }) => shard)).toEqual([2, 3, 0, 2, 3, 0]);
    const strays = [1, ...Array.from({ length: limits.shardsMax - 4 }, (_, beyond) => 4 + beyond)];
    const alone = leasedFrom.filter((from) => from.length === 1);
    const withStrays = leasedFrom.filter((from) => from.length > 1);
    expect(alone.length).toBe(2 * withStrays.length);
    for (const [index, [shard, ...others]] of withStrays.entries()) {
      expect(others).toEqual(strays);
      expect(shard).toBe([2, 3, 0][index % 3]);
    }
  });

  it('looks again at once while a round was filled by webhooks that had less than they may have, and rests where nothing came', async () => {
    const { world, scheduler, due, count } = openScheduler();
    world.turnsLeft = true;
    world.chunks = [[chunk('a', 20)], [chunk('b', 20)], [chunk('c', 20)], [], [chunk('d', 1)]];
    scheduler.start();
    await pass(0);
    expect([due.length, count('leaseChunks')]).toEqual([3, 4]);
    await pass(bounds.roundMs);
    expect([due.length, count('leaseChunks')]).toEqual([4, 5]);
    await scheduler.stop();
  });

  it('hands out no chunks while enough jobs of chunks wait', async () => {
    const { world, scheduler, due } = openScheduler();
    world.chunks = [[chunk('a', 1)]];
    world.waiting.due[0] = bounds.waitingDueJobsMax;
    scheduler.start();
    await pass(bounds.roundMs);
    expect(due).toEqual([]);
    world.waiting.due[0] = bounds.waitingDueJobsMax - 1;
    await pass(bounds.roundMs);
    expect(due).toHaveLength(1);
    await scheduler.stop();
  });

  it('feeds the chunks of replays in a lane of their own, and no job has both', async () => {
    const { world, scheduler, due, counted } = openScheduler();
    world.chunks = [[chunk('a', 1), chunk('b', 400, true), chunk('c', 1), chunk('d', 200, true)]];
    scheduler.start();
    await pass(0);
    await scheduler.stop();
    expect(due.map(({ lane, job }) => [lane, job.chunks.map((each) => each.webhookId)])).toEqual([
      ['due', ['a', 'c']],
      ['replay', ['b']],
      ['replay', ['d']],
    ]);
    expect(due.flatMap(({ lane, job }) => job.chunks.map((each) => each.replay === (lane === 'replay')))).not.toContain(false);
    expect([new Set(due.map(({ id }) => id)).size, counted.delivery]).toEqual([3, 602]);
  });

  it('does not let many waiting jobs of replays keep back what is due', async () => {
    const { world, scheduler, due } = openScheduler();
    world.chunks = [[chunk('a', 1)]];
    world.waiting.replay[0] = 10 * bounds.waitingDueJobsMax;
    scheduler.start();
    await pass(0);
    await scheduler.stop();
    expect(due.map(({ lane }) => lane)).toEqual(['due']);
  });

  it('feeds every shard, chunks in turn', async () => {
    const { world, scheduler, fed, due } = openScheduler(3);
    world.backlog = 1_200;
    world.chunks = [[chunk('a', 1)], [chunk('b', 1)], [chunk('c', 1)]];
    scheduler.start();
    await pass(3 * bounds.roundMs);
    await scheduler.stop();
    expect(new Set(fed.map((each) => each.shard))).toEqual(new Set([0, 1, 2]));
    expect(fed).toHaveLength(1_200);
    expect(due.map((each) => each.shard).sort()).toEqual([0, 1, 2]);
  });

  it('does nothing but ask for the lease while another one holds it', async () => {
    const { world, scheduler, calls, actives } = openScheduler();
    world.leader = false;
    world.backlog = 5;
    world.lost[0] = true;
    scheduler.start();
    await pass(3_500);
    expect(new Set(calls)).toEqual(new Set(['holdLease']));
    expect([scheduler.isActive(), actives]).toEqual([false, []]);
    world.leader = true;
    await pass(bounds.renewMs);
    expect([scheduler.isActive(), actives, world.backlog]).toEqual([true, [true], 0]);
    world.leader = false;
    await pass(bounds.renewMs);
    world.backlog = 5;
    await pass(5_000);
    expect([scheduler.isActive(), actives, world.backlog]).toEqual([false, [true, false], 5]);
    await scheduler.stop();
    expect(calls).not.toContain('releaseLease');
  });

  it('feeds nothing while its lease cannot be renewed', async () => {
    const { world, scheduler, errors, fed } = openScheduler();
    scheduler.start();
    await pass(0);
    world.databaseFails = 'holdLease';
    await pass(bounds.renewMs);
    world.backlog = 5;
    await pass(5_000);
    expect(fed).toEqual([]);
    expect(errors.length).toBeGreaterThan(5);
    world.databaseFails = null;
    await pass(bounds.roundMs);
    expect(fed).toHaveLength(5);
    await scheduler.stop();
  });

  it('makes what nobody claimed due in the shards that lost their data, once', async () => {
    const { world, scheduler, madeDue } = openScheduler(3);
    scheduler.start();
    await pass(3 * bounds.renewMs);
    expect(madeDue).toEqual([]);
    // One that does not answer keeps nobody from hearing of another.
    world.silent = [0];
    world.lost = [true, true, false];
    await pass(bounds.renewMs);
    expect(madeDue).toEqual([[1]]);
    await pass(3 * bounds.renewMs);
    expect(madeDue).toEqual([[1]]);
    world.silent = [];
    await pass(bounds.renewMs);
    expect(madeDue).toEqual([[1], [0]]);
    await scheduler.stop();
  });

  it('does not forget a loss that it noticed while the database was away', async () => {
    const { world, scheduler, count, errors } = openScheduler();
    scheduler.start();
    await pass(0);
    world.lost[0] = true;
    world.databaseFails = 'makeUnclaimedDue';
    await pass(2 * bounds.renewMs);
    expect([count('makeUnclaimedDue'), errors.length]).toEqual([2, 2]);
    world.databaseFails = null;
    await pass(2 * bounds.renewMs);
    expect(count('makeUnclaimedDue')).toBe(3);
    await scheduler.stop();
  });

  it('gives back what a shard does not take, leaves it in peace for a while, and feeds it then', async () => {
    const { world, scheduler, fed, due, errors, count } = openScheduler();
    world.backlog = 5;
    world.chunks = [[chunk('a', 1)]];
    world.refusing = [0];
    scheduler.start();
    await pass(bounds.refusedMs - bounds.roundMs);
    expect([fed.length, errors.length, count('leaseDispatches'), count('giveBackDispatches'), count('leaseChunks')]).toEqual([
      0, 1, 1, 1, 0,
    ]);
    world.refusing = [];
    await pass(2 * bounds.roundMs);
    expect([fed.length, due.length, errors.length]).toEqual([5, 1, 1]);
    await scheduler.stop();
  });

  it('feeds what a shard does not take to the others', async () => {
    const { world, scheduler, fed, due } = openScheduler(2);
    world.backlog = 5;
    world.chunks = [[chunk('a', 1)], [chunk('b', 1)]];
    world.refusing = [1];
    scheduler.start();
    await pass(2 * bounds.refusedMs);
    expect(fed.map(({ shard }) => shard)).toEqual(Array(5).fill(0));
    // The chunk that was refused comes again when its lease is over.
    expect(due.map(({ shard, job }) => [shard, job.chunks[0]?.webhookId])).toEqual([[0, 'b']]);
    await scheduler.stop();
  });

  it('tells of what it could not give back as well', async () => {
    const { world, scheduler, errors } = openScheduler();
    world.backlog = 5;
    world.refusing = [0];
    world.databaseFails = 'giveBackDispatches';
    scheduler.start();
    await pass(0);
    expect(errors).toEqual([new Error('giveBackDispatches')]);
    await scheduler.stop();
  });

  it('settles statistics every ten seconds, and on at once while there are more', async () => {
    const { world, scheduler, count } = openScheduler();
    scheduler.start();
    await pass(0);
    expect(count('settleStatistics')).toBe(1);
    await pass(bounds.settleEveryMs - bounds.roundMs);
    expect(count('settleStatistics')).toBe(1);
    world.raw = 2 * bounds.settleRowsMax + 1;
    await pass(2 * bounds.roundMs);
    expect(count('settleStatistics')).toBeGreaterThan(1);
    await pass(4 * bounds.roundMs);
    expect([world.raw, count('settleStatistics')]).toEqual([0, 4]);
    await scheduler.stop();
  });

  it('makes partitions at once and every hour, after a failure every minute, and mends hints every minute', async () => {
    const { world, scheduler, count, calls } = openScheduler();
    world.databaseFails = 'makePartitions';
    world.mended = 2;
    scheduler.start();
    await pass(0);
    expect([count('makePartitions'), count('mendDueHints')]).toEqual([1, 0]);
    world.databaseFails = null;
    await pass(bounds.maintenanceRetryMs + bounds.roundMs);
    expect([count('makePartitions'), count('mendDueHints'), calls.includes('mended 2')]).toEqual([2, 1, true]);
    await pass(bounds.partitionsEveryMs - 2 * bounds.mendEveryMs);
    expect(count('makePartitions')).toBe(2);
    await pass(2 * bounds.mendEveryMs + bounds.roundMs);
    expect(count('makePartitions')).toBe(3);
    await scheduler.stop();
  });

  it('ends what waits at webhooks that are switched off, step after step without a pause while they are full', async () => {
    const { world, scheduler, count } = openScheduler();
    world.ending = 3 * bounds.endRowsMax + 5;
    scheduler.start();
    await pass(0);
    expect([world.ending, count('endWaiting')]).toEqual([0, 4]);
    await pass(bounds.roundMs - 1);
    expect(count('endWaiting')).toBe(4);
    await pass(1);
    expect(count('endWaiting')).toBe(5);
    await scheduler.stop();
  });

  it('takes a step of the replays in every round, the next at once while there is more to open', async () => {
    const { world, scheduler, count } = openScheduler();
    world.replaySteps = 4;
    scheduler.start();
    await pass(0);
    expect(count('stepReplays')).toBe(4);
    await pass(2 * bounds.roundMs);
    expect(count('stepReplays')).toBe(6);
    await scheduler.stop();
  });

  it('goes on feeding between the steps of a long end, a long replay and a long erasure', async () => {
    const { world, scheduler, calls } = openScheduler();
    world.ending = 3 * bounds.endRowsMax;
    world.replaySteps = 3;
    world.erasureSteps = 4;
    scheduler.start();
    await pass(0);
    await scheduler.stop();
    const steps = calls.filter((name) => feedingSteps.includes(name));
    expect(steps).toEqual(Array(4).fill(feedingSteps).flat());
  });

  it.each(feedingSteps)('does everything else while %s keeps failing, and tells of it each time', async (failing) => {
    const { world, scheduler, count, errors } = openScheduler();
    world.databaseFails = failing;
    scheduler.start();
    await pass(0);
    await pass(2 * bounds.roundMs);
    expect(errors).toEqual(Array(3).fill(new Error(failing)));
    for (const step of feedingSteps) expect([step, count(step)]).toEqual([step, 3]);
    expect([count('makePartitions'), count('disableUnsuccessful')]).toEqual([1, 1]);
    await scheduler.stop();
  });

  it('looks at once and every 10 s for webhooks that had no success for too long, and feeds meanwhile when that fails', async () => {
    const { world, scheduler, count, fed, errors } = openScheduler();
    world.databaseFails = 'disableUnsuccessful';
    scheduler.start();
    await pass(0);
    world.backlog = 3;
    await pass(bounds.noSuccessEveryMs - bounds.roundMs);
    expect([count('disableUnsuccessful'), errors.length, fed.length]).toEqual([1, 1, 3]);
    world.databaseFails = null;
    await pass(2 * bounds.roundMs);
    expect([count('disableUnsuccessful'), errors.length]).toEqual([2, 1]);
    await scheduler.stop();
  });

  it('asks for nothing of which nothing is due', async () => {
    const { world, scheduler, calls } = openScheduler();
    world.due = { dispatches: false, chunks: false, ending: true, replays: false, erasing: false };
    scheduler.start();
    await pass(bounds.roundMs);
    await scheduler.stop();
    const steps = calls.filter((name) => feedingSteps.includes(name));
    expect(steps).toEqual(['endWaiting', 'endWaiting']);
  });

  it('looks less often after a while without work, and as often as before when there is some', async () => {
    const { world, scheduler, count } = openScheduler();
    world.due = { dispatches: false, chunks: false, ending: false, replays: false, erasing: false };
    scheduler.start();
    await pass(bounds.idleAfterMs + bounds.idleRoundMs);
    const looks = () => count('findDueWork');
    const before = looks();
    await pass(10 * bounds.idleRoundMs);
    expect(looks() - before).toBe(10);
    world.due = {};
    await pass(bounds.idleRoundMs);
    const atWork = looks();
    await pass(10 * bounds.roundMs);
    expect(looks() - atWork).toBe(10);
    await scheduler.stop();
  });

  it('gives its lease up when it stops, and looks no more', async () => {
    const { scheduler, calls, count } = openScheduler();
    scheduler.start();
    await pass(0);
    await scheduler.stop();
    expect([count('releaseLease'), scheduler.isActive(), jest.getTimerCount()]).toEqual([1, false, 0]);
    const before = calls.length;
    await pass(5_000);
    expect(calls).toHaveLength(before);
  });
});
