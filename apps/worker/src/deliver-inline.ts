// First attempts, inside the job of their dispatch. A delivery that is not done when the job's patience is over leaves the dispatch:
// under way, it is recorded waiting under a lease and its result follows; not begun, it is recorded waiting and due. So a slow endpoint
// never holds a job.
import { storedStatusCodes } from '@posthorn/core';
import type { DeliveryRecord, LoadedEvent } from '@posthorn/db';
import { type Attempted, recordBase } from './attempt.js';
import { limits } from './limits.js';
import type { Slots, Ticket } from './slots.js';
import type { WorkerWebhook } from './tenant-index.js';

export type InlineDelivery = { readonly event: LoadedEvent; readonly webhook: WorkerWebhook; readonly n: number; readonly epoch: number };

export type InlineDependencies = {
  readonly attempt: (delivery: InlineDelivery) => Promise<Attempted>;
  readonly record: (record: DeliveryRecord) => void;
  readonly slots: Slots;
  /** `later`: recorded waiting instead (the gates are stale). `never`: the claim is over, so the delivery is somebody else's to make. */
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
});

type State = 'waiting' | 'under way' | 'parked' | 'done';

/** Runs one delivery; `finished` resolves when its record is given, or when it was parked. */
export type RunningDelivery = { readonly finished: Promise<void>; readonly park: () => void };

/** Begins a delivery as soon as its webhook has a place for it. */
export const deliverInline = (delivery: InlineDelivery, dependencies: InlineDependencies): RunningDelivery => {
  const { event, webhook, n, epoch } = delivery;
  let state: State = 'waiting';
  let leave: () => void = () => undefined;
  let fail: (error: unknown) => void = () => undefined;
  const finished = new Promise<void>((resolve, reject) => {
    leave = resolve;
    fail = reject;
  });

  const giveUp = (): void => {
    state = 'done';
    dependencies.record(waitingRecord(event, webhook, epoch));
    leave();
  };

  const abandon = (): void => {
    state = 'done';
    leave();
  };

  const settle = (attempted: Attempted): void => {
    const wasParked = state === 'parked';
    if (wasParked) dependencies.slots.unmarkSlow(webhook.id);
    state = 'done';
    if (attempted === null) dependencies.record(wasParked ? givenBack(delivery) : waitingRecord(event, webhook, epoch));
    else dependencies.record(wasParked ? { ...attempted, isNew: false } : attempted);
    leave();
  };

  const run = async (): Promise<void> => {
    try {
      if (state === 'done') return;
      const may = dependencies.mayBegin();
      if (may === 'later') return giveUp();
      if (may === 'never') return abandon();
      state = 'under way';
      settle(await dependencies.attempt(delivery));
    } catch (error) {
      fail(error);
    } finally {
      dependencies.slots.release(webhook.id);
    }
  };

  const ticket: Ticket = dependencies.slots.take(webhook.id, webhook.maxInFlight);
  if (ticket.granted === true) void run();
  else void ticket.granted.then((granted) => (granted ? run() : undefined));
  return {
    finished,
    park: () => {
      if (state === 'waiting') {
        ticket.giveUp();
        dependencies.onParked('in_flight_limit');
        if (dependencies.mayBegin() === 'never') abandon();
        else giveUp();
      } else if (state === 'under way') {
        state = 'parked';
        dependencies.slots.markSlow(webhook.id);
        dependencies.onParked('slow');
        dependencies.record({
          ...waitingRecord(event, webhook, epoch),
          attempt: n,
          out: true,
          dueInMs: webhook.timeoutMs + limits.parkedLeaseExtraMs,
        });
        leave();
      }
    },
  };
};

/** A leased delivery that was not sent after all: due again, under the number it had. */
const givenBack = ({ event, webhook, n, epoch }: InlineDelivery): DeliveryRecord => ({
  ...waitingRecord(event, webhook, epoch),
  isNew: false,
  attempt: n,
});
