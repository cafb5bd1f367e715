// First attempts, inside the job of their dispatch. A request that is open for too long leaves the dispatch: its delivery is recorded
// waiting under a lease, and its result follows. A delivery that waits too long for a place at its webhook leaves it too, waiting and due.
// So a slow endpoint never holds a job.
import { storedStatusCodes } from '@posthorn/core';
import type { DeliveryRecord, LoadedEvent } from '@posthorn/db';
import { type Attempt, type Attempted, recordBase } from './attempt.js';
import { limits } from './limits.js';
import type { Patience } from './patience.js';
import type { Places } from './places.js';
import type { Slots, Ticket } from './slots.js';
import type { WorkerWebhook } from './tenant-index.js';

export type InlineDelivery = {
  readonly event: LoadedEvent;
  readonly webhook: WorkerWebhook;
  readonly n: number;
  readonly epoch: number;
} & Pick<Attempt, 'mayWrite'>;

export type InlineDependencies = {
  readonly attempt: (delivery: InlineDelivery) => Promise<Attempted>;
  readonly record: (record: DeliveryRecord) => void;
  readonly slots: Slots;
  readonly places: Places;
  readonly patience: Patience;
  /** `later`: recorded waiting instead (the gates are stale, or the worker stops). `never`: the claim is over, so the delivery is somebody else's to make. */
  readonly mayBegin: () => 'now' | 'later' | 'never';
  readonly onParked: (reason: 'slow' | 'in_flight_limit') => void;
};

/** A delivery that is recorded without an attempt: waiting, and due at once. */
export const waitingRecord = (event: LoadedEvent, webhook: WorkerWebhook, epoch: number): DeliveryRecord => ({
  ...recordBase(event, webhook, epoch),
  isNew: true,
  attempt: 0,
  status: storedStatusCodes.waiting,
  reason: null,
  dueInMs: 0,
  out: false,
  shape: webhook.version,
  sent: null,
  holdMs: null,
  gone: false,
  replay: false,
});

// in line: waits for a place at its webhook; ready: has it, and waits for one of the worker's own.
type State = 'in line' | 'ready' | 'under way' | 'parked' | 'done';

/**
 * Makes a delivery as soon as its webhook and the worker have a place for it. Resolves when its record is given, or when it was parked.
 * Rejects only if our own side is broken.
 */
export const deliverInline = (delivery: InlineDelivery, dependencies: InlineDependencies): Promise<void> =>
  new Promise((leave, fail) => {
    const { event, webhook, n, epoch } = delivery;
    const { slots, places, patience, record } = dependencies;
    let state: State = 'in line';

    const end = (last: DeliveryRecord | null): void => {
      state = 'done';
      if (last !== null) record(last);
      leave();
    };

    /** The request has ended: its place is free. True: it had been parked. */
    const letGo = (): boolean => {
      slots.release(webhook.id);
      const wasParked = state === 'parked';
      if (wasParked) slots.unmarkSlow(webhook.id);
      else {
        slots.answeredInTime(webhook.id);
        places.release();
      }
      return wasParked;
    };

    const settle = (attempted: Attempted): void => {
      if (letGo()) end(attempted === null ? givenBack(delivery) : { ...attempted, isNew: false });
      else if (attempted !== null) end(attempted);
      else end(dependencies.mayBegin() === 'never' ? null : waitingRecord(event, webhook, epoch));
    };

    // Its lease, or its dispatch's, runs out, and it is made again.
    const breakOff = (error: unknown): void => {
      letGo();
      state = 'done';
      fail(error);
    };

    const begin = (): void => {
      const may = dependencies.mayBegin();
      if (may !== 'now') {
        slots.release(webhook.id);
        // Not at once: whoever is next may be refused too, and so on down the line.
        queueMicrotask(places.release);
        end(may === 'later' ? waitingRecord(event, webhook, epoch) : null);
        return;
      }
      state = 'under way';
      patience.watch(park);
      dependencies.attempt(delivery).then(settle, breakOff);
    };

    const park = (): void => {
      if (state !== 'under way') return;
      state = 'parked';
      slots.markSlow(webhook.id);
      places.release();
      dependencies.onParked('slow');
      record({ ...waitingRecord(event, webhook, epoch), attempt: n, out: true, dueInMs: webhook.timeoutMs + limits.parkedLeaseExtraMs });
      leave();
    };

    const ready = (): void => {
      state = 'ready';
      places.take(begin);
    };

    const ticket: Ticket = slots.take(webhook.id, webhook.maxInFlight, limits.untriedInFlightMax);
    if (ticket.granted === true) return ready();
    patience.watch(() => {
      if (state !== 'in line') return;
      ticket.giveUp();
      dependencies.onParked('in_flight_limit');
      end(dependencies.mayBegin() === 'never' ? null : waitingRecord(event, webhook, epoch));
    });
    ticket.granted.then((granted) => {
      if (granted && state === 'in line') ready();
      else if (granted) slots.release(webhook.id);
    }, fail);
  });

/** A leased delivery that was not sent after all: due again, under the number it had. */
const givenBack = ({ event, webhook, n, epoch }: InlineDelivery): DeliveryRecord => ({
  ...waitingRecord(event, webhook, epoch),
  isNew: false,
  attempt: n,
});
