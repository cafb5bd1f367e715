// A dispatch: claimed, matched, its first attempts made inline, everything recorded, the dispatch deleted. Running it again adds
// deliveries only for pairs that have none, so a crash at any point costs at most what was in flight.
import { matchEvent, reasonCodes, storedStatusCodes } from '@posthorn/core';
import type { DeliveryRecord, DispatchRef, FinishedDispatch, LoadedEvent } from '@posthorn/db';
import type { Claim, Claims } from './claims.js';
import { deliverInline, type InlineDependencies, waitingRecord } from './deliver-inline.js';
import { type DispatchOutcome, type DispatchSummary, type DispatchTally, tallyDispatch } from './dispatch-summary.js';
import type { Closed } from './gates.js';
import { limits } from './limits.js';
import type { TenantIndexes, WorkerWebhook } from './tenant-index.js';

export type DispatchDependencies = {
  readonly claim: (ref: DispatchRef) => Promise<readonly LoadedEvent[]>;
  /** `eventId webhookId` of the deliveries that exist. */
  readonly existing: (ref: DispatchRef, eventIds: readonly string[]) => Promise<ReadonlySet<string>>;
  readonly tenants: TenantIndexes;
  readonly gate: {
    readonly closedFor: (webhookId: string) => Closed;
    readonly epochOf: (webhookId: string) => number;
    /** False while no attempt may begin: the circuits are not known well enough, or the worker stops. */
    readonly mayBegin: () => boolean;
  };
  readonly inline: Omit<InlineDependencies, 'mayBegin'>;
  readonly hold: Pick<Claims, 'add' | 'remove'>;
  readonly finish: (dispatch: FinishedDispatch) => Promise<void>;
  /** Makes one dispatch of each event. */
  readonly split: (dispatch: FinishedDispatch) => Promise<void>;
  /** Takes the dispatch out of the way for good, loudly. */
  readonly setAside: (dispatch: FinishedDispatch) => Promise<void>;
  /** What became of it; called once, whatever it was. */
  readonly onEnded: (summary: DispatchSummary) => void;
};

type Pair = { readonly event: LoadedEvent; readonly webhook: WorkerWebhook };

const noDeliveries: ReadonlySet<string> = new Set();

/**
 * Handles the job of a dispatch; returns how many deliveries it made, or null if the dispatch is somebody else's or done. From `onClaimed` on
 * its lease in Postgres says whose it is.
 */
export const handleDispatch = async (
  ref: DispatchRef,
  dependencies: DispatchDependencies,
  onClaimed: () => void = () => undefined,
): Promise<number | null> => {
  const tally = tallyDispatch(ref);
  const end = (outcome: DispatchOutcome, events: readonly LoadedEvent[], deliveries: number | null): number | null => {
    dependencies.onEnded(tally.summary(outcome, events, deliveries ?? 0));
    return deliveries;
  };
  const claimedAt = performance.now();
  const events = await dependencies.claim(ref);
  if (events.length === 0) return end('not_ours', events, null);
  const n = ref.claim + 1;
  // Each claim before this one ended with the death of its worker, or with a freeze: find out which event is to blame.
  if (n >= limits.claimsBeforeSetAside && events.length === 1)
    return dependencies.setAside({ id: ref.id, claim: n }).then(() => end('set_aside', events, null));
  if (n >= limits.claimsBeforeSplit && events.length > 1)
    return dependencies.split({ id: ref.id, claim: n }).then(() => end('split', events, null));
  const claim = dependencies.hold.add(ref.id, n, claimedAt);
  onClaimed();
  try {
    const existing =
      n === 1
        ? noDeliveries
        : await dependencies.existing(
            ref,
            events.map((event) => event.id),
          );
    const pairs = await matchAll(events, existing, dependencies);
    await deliverAll(pairs, n, claim, tally, dependencies);
    const holds = claim.holds();
    if (holds) await dependencies.finish({ id: ref.id, claim: n });
    return end(holds ? 'finished' : 'lost', events, pairs.length);
  } catch (error) {
    end('broken', events, 0);
    throw error;
  } finally {
    dependencies.hold.remove(claim);
  }
};

const matchAll = async (
  events: readonly LoadedEvent[],
  existing: ReadonlySet<string>,
  dependencies: DispatchDependencies,
): Promise<readonly Pair[]> => {
  const pairs: Pair[] = [];
  for (const event of events) {
    // Nothing is left of it that could be sent.
    if (event.erased) continue;
    const { tenants } = dependencies;
    const { compiled } = tenants.peek(event.tenantId, event.webhooksVersion) ?? (await tenants.get(event.tenantId, event.webhooksVersion));
    for (const webhook of matchEvent(compiled, event)) {
      const existed = webhook.createdAtMs <= event.acceptedAtMs;
      if (existed && (existing.size === 0 || !existing.has(`${event.id} ${webhook.id}`))) pairs.push({ event, webhook });
    }
  }
  return pairs;
};

const deliverAll = async (
  pairs: readonly Pair[],
  n: number,
  claim: Claim,
  tally: DispatchTally,
  dependencies: DispatchDependencies,
): Promise<void> => {
  const { inline, gate } = dependencies;
  const record = (each: DeliveryRecord): void => {
    tally.count(each);
    inline.record(each);
  };
  const mayBegin = () => (!claim.holds() ? 'never' : gate.mayBegin() ? 'now' : 'later');
  // Between the beginning and the first byte its webhook may have been switched off, or have asked for patience.
  const mayWrite = (webhookId: string) => mayBegin() === 'now' && isOpen(gate.closedFor(webhookId));
  const inlineDependencies: InlineDependencies = { ...inline, record, mayBegin };
  const running: Promise<void>[] = [];
  for (const { event, webhook } of pairs) {
    const epoch = gate.epochOf(webhook.id);
    const closed = gate.closedFor(webhook.id);
    if (closed === 'webhook_disabled') record(skippedRecord({ event, webhook }, epoch));
    else if (closed !== null || webhook.rateLimited || running.length >= limits.inlineDeliveriesMax || inline.slots.isSlow(webhook.id))
      record(waitingRecord(event, webhook, epoch));
    else running.push(deliverInline({ event, webhook, n, epoch, mayWrite: () => mayWrite(webhook.id) }, inlineDependencies));
  }
  await Promise.all(running);
};

/** A backlog is no reason to take back what has begun. */
const isOpen = (closed: Closed): boolean => closed === null || closed === 'in_flight_limit';

const skippedRecord = ({ event, webhook }: Pair, epoch: number): DeliveryRecord => ({
  ...waitingRecord(event, webhook, epoch),
  status: storedStatusCodes.skipped,
  reason: reasonCodes.webhook_disabled,
  dueInMs: null,
});
