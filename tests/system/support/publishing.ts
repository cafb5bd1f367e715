// Publishing without end, through several APIs, until it is told to stop; and whether all of it arrived once.
import type { HotPool } from '@posthorn/db';
import { eventually, type Receiver } from '@posthorn/testkit';
import type { ApiClient } from './api-client.js';
import { untilSettled } from './truth.js';

export type Publishing = {
  /** Events that were answered with 202 so far. */
  readonly ids: readonly string[];
  /** Resolves when so many more were accepted. */
  readonly more: (events: number, timeoutMs?: number) => Promise<unknown>;
  /** Stops, and resolves when every request is answered. Rejects if one was not accepted. */
  readonly stop: () => Promise<void>;
};

const batchEvents = 5;
const publishersAtOnce = 2;
/** Between two batches: a steady load that leaves room for what the test does. */
const pauseMs = 20;

/** Publishes from now on, in small batches, by each of the APIs that `clients` names at the time. */
export const publishSteadily = (clients: () => readonly ApiClient[]): Publishing => {
  const ids: string[] = [];
  let isStopped = false;
  let number = 0;
  const publish = async (turn: number): Promise<void> => {
    while (!isStopped) {
      const all = clients();
      const client = all[(turn + number) % all.length];
      if (client === undefined) throw new Error('there is no API to publish at');
      const events = Array.from({ length: batchEvents }, () => ({ event_type: 'load.sent', data: { n: number++ } }));
      ids.push(...(await client.publishBatch(events)));
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  };
  const running = Promise.all(Array.from({ length: publishersAtOnce }, (_, turn) => publish(turn)));
  running.catch(() => undefined);
  return {
    ids,
    more: async (events, timeoutMs = 60_000) => {
      const goal = ids.length + events;
      await Promise.race([eventually(() => ids.length >= goal, { timeoutMs }), running]);
    },
    stop: async () => {
      isStopped = true;
      await running;
    },
  };
};

/** Resolves, once nothing waits any more, with the events that did not arrive and how many requests were made too many. */
export const compareArrived = async (
  pool: HotPool,
  receiver: Receiver,
  ids: readonly string[],
  timeoutMs = 90_000,
): Promise<{ readonly missing: readonly string[]; readonly repeats: number }> => {
  await untilSettled(pool, timeoutMs);
  const arrived = receiver.received.map((one) => one.headers['webhook-id'] ?? '');
  const unique = new Set(arrived);
  return { missing: ids.filter((id) => !unique.has(id)), repeats: arrived.length - unique.size };
};
