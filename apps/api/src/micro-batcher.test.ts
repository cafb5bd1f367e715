import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { NewEvent, PreparedEvent, StoredDispatch } from '@posthorn/db';
import fc from 'fast-check';
import { limits } from './limits.js';
import { type Accepted, createMicroBatcher, OverloadedError } from './micro-batcher.js';

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'] });
});
afterEach(() => {
  jest.useRealTimers();
});

const lingerMs = 3;
const pass = (ms: number) => jest.advanceTimersByTimeAsync(ms);
const tenantId = randomUUID();
const newEvent = (changes: Partial<PreparedEvent> = {}): PreparedEvent => ({
  environmentId: 'e',
  tenantId,
  eventType: 'order.placed',
  sourceId: null,
  eventTimeMs: null,
  projectFlows: [],
  data: '1',
  currentContext: null,
  resources: null,
  bodyHash: null,
  key: null,
  ...changes,
});
const events = (count: number, changes: Partial<PreparedEvent> = {}) => Array.from({ length: count }, () => newEvent(changes));

/** What the database does with a commit: keys are won once, a dispatch has the events that were stored. */
const store = (rows: readonly NewEvent[], won: Set<string>): readonly StoredDispatch[] => {
  const dispatches = new Map<string, { id: string; shard: number; eventIds: string[] }>();
  for (const { event, id, dispatchId, shard } of rows) {
    if (event.key !== null && won.has(event.key)) continue;
    if (event.key !== null) won.add(event.key);
    const dispatch = dispatches.get(dispatchId) ?? { id: dispatchId, shard, eventIds: [] };
    dispatch.eventIds.push(id);
    dispatches.set(dispatchId, dispatch);
  }
  return [...dispatches.values()];
};

type Commit = { readonly rows: readonly NewEvent[]; readonly end: (error?: Error) => void };

const open = () => {
  const commits: Commit[] = [];
  const enqueued: StoredDispatch[] = [];
  const won = new Set<string>();
  let ids = 0;
  let shard = 0;
  const batcher = createMicroBatcher({
    newId: () => String(ids++),
    nextShard: () => shard++ % 2,
    commit: (rows) =>
      new Promise((resolve, reject) => {
        commits.push({ rows, end: (error) => (error === undefined ? resolve(store(rows, won)) : reject(error)) });
      }),
    enqueue: (dispatches) => enqueued.push(...dispatches),
    lingerMs,
    onCommitted: () => undefined,
  });
  const accept = (event: PreparedEvent) => {
    const one = { answer: undefined as Accepted | Error | undefined };
    batcher.accept(event).then(
      (accepted) => {
        one.answer = accepted;
      },
      (error: Error) => {
        one.answer = error;
      },
    );
    return one;
  };
  return { batcher, commits, enqueued, accept, sizes: () => commits.map((commit) => commit.rows.length) };
};

describe('the micro-batcher', () => {
  it('lets events share a commit after the linger, answers each at the commit, and tells the queue', async () => {
    const { accept, commits, enqueued, sizes } = open();
    const first = accept(newEvent());
    await pass(lingerMs - 1);
    const second = accept(newEvent());
    expect(sizes()).toEqual([]);
    await pass(1);
    expect([sizes(), first.answer, enqueued]).toEqual([[2], undefined, []]);
    commits[0]?.end();
    await pass(0);
    const ids = commits[0]?.rows.map((row) => row.id) ?? [];
    expect([first.answer, second.answer]).toEqual(ids.map((id) => ({ kind: 'stored', id })));
    expect(enqueued).toEqual([{ id: commits[0]?.rows[0]?.dispatchId, shard: 0, eventIds: ids }]);
  });

  it('commits a full batch at once, beside those that run, up to three', async () => {
    const { accept, commits, sizes } = open();
    for (const event of events(4 * limits.batchEventsMax + 50)) accept(event);
    await pass(1_000);
    expect(sizes()).toEqual([100, 100, 100]);
    commits[1]?.end();
    await pass(0);
    expect(sizes()).toEqual([100, 100, 100, 100]);
    for (const index of [0, 2, 3]) commits[index]?.end();
    await pass(0);
    expect(sizes()).toEqual([100, 100, 100, 100, 50]);
  });

  it('takes nothing more while a commit takes too long, and goes on once it ended', async () => {
    const { accept, commits, batcher } = open();
    for (const event of events(limits.batchEventsMax)) accept(event);
    await pass(limits.commitMsMax);
    const before = accept(newEvent());
    await pass(1);
    const [refused, refusedBatch] = [accept(newEvent()), batcher.acceptAll([newEvent()])];
    await expect(refusedBatch).rejects.toBeInstanceOf(OverloadedError);
    expect([before.answer, refused.answer]).toEqual([undefined, expect.any(OverloadedError)]);
    commits[0]?.end();
    await pass(lingerMs);
    const after = accept(newEvent());
    for (let index = 1; index < 4; index++) {
      commits[index]?.end();
      await pass(lingerMs);
    }
    expect([before.answer, after.answer]).toEqual([
      expect.objectContaining({ kind: 'stored' }),
      expect.objectContaining({ kind: 'stored' }),
    ]);
  });

  it('lets a batch that is not full wait for the commit that runs, and no longer', async () => {
    const { accept, commits, sizes } = open();
    accept(newEvent());
    await pass(lingerMs);
    for (const event of events(10)) accept(event);
    await pass(1_000);
    expect(sizes()).toEqual([1]);
    commits[0]?.end();
    await pass(0);
    expect(sizes()).toEqual([1, 10]);
  });

  it('keeps a batch within 1 MiB, and takes a single event of any size', async () => {
    const { accept, commits, sizes } = open();
    const big = 'x'.repeat(limits.batchBytesMax / 2);
    for (const data of [big, big, big, 'x'.repeat(limits.batchBytesMax + 1), '1']) accept(newEvent({ data }));
    await pass(0);
    for (let i = 0; i < 5; i++) {
      await pass(lingerMs);
      commits[i]?.end();
      await pass(0);
    }
    expect(sizes()).toEqual([2, 1, 1, 1]);
  });

  it('never has a key twice in a commit; the second finds it kept', async () => {
    const { accept, commits, sizes } = open();
    const answers = [newEvent({ key: 'a' }), newEvent(), newEvent({ key: 'a' }), newEvent({ key: 'b' })].map(accept);
    await pass(lingerMs);
    expect(sizes()).toEqual([2]);
    commits[0]?.end();
    await pass(0);
    expect(sizes()).toEqual([2, 2]);
    commits[1]?.end();
    await pass(0);
    expect(answers.map((each) => each.answer)).toEqual([
      expect.objectContaining({ kind: 'stored' }),
      expect.objectContaining({ kind: 'stored' }),
      { kind: 'kept' },
      expect.objectContaining({ kind: 'stored' }),
    ]);
  });

  it('takes the same key of two tenants in one commit', async () => {
    const { accept, sizes } = open();
    accept(newEvent({ key: 'a' }));
    accept(newEvent({ key: 'a', tenantId: randomUUID() }));
    await pass(lingerMs);
    expect(sizes()).toEqual([2]);
  });

  it('rejects the events of a commit that failed, and only those', async () => {
    const { accept, commits } = open();
    const lost = events(2).map(accept);
    await pass(lingerMs);
    const others = events(2).map(accept);
    commits[0]?.end(new Error('gone'));
    await pass(0);
    commits[1]?.end();
    await pass(0);
    expect(lost.map((each) => each.answer)).toEqual([new Error('gone'), new Error('gone')]);
    expect(others.map((each) => each.answer)).toEqual(Array(2).fill(expect.objectContaining({ kind: 'stored' })));
  });

  it('says no at once when 20,000 events wait, and takes more when there is room', async () => {
    const { accept, batcher, commits } = open();
    for (const event of events(3 * limits.batchEventsMax + limits.waitingEventsMax)) accept(event);
    expect(batcher.waiting()).toBe(limits.waitingEventsMax);
    const refused = accept(newEvent());
    await expect(batcher.acceptAll(events(1))).rejects.toThrow(OverloadedError);
    expect([refused.answer, commits.length]).toEqual([expect.any(OverloadedError), 3]);
    commits[0]?.end();
    await pass(0);
    expect(accept(newEvent()).answer).toBeUndefined();
  });

  it('says no at once when 64 MiB wait', async () => {
    const { accept } = open();
    const data = 'x'.repeat(limits.batchBytesMax);
    for (const event of events(3 + 64, { data })) accept(event);
    const refused = accept(newEvent());
    await pass(0);
    expect(refused.answer).toBeInstanceOf(OverloadedError);
  });

  it('drains when everything is committed', async () => {
    const { accept, batcher, commits } = open();
    await batcher.drain();
    let drained = false;
    for (const event of events(150)) accept(event);
    void batcher.drain().then(() => {
      drained = true;
    });
    await pass(lingerMs);
    commits[0]?.end();
    await pass(0);
    expect([drained, batcher.waiting()]).toEqual([false, 0]);
    commits[1]?.end(new Error('gone'));
    await pass(0);
    expect(drained).toBe(true);
  });

  it('answers every event once, within all bounds, in whatever order commits end', async () => {
    const step = fc.oneof(
      fc.record({
        kind: fc.constant('accept' as const),
        count: fc.integer({ min: 1, max: 130 }),
        key: fc.option(fc.constantFrom('a', 'b', 'c')),
      }),
      fc.record({ kind: fc.constant('end' as const), pick: fc.nat(5), fails: fc.boolean() }),
      fc.record({ kind: fc.constant('pass' as const), ms: fc.nat(5) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const { accept, batcher, commits } = open();
        const answers: { answer: Accepted | Error | undefined }[] = [];
        const running = new Set<Commit>();
        let seen = 0;
        const look = () => {
          for (; seen < commits.length; seen++) running.add(commits[seen] as Commit);
          expect(running.size).toBeLessThanOrEqual(limits.commitsMax);
        };
        const end = async (pick: number, error?: Error) => {
          look();
          const commit = [...running][pick % Math.max(1, running.size)];
          if (commit === undefined) return;
          running.delete(commit);
          commit.end(error);
          await pass(0);
          look();
        };
        for (const each of steps) {
          if (each.kind === 'accept') for (const event of events(each.count, { key: each.key })) answers.push(accept(event));
          else if (each.kind === 'pass') await pass(each.ms);
          else await end(each.pick, each.fails ? new Error('gone') : undefined);
        }
        for (let i = 0; batcher.waiting() > 0 || running.size > 0 || i === 0; i++) {
          await pass(lingerMs);
          await end(0);
        }
        await batcher.drain();
        expect(answers.every((each) => each.answer !== undefined)).toBe(true);
        for (const { rows } of commits) {
          const keys = rows.flatMap((row) => row.event.key ?? []);
          expect([rows.length <= limits.batchEventsMax, new Set(keys).size]).toEqual([true, keys.length]);
        }
        const ids = answers.flatMap(({ answer }) => (answer instanceof Error || answer?.kind !== 'stored' ? [] : [answer.id]));
        expect(new Set(ids).size).toBe(ids.length);
      }),
      { numRuns: 50 },
    );
  });
});

describe('a batch of its own', () => {
  it('is one commit of dispatches that fit a worker, each on its shard', async () => {
    const { batcher, commits, enqueued } = open();
    const big = newEvent({ data: 'x'.repeat(limits.batchBytesMax - 1) });
    const accepted = batcher.acceptAll([...events(205), big, newEvent()]);
    commits[0]?.end();
    expect(await accepted).toHaveLength(207);
    expect(commits).toHaveLength(1);
    expect(enqueued.map((dispatch) => [dispatch.eventIds.length, dispatch.shard])).toEqual([
      [100, 0],
      [100, 1],
      [5, 0],
      [2, 1],
    ]);
  });

  it('counts among what waits until it is committed', async () => {
    const { batcher, commits } = open();
    const running = Array.from({ length: limits.waitingEventsMax / 1_000 }, () => batcher.acceptAll(events(1_000)));
    await expect(batcher.acceptAll(events(1))).rejects.toThrow(OverloadedError);
    await expect(batcher.accept(newEvent())).rejects.toThrow(OverloadedError);
    let drained = false;
    void batcher.drain().then(() => {
      drained = true;
    });
    for (const commit of commits.slice(1)) commit.end();
    await pass(0);
    expect([drained, batcher.waiting()]).toEqual([false, 1_000]);
    const failed = expect(running[0]).rejects.toThrow('gone');
    commits[0]?.end(new Error('gone'));
    await Promise.all([...running.slice(1), failed]);
    await pass(0);
    expect([drained, batcher.waiting()]).toEqual([true, 0]);
  });

  it('counts its bytes too', async () => {
    const { batcher } = open();
    const data = 'x'.repeat(limits.batchBytesMax);
    for (let i = 0; i < 8; i++) void batcher.acceptAll(events(8, { data }));
    await expect(batcher.acceptAll(events(1))).rejects.toThrow(OverloadedError);
  });

  it('says which of its events lost their key', async () => {
    const { batcher, commits } = open();
    for (const kinds of [
      ['stored', 'stored', 'stored'],
      ['kept', 'stored', 'kept'],
    ]) {
      const accepted = batcher.acceptAll([newEvent({ key: 'a' }), newEvent(), newEvent({ key: 'b' })]);
      commits.at(-1)?.end();
      expect((await accepted).map((each) => each.kind)).toEqual(kinds);
    }
  });
});
