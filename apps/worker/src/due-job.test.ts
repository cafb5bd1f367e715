import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { reasonCodes, storedStatusCodes } from '@posthorn/core';
import type { Chunk, DeliverableWebhook, DeliveryRecord, LoadedDelivery } from '@posthorn/db';
import { type Deferred, defer, fakeTime, newEvent, newRecord, newRoom, storedWebhook } from '../tests/fixtures.js';
import type { Attempt, Attempted } from './attempt.js';
import { type DueDependencies, handleDue } from './due-job.js';
import type { Closed } from './gates.js';
import { limits } from './limits.js';
import { createTenantIndexes } from './tenant-index.js';

beforeEach(() => {
  jest.useFakeTimers(fakeTime);
});
afterEach(() => {
  jest.useRealTimers();
});

const pass = (ms: number) => jest.advanceTimersByTimeAsync(ms);

const leased = (webhookId: string, changes: Partial<LoadedDelivery> = {}): LoadedDelivery => ({
  event: newEvent(),
  webhookId,
  attempt: 4,
  failures: 3,
  shape: 2,
  leaseLeftMs: 30_000,
  ...changes,
});
const chunkOf = (webhookId: string, deliveries: readonly LoadedDelivery[], changes: Partial<Chunk> = {}): Chunk => ({
  webhookId,
  turn: 5,
  probe: false,
  epoch: 9,
  deliveries: deliveries.map(({ event, attempt }) => ({ eventId: event.id, attempt })),
  ...changes,
});

const open = (webhooks: readonly DeliverableWebhook[], loaded: readonly LoadedDelivery[]) => {
  const log: (string | DeliveryRecord)[] = [];
  const requests: (Deferred<Attempted> & { readonly attempt: Attempt })[] = [];
  const tracked: Promise<void>[] = [];
  const { slots } = newRoom();
  const gate = { closed: null as Closed, fresh: true };
  const dependencies: DueDependencies = {
    load: async () => loaded,
    tenants: createTenantIndexes({ load: async () => ({ version: 1, webhooks }), onLoaded: async () => undefined, tenantsMax: 10 }),
    gate: { closedFor: () => gate.closed, fresh: () => gate.fresh },
    attempt: (attempt) => {
      const request = defer<Attempted>();
      requests.push({ ...request, attempt });
      return request.promise;
    },
    slots,
    record: (record) => log.push(record),
    report: ({ webhookId }) => log.push(webhookId),
    track: (running) => {
      tracked.push(running.catch(() => undefined));
    },
  };
  const run = (chunks: readonly Chunk[]) => {
    const job = { returned: null as number | null };
    handleDue(chunks, dependencies).then(
      (count) => {
        job.returned = count;
      },
      () => undefined,
    );
    return job;
  };
  return { run, requests, log, gate, slots, tracked };
};

const resultOf = ({ event, webhook, n }: Attempt): DeliveryRecord =>
  newRecord({ eventId: event.id, webhookId: webhook.id, isNew: false, attempt: n });
const givenBack = {
  isNew: false,
  attempt: 4,
  status: storedStatusCodes.waiting,
  reason: null,
  dueInMs: 0,
  out: false,
  shape: 2,
  sent: null,
  epoch: 9,
};

describe('a chunk of due deliveries', () => {
  it('is sent under the numbers of its leases, and reported once, after its last record', async () => {
    const webhook = storedWebhook();
    const loaded = [leased(webhook.id), leased(webhook.id, { attempt: 1, failures: 0 })];
    const { run, requests, log } = open([webhook], loaded);
    const job = run([chunkOf(webhook.id, loaded)]);
    await pass(0);
    expect(requests.map(({ attempt: { n, kind, failures, shape, epoch } }) => ({ n, kind, failures, shape, epoch }))).toEqual([
      { n: 4, kind: 'retry', failures: 3, shape: 2, epoch: 9 },
      { n: 1, kind: 'first', failures: 0, shape: 2, epoch: 9 },
    ]);
    for (const request of [...requests].reverse()) request.resolve(resultOf(request.attempt));
    await pass(0);
    expect(job.returned).toBe(2);
    expect(log).toEqual([...requests.map((request) => resultOf(request.attempt)).reverse(), webhook.id]);
  });

  it('of which nothing is left is not reported, and the others of its job are', async () => {
    const [mine, theirs] = [storedWebhook(), storedWebhook()];
    const loaded = [leased(mine.id)];
    const { run, requests, log } = open([mine, theirs], loaded);
    run([chunkOf(theirs.id, [leased(theirs.id)]), chunkOf(mine.id, loaded)]);
    await pass(0);
    requests[0]?.resolve(resultOf(requests[0].attempt));
    await pass(0);
    expect(log.slice(1)).toEqual([mine.id]);
  });

  it('does not hold its job for longer than 500 ms; the results of slow requests follow, then the report', async () => {
    const [quick, slow] = [storedWebhook(), storedWebhook()];
    const loaded = [leased(quick.id), leased(slow.id)];
    const { run, requests, log, tracked } = open([quick, slow], loaded);
    const job = run([chunkOf(quick.id, loaded.slice(0, 1)), chunkOf(slow.id, loaded.slice(1))]);
    await pass(0);
    requests[0]?.resolve(resultOf(requests[0].attempt));
    await pass(limits.parkAfterMs - 1);
    expect([job.returned, log.length]).toEqual([null, 2]);
    await pass(1);
    expect([job.returned, tracked.length]).toEqual([2, 2]);
    await pass(8_000);
    requests[1]?.resolve(resultOf(requests[1].attempt));
    await pass(0);
    expect(log.slice(2)).toEqual([expect.objectContaining({ webhookId: slow.id, attempt: 4 }), slow.id]);
  });

  it('is cancelled where its webhook was deleted, and skipped where it is disabled', async () => {
    const [gone, disabled] = [randomUUID(), storedWebhook({ disabled: true })];
    const loaded = [leased(gone), leased(disabled.id)];
    const { run, requests, log } = open([disabled], loaded);
    run([chunkOf(gone, loaded.slice(0, 1)), chunkOf(disabled.id, loaded.slice(1))]);
    await pass(0);
    expect(requests).toEqual([]);
    const ended = { isNew: false, attempt: 4, dueInMs: null, out: false, sent: null };
    expect(log).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ ...ended, webhookId: gone, status: storedStatusCodes.cancelled, reason: reasonCodes.webhook_deleted }),
        expect.objectContaining({
          ...ended,
          webhookId: disabled.id,
          status: storedStatusCodes.skipped,
          reason: reasonCodes.webhook_disabled,
        }),
        gone,
        disabled.id,
      ]),
    );
    expect(log).toHaveLength(4);
  });

  it('is given back unsent when its lease may not outlast the request', async () => {
    const webhook = storedWebhook({ timeoutMs: 10_000 });
    const enough = 10_000 + limits.leaseReserveMs;
    const loaded = [leased(webhook.id, { leaseLeftMs: enough }), leased(webhook.id, { leaseLeftMs: enough - 1 })];
    const { run, requests, log } = open([webhook], loaded);
    run([chunkOf(webhook.id, loaded)]);
    await pass(0);
    expect(requests.map(({ attempt }) => attempt.event.id)).toEqual([loaded[0]?.event.id]);
    expect(log).toEqual([expect.objectContaining({ ...givenBack, eventId: loaded[1]?.event.id })]);
  });

  it('counts the time for which it waited for its place against its lease', async () => {
    const webhook = storedWebhook({ timeoutMs: 10_000, maxInFlight: 1 });
    const loaded = [leased(webhook.id), leased(webhook.id, { leaseLeftMs: 10_000 + limits.leaseReserveMs + 3_000 })];
    const { run, requests, log } = open([webhook], loaded);
    run([chunkOf(webhook.id, loaded)]);
    await pass(3_001);
    requests[0]?.resolve(resultOf(requests[0].attempt));
    await pass(0);
    expect(requests).toHaveLength(1);
    expect(log.slice(1)).toEqual([expect.objectContaining({ ...givenBack, eventId: loaded[1]?.event.id }), webhook.id]);
  });

  it('gives back what has not begun after 10 s, and keeps the order of the rest', async () => {
    const webhook = storedWebhook({ timeoutMs: 15_000, maxInFlight: 1 });
    const loaded = [leased(webhook.id), leased(webhook.id), leased(webhook.id)];
    const { run, requests, log, slots } = open([webhook], loaded);
    run([chunkOf(webhook.id, loaded)]);
    await pass(limits.chunkStartMs - 1);
    expect(log).toEqual([]);
    await pass(1);
    expect(log).toEqual(loaded.slice(1).map(({ event }) => expect.objectContaining({ ...givenBack, eventId: event.id })));
    requests[0]?.resolve(resultOf(requests[0].attempt));
    await pass(0);
    expect([log.length, log.at(-1), requests.length, slots.take(webhook.id, 1).granted]).toEqual([4, webhook.id, 1, true]);
  });

  it.each([
    ['the circuit is open', { closed: 'circuit_open' as const, fresh: true }],
    ['the webhook is paused', { closed: 'webhook_paused' as const, fresh: true }],
    ['the gates are stale', { closed: null, fresh: false }],
  ])('is given back while %s', async (_, state) => {
    const webhook = storedWebhook();
    const loaded = [leased(webhook.id)];
    const { run, requests, log, gate } = open([webhook], loaded);
    Object.assign(gate, state);
    run([chunkOf(webhook.id, loaded)]);
    await pass(0);
    expect([requests, log]).toEqual([[], [expect.objectContaining(givenBack), webhook.id]]);
  });

  it('is sent to a webhook that is behind: it is what the webhook is behind with', async () => {
    const webhook = storedWebhook();
    const loaded = [leased(webhook.id)];
    const { run, requests, gate } = open([webhook], loaded);
    gate.closed = 'in_flight_limit';
    run([chunkOf(webhook.id, loaded)]);
    await pass(0);
    expect(requests).toHaveLength(1);
  });

  it('that is a probe passes an open circuit, and no pause', async () => {
    const webhook = storedWebhook();
    for (const [closed, kinds] of [
      ['circuit_open', ['probe']],
      ['webhook_paused', []],
    ] as const) {
      const loaded = [leased(webhook.id)];
      const { run, requests, gate } = open([webhook], loaded);
      gate.closed = closed;
      run([chunkOf(webhook.id, loaded, { probe: true })]);
      await pass(0);
      expect(requests.map(({ attempt }) => attempt.kind)).toEqual(kinds);
    }
  });

  it("is given back on the breaker's no", async () => {
    const webhook = storedWebhook();
    const loaded = [leased(webhook.id)];
    const { run, requests, log } = open([webhook], loaded);
    run([chunkOf(webhook.id, loaded)]);
    await pass(0);
    requests[0]?.resolve(null);
    await pass(0);
    expect(log).toEqual([expect.objectContaining(givenBack), webhook.id]);
  });

  it('that breaks on our side is not reported, and gives its place back', async () => {
    const webhook = storedWebhook({ maxInFlight: 1 });
    const loaded = [leased(webhook.id)];
    const { run, requests, log, slots } = open([webhook], loaded);
    run([chunkOf(webhook.id, loaded)]);
    await pass(0);
    requests[0]?.reject(new Error('ours'));
    await pass(1_000);
    expect([log, slots.take(webhook.id, 1).granted, jest.getTimerCount()]).toEqual([[], true, 0]);
  });
});
