import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { storedStatusCodes } from '@posthorn/core';
import type { DeliveryRecord } from '@posthorn/db';
import { type Deferred, defer, fakeTime, newEvent, newRecord, newRoom, storedWebhook } from '../tests/fixtures.js';
import type { Attempted } from './attempt.js';
import { deliverInline, type InlineDelivery } from './deliver-inline.js';
import { limits } from './limits.js';
import type { WorkerWebhook } from './tenant-index.js';

beforeEach(() => {
  jest.useFakeTimers(fakeTime);
});
afterEach(() => {
  jest.useRealTimers();
});

const pass = (ms: number) => jest.advanceTimersByTimeAsync(ms);
const patienceOver = limits.parkAfterMs + 30;

/** A worker with `placesMax` places whose attempts end when the test says so. */
const open = (placesMax = 512) => {
  const room = newRoom(placesMax);
  const requests: (Deferred<Attempted> & { readonly delivery: InlineDelivery })[] = [];
  const records: DeliveryRecord[] = [];
  const parkedFor: string[] = [];
  let may: 'now' | 'later' | 'never' = 'now';
  const dependencies = {
    ...room,
    attempt: (delivery: InlineDelivery) => {
      const request = defer<Attempted>();
      requests.push({ ...request, delivery });
      return request.promise;
    },
    record: (record: DeliveryRecord) => records.push(record),
    mayBegin: () => may,
    onParked: (reason: string) => parkedFor.push(reason),
  };
  const begin = (webhook: WorkerWebhook, n = 1) => {
    const delivery = { event: newEvent(), webhook, n, epoch: 7, mayWrite: () => true };
    const one = { delivery, left: false, error: undefined as unknown };
    deliverInline(delivery, dependencies).then(
      () => {
        one.left = true;
      },
      (error: unknown) => {
        one.error = error;
      },
    );
    return one;
  };
  return { room, requests, records, parkedFor, begin, say: (next: typeof may) => (may = next) };
};

/** What the attempt of a delivery gives when it succeeded. */
const success = ({ event, webhook, n, epoch }: InlineDelivery): DeliveryRecord =>
  newRecord({ eventId: event.id, webhookId: webhook.id, attempt: n, epoch });

describe('an inline delivery', () => {
  it('that is done in time is recorded as new, and frees its places', async () => {
    const { room, requests, records, begin, parkedFor } = open();
    const one = begin(storedWebhook());
    expect([requests.length, one.left]).toEqual([1, false]);
    requests[0]?.resolve(success(one.delivery));
    await pass(0);
    expect(one.left).toBe(true);
    expect(records).toEqual([success(one.delivery)]);
    await pass(patienceOver);
    expect([records.length, parkedFor, room.places.load()]).toEqual([1, [], 0]);
  });

  it('still open after 500 ms leaves under a lease, and its result follows as an update', async () => {
    const { room, requests, records, begin, parkedFor } = open();
    const webhook = storedWebhook({ timeoutMs: 9_000, maxInFlight: 1 });
    const one = begin(webhook, 2);
    await pass(limits.parkAfterMs - 1);
    expect([one.left, records]).toEqual([false, []]);
    await pass(30);
    expect([one.left, parkedFor, room.slots.isSlow(webhook.id), room.places.load()]).toEqual([true, ['slow'], true, 0]);
    const leaseMs = 9_000 + limits.parkedLeaseExtraMs;
    expect(records).toEqual([
      expect.objectContaining({
        isNew: true,
        status: storedStatusCodes.waiting,
        attempt: 2,
        out: true,
        dueInMs: leaseMs,
        sent: null,
        epoch: 7,
      }),
    ]);
    // It has left the dispatch, not the webhook: it is still one of those in flight.
    expect(room.slots.take(webhook.id, 1).granted).not.toBe(true);
    requests[0]?.resolve(success(one.delivery));
    await pass(0);
    expect(records.slice(1)).toEqual([{ ...success(one.delivery), isNew: false }]);
    expect([room.slots.isSlow(webhook.id), room.places.load()]).toEqual([true, 0]);
    room.slots.answeredInTime(webhook.id);
    expect(room.slots.isSlow(webhook.id)).toBe(false);
  });

  it('that was parked and then not sent after all is given back under its number, though its claim is over', async () => {
    const { requests, records, begin, say } = open();
    begin(storedWebhook(), 3);
    await pass(patienceOver);
    // Its lease is its own: it outlives the dispatch.
    say('never');
    requests[0]?.resolve(null);
    await pass(0);
    expect(records[1]).toMatchObject({ isNew: false, attempt: 3, status: storedStatusCodes.waiting, out: false, sent: null, dueInMs: 0 });
  });

  it('that gets no place at its webhook within 500 ms leaves waiting and due, and is never sent', async () => {
    const { room, requests, records, begin, parkedFor } = open();
    const webhook = storedWebhook({ maxInFlight: 1 });
    const first = begin(webhook);
    const second = begin(webhook);
    await pass(limits.parkAfterMs - 50);
    requests[0]?.resolve(null);
    await pass(0);
    // The second has the place now, and 500 ms of its own.
    const third = begin(webhook);
    await pass(patienceOver);
    expect([first.left, second.left, third.left]).toEqual([true, true, true]);
    expect(parkedFor.sort()).toEqual(['in_flight_limit', 'slow']);
    expect(records.find((record) => record.eventId === third.delivery.event.id)).toMatchObject({
      isNew: true,
      attempt: 0,
      status: storedStatusCodes.waiting,
      out: false,
      dueInMs: 0,
    });
    requests[1]?.resolve(success(second.delivery));
    await pass(0);
    expect([requests.length, room.places.load(), room.slots.take(webhook.id, 1).granted]).toEqual([2, 0, true]);
  });

  it('gives back a place that comes free in the very moment in which its patience ends', async () => {
    const { requests, records, begin, room } = open();
    const webhook = storedWebhook({ maxInFlight: 1 });
    room.slots.take(webhook.id, 1);
    const late = begin(webhook);
    await pass(limits.parkAfterMs - 10);
    // Granted, and before the promise has told it, out of patience.
    room.slots.release(webhook.id);
    jest.advanceTimersByTime(60);
    await pass(0);
    expect([late.left, requests.length]).toEqual([true, 0]);
    expect(records).toEqual([expect.objectContaining({ attempt: 0, status: storedStatusCodes.waiting, dueInMs: 0 })]);
    expect([room.slots.take(webhook.id, 1).granted, room.places.load()]).toEqual([true, 0]);
  });

  it('that waits for a place of the worker does not lose its patience, since nobody is slow', async () => {
    const { requests, records, begin, parkedFor } = open(1);
    const first = begin(storedWebhook());
    const second = begin(storedWebhook());
    await pass(limits.parkAfterMs - 100);
    requests[0]?.resolve(success(first.delivery));
    await pass(200);
    expect([requests.length, second.left, parkedFor]).toEqual([2, false, []]);
    requests[1]?.resolve(success(second.delivery));
    await pass(0);
    expect(records).toEqual([success(first.delivery), success(second.delivery)]);
  });

  it('is left to somebody else, unrecorded, when the claim is over before it begins', async () => {
    const { requests, records, begin, say, room } = open();
    const webhook = storedWebhook({ maxInFlight: 1 });
    const first = begin(webhook);
    const inLine = begin(webhook);
    say('never');
    const late = begin(storedWebhook());
    await pass(patienceOver);
    expect([late.left, inLine.left, requests.length]).toEqual([true, true, 1]);
    expect(records.map((record) => record.eventId)).toEqual([first.delivery.event.id]);
    expect(room.places.load()).toBe(0);
  });

  it('is recorded as waiting when the gates are stale', async () => {
    const { requests, records, begin, say, room } = open();
    say('later');
    const webhook = storedWebhook({ maxInFlight: 1 });
    const ones = [begin(webhook), begin(webhook)];
    await pass(0);
    expect(ones.map((one) => one.left)).toEqual([true, true]);
    expect(records.map(({ attempt, status, out, dueInMs }) => ({ attempt, status, out, dueInMs }))).toEqual(
      Array(2).fill({ attempt: 0, status: storedStatusCodes.waiting, out: false, dueInMs: 0 }),
    );
    expect([requests.length, room.places.load(), room.slots.take(webhook.id, 1).granted]).toEqual([0, 0, true]);
  });

  it('that was not sent after all, by the breaker or at the last moment, is recorded as waiting', async () => {
    const { requests, records, begin, room } = open();
    const webhook = storedWebhook({ maxInFlight: 1, version: 8 });
    const one = begin(webhook);
    requests[0]?.resolve(null);
    await pass(0);
    expect(records).toEqual([
      expect.objectContaining({ isNew: true, attempt: 0, status: storedStatusCodes.waiting, dueInMs: 0, out: false, shape: 8, sent: null }),
    ]);
    expect([one.left, room.places.load(), room.slots.take(webhook.id, 1).granted]).toEqual([true, 0, true]);
  });

  it('that was not sent because its claim is over is left to somebody else, unrecorded', async () => {
    const { requests, records, begin, say, room } = open();
    const webhook = storedWebhook({ maxInFlight: 1 });
    const one = begin(webhook);
    say('never');
    requests[0]?.resolve(null);
    await pass(patienceOver);
    expect([one.left, records, room.places.load(), room.slots.take(webhook.id, 1).granted]).toEqual([true, [], 0, true]);
  });

  it('that was not sent because the gates are stale is recorded as waiting', async () => {
    const { requests, records, begin, say } = open();
    begin(storedWebhook());
    say('later');
    requests[0]?.resolve(null);
    await pass(0);
    expect(records).toEqual([expect.objectContaining({ isNew: true, attempt: 0, status: storedStatusCodes.waiting })]);
  });

  it('that breaks on our side rejects, frees its places and records nothing', async () => {
    const { requests, records, begin, room } = open(1);
    const webhook = storedWebhook({ maxInFlight: 1 });
    const one = begin(webhook);
    requests[0]?.reject(new Error('ours'));
    await pass(0);
    expect([one.error, records]).toEqual([new Error('ours'), []]);
    expect([room.places.load(), room.slots.take(webhook.id, 1).granted]).toEqual([0, true]);
  });

  it('that breaks on our side after it was parked does not leave its webhook slow for ever', async () => {
    const { requests, begin, room } = open(1);
    const webhook = storedWebhook({ maxInFlight: 1 });
    begin(webhook);
    await pass(patienceOver);
    requests[0]?.reject(new Error('ours'));
    await pass(0);
    room.slots.answeredInTime(webhook.id);
    expect([room.slots.isSlow(webhook.id), room.places.load(), room.slots.take(webhook.id, 1).granted]).toEqual([false, 0, true]);
  });

  it('may be one of 20,000 in a line whose claims are over', async () => {
    const { requests, records, begin, room, say } = open(1);
    const first = begin(storedWebhook());
    const line = Array.from({ length: 20_000 }, () => begin(storedWebhook()));
    say('never');
    requests[0]?.resolve(success(first.delivery));
    await pass(0);
    expect([line.every((one) => one.left), records.length, requests.length, room.places.load()]).toEqual([true, 1, 1, 0]);
  });
});
