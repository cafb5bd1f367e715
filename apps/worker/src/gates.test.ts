import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { createBreakerRegistry } from '@posthorn/breaker';
import type { FlushedState, GatePage, WebhookGate } from '@posthorn/db';
import { defer, fakeTime } from '../tests/fixtures.js';
import { createGates } from './gates.js';
import { limits } from './limits.js';

beforeEach(() => {
  jest.useFakeTimers(fakeTime);
});
afterEach(() => {
  jest.useRealTimers();
});

const pass = (ms: number) => jest.advanceTimersByTimeAsync(ms);
const none = Number.POSITIVE_INFINITY;
const gate = (webhookId: string, changes: Partial<WebhookGate> = {}): WebhookGate => ({
  webhookId,
  circuit: 0,
  epoch: 0,
  paused: false,
  disabled: false,
  dueAtMs: none,
  holdUntilMs: -none,
  ...changes,
});
/** What a flush says of a webhook. */
const flushed = (webhookId: string, changes: Partial<FlushedState> = {}): FlushedState => ({
  webhookId,
  circuit: 0,
  epoch: 0,
  disabled: false,
  holdUntilMs: -none,
  ...changes,
});

/** Gates on a table of rows that the test changes; a page has the rows in `changed`. */
const open = async (rows: WebhookGate[] = [gate('w')], readChanged?: (sinceMs: number) => Promise<GatePage>) => {
  const breakers = createBreakerRegistry({ breakersMax: 100 });
  const since: number[] = [];
  const read: (readonly string[])[] = [];
  const errors: unknown[] = [];
  let changed: WebhookGate[] = [];
  let readAtMs = 1_000_000;
  const gates = createGates({
    readChanged: async (sinceMs) => {
      since.push(sinceMs);
      if (readChanged !== undefined) return readChanged(sinceMs);
      readAtMs += 500;
      return { gates: changed, readAtMs };
    },
    read: async (ids) => {
      read.push(ids);
      return rows.filter((row) => ids.includes(row.webhookId));
    },
    breakers,
    onError: (error) => errors.push(error),
  });
  const refuses = async (webhookId: string) => {
    const call = breakers.fire(
      webhookId,
      false,
      async () => true,
      () => true,
    );
    return (await call).refused;
  };
  const stop = () => {
    gates.stop();
    breakers.shutdown();
  };
  return { gates, since, read, errors, refuses, stop, say: (page: WebhookGate[]) => (changed = page) };
};

describe('the gates', () => {
  it('of webhooks that are known are not read again', async () => {
    const { gates, read, stop } = await open([gate('a'), gate('b')]);
    await gates.learn(['a']);
    await gates.learn(['a', 'b']);
    await gates.learn(['b', 'a']);
    expect(read).toEqual([['a'], ['b']]);
    stop();
  });

  it('are closed by a switch, a pause, a circuit that is not closed, a hold, and a backlog of 5 s, in this order', async () => {
    const now = 10_000_000;
    const behind = now - limits.behindAfterMs - 1;
    const backlog = { dueAtMs: behind };
    const held = { ...backlog, holdUntilMs: now + 1 };
    const broken = { ...held, circuit: 1 };
    const paused = { ...broken, paused: true };
    const rows = [
      gate('open'),
      gate('disabled', { ...paused, disabled: true }),
      gate('paused', paused),
      gate('broken', broken),
      gate('probed', { circuit: 2 }),
      gate('held', held),
      gate('behind', { ...backlog, holdUntilMs: now }),
      gate('nearly', { dueAtMs: behind + 1 }),
    ];
    const { gates, stop } = await open(rows);
    const ids = [...rows.map((row) => row.webhookId), 'unknown'];
    await gates.learn(ids);
    expect(ids.map((id) => [id, gates.closedFor(id, now)])).toEqual([
      ['open', null],
      ['disabled', 'webhook_disabled'],
      ['paused', 'webhook_paused'],
      ['broken', 'circuit_open'],
      ['probed', 'circuit_open'],
      ['held', 'rate_limited'],
      ['behind', 'in_flight_limit'],
      ['nearly', null],
      ['unknown', null],
    ]);
    stop();
  });

  it('open by themselves when a hold has passed, whoever was told of it, and when it was taken back', async () => {
    const { gates, say, stop } = await open();
    await gates.start();
    await gates.learn(['w']);
    gates.follow([flushed('w', { holdUntilMs: 60_000 })]);
    expect([59_999, 60_000].map((now) => gates.closedFor('w', now))).toEqual(['rate_limited', null]);
    say([gate('w', { holdUntilMs: 90_000 })]);
    await pass(limits.gatePollMs);
    expect([89_999, 90_000].map((now) => gates.closedFor('w', now))).toEqual(['rate_limited', null]);
    say([gate('w')]);
    await pass(limits.gatePollMs);
    expect(gates.closedFor('w', 1)).toBeNull();
    stop();
  });

  it('are closed for a webhook that a flush or another process disabled, and open once it is enabled', async () => {
    const { gates, say, stop } = await open([gate('gone'), gate('other')]);
    await gates.start();
    await gates.learn(['gone', 'other']);
    gates.follow([flushed('gone', { disabled: true })]);
    expect(['gone', 'other'].map((id) => gates.closedFor(id, 0))).toEqual(['webhook_disabled', null]);
    say([gate('gone'), gate('other', { disabled: true })]);
    await pass(limits.gatePollMs);
    expect(['gone', 'other'].map((id) => gates.closedFor(id, 0))).toEqual([null, 'webhook_disabled']);
    stop();
  });

  it('keep a pause and a backlog that a flush knows nothing of', async () => {
    const { gates, stop } = await open([gate('paused', { paused: true }), gate('behind', { dueAtMs: 1 })]);
    await gates.learn(['paused', 'behind']);
    gates.follow([flushed('paused', { epoch: 1 }), flushed('behind', { epoch: 1 })]);
    expect(['paused', 'behind'].map((id) => gates.closedFor(id, 100_000))).toEqual(['webhook_paused', 'in_flight_limit']);
    stop();
  });

  it("follow the answers of this worker's flushes at once, breaker and all", async () => {
    const { gates, refuses, stop } = await open();
    await gates.learn(['w']);
    gates.follow([flushed('w', { circuit: 1, epoch: 1 }), flushed('stranger', { circuit: 1, epoch: 8 })]);
    expect([gates.closedFor('w', 0), gates.epochOf('w'), await refuses('w')]).toEqual(['circuit_open', 1, true]);
    expect([gates.closedFor('stranger', 0), gates.epochOf('stranger')]).toEqual([null, 0]);
    gates.follow([flushed('w', { epoch: 3 })]);
    expect([gates.closedFor('w', 0), gates.epochOf('w'), await refuses('w')]).toEqual([null, 3, false]);
    stop();
  });

  it('are not undone by a page that was read before the flush', async () => {
    const { gates, refuses, say, stop } = await open();
    await gates.start();
    await gates.learn(['w']);
    gates.follow([flushed('w', { circuit: 1, epoch: 1 })]);
    say([gate('w', { circuit: 0, epoch: 0 })]);
    await pass(limits.gatePollMs);
    expect([gates.closedFor('w', 0), gates.epochOf('w'), await refuses('w')]).toEqual(['circuit_open', 1, true]);
    say([gate('w', { circuit: 0, epoch: 2 })]);
    await pass(limits.gatePollMs);
    expect([gates.closedFor('w', 0), gates.epochOf('w'), await refuses('w')]).toEqual([null, 2, false]);
    stop();
  });

  it('take pause and backlog from a page of the same epoch', async () => {
    const { gates, say, stop } = await open();
    await gates.start();
    await gates.learn(['w']);
    say([gate('w', { paused: true })]);
    await pass(limits.gatePollMs);
    expect(gates.closedFor('w', 0)).toBe('webhook_paused');
    say([gate('w', { dueAtMs: 1 })]);
    await pass(limits.gatePollMs);
    expect(gates.closedFor('w', 100_000)).toBe('in_flight_limit');
    stop();
  });

  it('are polled every 500 ms, 10 s back beyond the last look, by the clock of the database', async () => {
    const { gates, since, stop } = await open();
    await gates.start();
    await pass(2 * limits.gatePollMs);
    expect(since.slice(1)).toEqual([1_000_500 - limits.gateOverlapMs, 1_001_000 - limits.gateOverlapMs]);
    stop();
    await pass(10_000);
    expect([since.length, jest.getTimerCount()]).toEqual([3, 0]);
  });

  it('are polled less often once none has changed for 10 s, and as often as before when one has', async () => {
    const { gates, since, say, stop } = await open();
    await gates.start();
    await pass(limits.gateIdleAfterMs + limits.gatePollMs);
    const quiet = since.length;
    await pass(5 * limits.gateIdlePollMs);
    expect(since.length - quiet).toBe(5);
    say([gate('w', { paused: true })]);
    await pass(limits.gateIdlePollMs);
    await pass(4 * limits.gatePollMs);
    expect(since.length - quiet).toBe(10);
    stop();
  });

  it('are stale when the last look that succeeded began 3 s ago, and fresh again after the next', async () => {
    let down = false;
    const { gates, errors, stop } = await open([], async () => {
      if (down) throw new Error('gone');
      return { gates: [], readAtMs: 1 };
    });
    expect(gates.fresh()).toBe(false);
    await gates.start();
    expect(gates.fresh()).toBe(true);
    down = true;
    await pass(limits.gateStaleMs - 1);
    expect(gates.fresh()).toBe(true);
    await pass(1);
    expect(gates.fresh()).toBe(false);
    expect(errors.length).toBeGreaterThan(3);
    down = false;
    await pass(limits.gatePollMs);
    expect(gates.fresh()).toBe(true);
    stop();
  });

  it('are as old as the moment in which a slow look began, and looks do not overlap', async () => {
    const slow = defer<GatePage>();
    let looks = 0;
    const { gates, stop } = await open([], () => {
      looks += 1;
      return looks === 2 ? slow.promise : Promise.resolve({ gates: [], readAtMs: 1 });
    });
    await gates.start();
    await pass(limits.gatePollMs + limits.gateStaleMs);
    slow.resolve({ gates: [], readAtMs: 2 });
    await pass(0);
    expect([looks, gates.fresh()]).toEqual([2, false]);
    stop();
  });
});
