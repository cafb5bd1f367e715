import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { type AttemptKind, bodyShape, reasonCodes, storedStatusCodes } from '@posthorn/core';
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
  shapeThen: null,
  isTried: true,
  byHand: false,
  leaseLeftMs: 30_000,
  ...changes,
});
const chunkOf = (webhookId: string, deliveries: readonly LoadedDelivery[], changes: Partial<Chunk> = {}): Chunk => ({
  webhookId,
  turn: 5,
  probe: false,
  epoch: 9,
  replay: false,
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
    tenants: createTenantIndexes({
      load: async () => ({ version: 1, webhooks }),
      onLoaded: async () => undefined,
      webhooksMax: 100,
      onKept: () => undefined,
    }),
    gate: { closedFor: () => gate.closed, mayBegin: () => gate.fresh },
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
    const loaded = [leased(webhook.id), leased(webhook.id, { attempt: 1, failures: 0, isTried: false })];
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

  it.each<[string, Partial<LoadedDelivery>, Partial<Chunk>, AttemptKind]>([
    ['a probe, even of a delivery that a person asked for', { byHand: true }, { probe: true }, 'probe'],
    ['manual where a person asked for it, whatever has failed', { byHand: true, failures: 3 }, {}, 'manual'],
    ['a retry after failures', { failures: 1 }, {}, 'retry'],
    ['a first attempt where there was none', { failures: 0, isTried: false }, {}, 'first'],
    ['a retry where our own stop cut the first attempt off', { failures: 0, isTried: true }, {}, 'retry'],
    ["a replay's first attempt, whatever its number", { failures: 0, attempt: 12 }, { replay: true }, 'replay'],
    ['a retry after failures, in a replay too', { failures: 1 }, { replay: true }, 'retry'],
  ])('makes %s', async (_, delivery, chunk, kind) => {
    const webhook = storedWebhook();
    const loaded = [leased(webhook.id, delivery)];
    const { run, requests } = open([webhook], loaded);
    run([chunkOf(webhook.id, loaded, chunk)]);
    await pass(0);
    expect(requests.map(({ attempt }) => attempt)).toEqual([
      expect.objectContaining({ kind, n: loaded[0]?.attempt, replay: chunk.replay ?? false }),
    ]);
  });

  it('has the bodies of the versions under which its deliveries were made', async () => {
    const webhook = storedWebhook({}, { payloadFormat: 'cloudevents' });
    const loaded = [leased(webhook.id), leased(webhook.id, { shapeThen: { payloadFormat: 'jsonapi', includeResources: ['a', 'b'] } })];
    const { run, requests } = open([webhook], loaded);
    run([chunkOf(webhook.id, loaded)]);
    await pass(0);
    expect(requests.map(({ attempt: { body, shape } }) => ({ body, shape }))).toEqual([
      { body: bodyShape('cloudevents', []), shape: 2 },
      { body: bodyShape('jsonapi', ['a', 'b']), shape: 2 },
    ]);
  });

  it.each([
    ['ordinary', false],
    ['of a replay', true],
  ])('that is %s is given back as that', async (_, replay) => {
    const webhook = storedWebhook();
    const loaded = [leased(webhook.id)];
    const { run, requests, log } = open([webhook], loaded);
    run([chunkOf(webhook.id, loaded, { replay })]);
    await pass(0);
    requests[0]?.resolve(null);
    await pass(0);
    expect(log).toEqual([expect.objectContaining({ ...givenBack, replay }), webhook.id]);
  });

  const ended = { isNew: false, attempt: 4, dueInMs: null, out: false, sent: null };

  it('is cancelled where its webhook was deleted', async () => {
    const gone = randomUUID();
    const loaded = [leased(gone)];
    const { run, requests, log } = open([], loaded);
    run([chunkOf(gone, loaded)]);
    await pass(0);
    const cancelled = { ...ended, webhookId: gone, status: storedStatusCodes.cancelled, reason: reasonCodes.webhook_deleted };
    expect([requests, log]).toEqual([[], [expect.objectContaining(cancelled), gone]]);
  });

  it('is skipped where its webhook is disabled, a probe and a replay too', async () => {
    const webhook = storedWebhook();
    for (const changes of [{}, { probe: true }, { replay: true }]) {
      const loaded = [leased(webhook.id)];
      const { run, requests, log, gate } = open([webhook], loaded);
      gate.closed = 'webhook_disabled';
      run([chunkOf(webhook.id, loaded, changes)]);
      await pass(0);
      const skipped = { ...ended, status: storedStatusCodes.skipped, reason: reasonCodes.webhook_disabled, shape: 2, epoch: 9 };
      expect([requests, log]).toEqual([[], [expect.objectContaining({ ...skipped, replay: changes.replay ?? false }), webhook.id]]);
    }
  });

  it('is skipped, not given back, when its webhook was disabled before it was written', async () => {
    const webhook = storedWebhook();
    const loaded = [leased(webhook.id)];
    const { run, requests, log, gate } = open([webhook], loaded);
    run([chunkOf(webhook.id, loaded)]);
    await pass(0);
    gate.closed = 'webhook_disabled';
    requests[0]?.resolve(null);
    await pass(0);
    expect(log).toEqual([expect.objectContaining({ ...ended, status: storedStatusCodes.skipped }), webhook.id]);
  });

  it('is cancelled where its event was erased, whatever its webhook says', async () => {
    const webhook = storedWebhook();
    const loaded = [leased(webhook.id, { event: newEvent({ erased: true, data: 'null' }) }), leased(webhook.id)];
    const { run, requests, log, gate } = open([webhook], loaded);
    gate.closed = 'webhook_paused';
    run([chunkOf(webhook.id, loaded)]);
    await pass(0);
    const erased = { ...ended, status: storedStatusCodes.cancelled, reason: reasonCodes.erased };
    expect(requests).toEqual([]);
    expect(log).toEqual([
      expect.objectContaining({ ...erased, eventId: loaded[0]?.event.id }),
      expect.objectContaining({ ...givenBack, eventId: loaded[1]?.event.id }),
      webhook.id,
    ]);
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
    ['the endpoint has asked for patience', { closed: 'rate_limited' as const, fresh: true }],
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

  it.each<[Closed, boolean]>([
    ['circuit_open', true],
    ['in_flight_limit', true],
    ['webhook_paused', false],
    ['webhook_disabled', false],
    ['rate_limited', false],
  ])('that is a probe and finds its webhook closed (%s) is sent: %j', async (closed, isSent) => {
    const webhook = storedWebhook();
    const loaded = [leased(webhook.id)];
    const { run, requests, gate } = open([webhook], loaded);
    gate.closed = closed;
    run([chunkOf(webhook.id, loaded, { probe: true })]);
    await pass(0);
    expect(requests.map(({ attempt }) => [attempt.kind, attempt.mayWrite()])).toEqual(isSent ? [['probe', true]] : []);
  });

  it('may be written while its lease outlasts the request, its webhook is open and the gates are fresh', async () => {
    const webhook = storedWebhook({ timeoutMs: 10_000 });
    const loaded = [leased(webhook.id, { leaseLeftMs: 10_000 + limits.leaseReserveMs + 2_000 })];
    const { run, requests, gate } = open([webhook], loaded);
    run([chunkOf(webhook.id, loaded)]);
    await pass(2_000);
    const mayWrite = () => requests[0]?.attempt.mayWrite();
    expect(mayWrite()).toBe(true);
    for (const [closed, may] of [
      ['webhook_paused', false],
      ['webhook_disabled', false],
      ['rate_limited', false],
      ['circuit_open', false],
      ['in_flight_limit', true],
    ] as const) {
      gate.closed = closed;
      expect([closed, mayWrite()]).toEqual([closed, may]);
    }
    gate.fresh = false;
    expect(mayWrite()).toBe(false);
    gate.fresh = true;
    await pass(1);
    expect(mayWrite()).toBe(false);
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
