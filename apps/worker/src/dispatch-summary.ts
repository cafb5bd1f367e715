// What became of a dispatch, in one record: the wide line of its log and its metrics.
import { storedStatusCodes } from '@posthorn/core';
import type { DeliveryRecord, DispatchRef, LoadedEvent } from '@posthorn/db';

/** See posthorn_dispatches_total. */
export type DispatchOutcome = 'finished' | 'lost' | 'split' | 'set_aside' | 'not_ours' | 'broken';

/** Counts are of deliveries, as they stood when the dispatch ended: what was parked ends later. */
export type DispatchSummary = {
  readonly dispatchId: string;
  /** The number of the claim: 1 unless another worker had it before. */
  readonly claim: number;
  readonly outcome: DispatchOutcome;
  readonly events: number;
  readonly firstEventId: string;
  readonly lastEventId: string;
  readonly deliveries: number;
  readonly succeeded: number;
  readonly retried: number;
  readonly failed: number;
  /** Left to the scheduler without an attempt: held, limited, or too many. */
  readonly waiting: number;
  readonly parked: number;
  readonly skipped: number;
  readonly durationMs: number;
  /** Of all its events, if they have one and the same. */
  readonly traceId?: string;
};

type Counts = { succeeded: number; retried: number; failed: number; waiting: number; parked: number; skipped: number };

export type DispatchTally = {
  readonly count: (record: DeliveryRecord) => void;
  readonly summary: (outcome: DispatchOutcome, events: readonly LoadedEvent[], deliveries: number) => DispatchSummary;
};

const countOf = ({ status, sent, out }: DeliveryRecord): keyof Counts => {
  switch (status) {
    case storedStatusCodes.succeeded:
      return 'succeeded';
    case storedStatusCodes.failed:
      return 'failed';
    case storedStatusCodes.waiting:
      return out ? 'parked' : sent === null ? 'waiting' : 'retried';
    default:
      return 'skipped';
  }
};

/** Begins to count; the duration is from now on. */
export const tallyDispatch = (ref: DispatchRef): DispatchTally => {
  const beganAt = performance.now();
  const counts: Counts = { succeeded: 0, retried: 0, failed: 0, waiting: 0, parked: 0, skipped: 0 };
  return {
    count: (record) => {
      counts[countOf(record)] += 1;
    },
    summary: (outcome, events, deliveries) => ({
      dispatchId: ref.id,
      claim: ref.claim + 1,
      outcome,
      events: events.length,
      firstEventId: ref.firstEventId,
      lastEventId: ref.lastEventId,
      deliveries,
      ...counts,
      durationMs: performance.now() - beganAt,
    }),
  };
};
