// Concurrent events share one commit. An event is accepted when its promise resolves, and then it is durable; the queue is told afterwards,
// at best effort.
import type { NewEvent, PreparedEvent, StoredDispatch } from '@posthorn/db';
import { limits } from './limits.js';

/** `kept`: an earlier event has this key; it may be the same event or another one. */
export type Accepted = { readonly kind: 'stored'; readonly id: string } | { readonly kind: 'kept' };

export type MicroBatcher = {
  /** Resolves at the commit; rejects with an OverloadedError at once when too much waits, or with the driver's error. */
  readonly accept: (event: PreparedEvent) => Promise<Accepted>;
  /** The same for events that must be committed in one transaction of their own. No key may stand in it twice. */
  readonly acceptAll: (events: readonly PreparedEvent[]) => Promise<readonly Accepted[]>;
  /** Events that wait for a commit, and those of batches of their own until theirs has ended. */
  readonly waiting: () => number;
  /** Resolves when nothing waits any more. */
  readonly drain: () => Promise<void>;
};

export class OverloadedError extends Error {
  override readonly name = 'OverloadedError';
}

export type BatcherDependencies = {
  readonly newId: () => string;
  /** The shard of the next dispatch. */
  readonly nextShard: () => number;
  /** Commits; the dispatches come back with the events that were stored. */
  readonly commit: (events: readonly NewEvent[]) => Promise<readonly StoredDispatch[]>;
  /** Tells the queue; never throws. */
  readonly enqueue: (dispatches: readonly StoredDispatch[]) => void;
  readonly lingerMs: number;
  readonly onCommitted: (events: number, durationMs: number) => void;
};

type Waiting = {
  readonly event: PreparedEvent;
  readonly bytes: number;
  readonly resolve: (accepted: Accepted) => void;
  readonly reject: (error: unknown) => void;
};

const bytesOf = (event: PreparedEvent): number => event.data.length + (event.currentContext?.length ?? 0) + (event.resources?.length ?? 0);
const keyOf = (event: PreparedEvent): string | null => (event.key === null ? null : `${event.tenantId}/${event.key}`);

export const createMicroBatcher = (dependencies: BatcherDependencies): MicroBatcher => {
  const queue: Waiting[] = [];
  let queuedBytes = 0;
  let commits = 0;
  let batchedEvents = 0;
  let batchedBytes = 0;
  /** When each commit under way began, the oldest first. */
  const begun = new Set<{ readonly atMs: number }>();
  let timer: NodeJS.Timeout | undefined;
  let idle: (() => void)[] = [];

  const timed = async <T>(commit: () => Promise<T>, events: number): Promise<T> => {
    const commitBegun = { atMs: performance.now() };
    begun.add(commitBegun);
    try {
      const result = await commit();
      dependencies.onCommitted(events, performance.now() - commitBegun.atMs);
      return result;
    } finally {
      begun.delete(commitBegun);
    }
  };

  /** Groups events into dispatches that fit a worker, commits all of them at once, and says which were stored. */
  const commit = async (events: readonly PreparedEvent[]): Promise<readonly Accepted[]> => {
    let dispatchId = '';
    let shard = 0;
    let count: number = limits.batchEventsMax;
    let bytes = 0;
    const rows = events.map((event): NewEvent => {
      const size = bytesOf(event);
      if (count >= limits.batchEventsMax || (count > 0 && bytes + size > limits.batchBytesMax)) {
        dispatchId = dependencies.newId();
        shard = dependencies.nextShard();
        count = 0;
        bytes = 0;
      }
      count += 1;
      bytes += size;
      return { event, id: dependencies.newId(), dispatchId, shard };
    });
    const dispatches = await timed(() => dependencies.commit(rows), rows.length);
    dependencies.enqueue(dispatches);
    const storedCount = dispatches.reduce((sum, dispatch) => sum + dispatch.eventIds.length, 0);
    if (storedCount === rows.length) return rows.map(({ id }) => ({ kind: 'stored', id }));
    const stored = new Set(dispatches.flatMap((dispatch) => dispatch.eventIds));
    return rows.map(({ id }) => (stored.has(id) ? { kind: 'stored', id } : { kind: 'kept' }));
  };

  /** The next batch: in order, within the bounds, no key twice (the second of a key waits for the next batch and finds it kept). */
  const takeBatch = (): readonly Waiting[] => {
    const keys = new Set<string>();
    let bytes = 0;
    let end = 0;
    for (; end < queue.length && end < limits.batchEventsMax; end++) {
      const next = queue[end] as Waiting;
      const key = keyOf(next.event);
      if ((end > 0 && bytes + next.bytes > limits.batchBytesMax) || (key !== null && keys.has(key))) break;
      if (key !== null) keys.add(key);
      bytes += next.bytes;
    }
    queuedBytes -= bytes;
    return queue.splice(0, end);
  };

  const isIdle = (): boolean => queue.length === 0 && commits === 0 && batchedEvents === 0;
  const tellIfIdle = (): void => {
    if (!isIdle()) return;
    for (const resolve of idle) resolve();
    idle = [];
  };

  const flush = async (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    if (commits >= limits.commitsMax || queue.length === 0) return;
    commits += 1;
    const batch = takeBatch();
    try {
      const accepted = await commit(batch.map((each) => each.event));
      batch.forEach((each, index) => {
        each.resolve(accepted[index] as Accepted);
      });
    } catch (error) {
      for (const each of batch) each.reject(error);
    } finally {
      commits -= 1;
      if (queue.length > 0) void flush();
      else tellIfIdle();
    }
  };

  // A full batch goes at once, beside others; one that is not full waits for the commit that runs (it fills meanwhile), or lingers.
  const schedule = (): void => {
    if (queue.length >= limits.batchEventsMax || queuedBytes >= limits.batchBytesMax) void flush();
    else if (commits === 0) timer ??= setTimeout(() => void flush(), dependencies.lingerMs);
  };

  const refuseIfFull = (events: number, bytes: number): void => {
    if (queue.length + batchedEvents + events > limits.waitingEventsMax || queuedBytes + batchedBytes + bytes > limits.waitingBytesMax)
      throw new OverloadedError('too many events wait to be committed');
    const [oldest] = begun;
    if (oldest !== undefined && performance.now() - oldest.atMs > limits.commitMsMax)
      throw new OverloadedError('the database takes too long to commit');
  };

  return {
    accept: (event) =>
      new Promise((resolve, reject) => {
        const bytes = bytesOf(event);
        try {
          refuseIfFull(1, bytes);
        } catch (error) {
          reject(error);
          return;
        }
        queue.push({ event, bytes, resolve, reject });
        queuedBytes += bytes;
        schedule();
      }),
    acceptAll: async (events) => {
      const bytes = events.reduce((sum, event) => sum + bytesOf(event), 0);
      refuseIfFull(events.length, bytes);
      batchedEvents += events.length;
      batchedBytes += bytes;
      try {
        return await commit(events);
      } finally {
        batchedEvents -= events.length;
        batchedBytes -= bytes;
        tellIfIdle();
      }
    },
    waiting: () => queue.length + batchedEvents,
    drain: () => (isIdle() ? Promise.resolve() : new Promise((resolve) => idle.push(resolve))),
  };
};
