// A dispatch: claimed, matched, its first attempts made inline, everything recorded, the dispatch deleted. Running it again adds
// deliveries only for pairs that have none, so a crash at any point costs at most what was in flight.
import { matchEvent, reasonCodes, storedStatusCodes } from '@posthorn/core';
import type { DeliveryRecord, DispatchRef, FinishedDispatch, LoadedEvent } from '@posthorn/db';
import type { Claim, Claims } from './claims.js';
import { deliverInline, type InlineDependencies, waitingRecord } from './deliver-inline.js';
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
  const claimedAt = performance.now();
  const events = await dependencies.claim(ref);
  if (events.length === 0) return null;
  const n = ref.claim + 1;
  // Each claim before this one ended with the death of its worker, or with a freeze: find out which event is to blame.
  if (n >= limits.claimsBeforeSetAside && events.length === 1) return dependencies.setAside({ id: ref.id, claim: n }).then(() => null);
  if (n >= limits.claimsBeforeSplit && events.length > 1) return dependencies.split({ id: ref.id, claim: n }).then(() => null);
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
    await deliverAll(pairs, n, claim, dependencies);
    if (claim.holds()) await dependencies.finish({ id: ref.id, claim: n });
    return pairs.length;
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

const deliverAll = async (pairs: readonly Pair[], n: number, claim: Claim, dependencies: DispatchDependencies): Promise<void> => {
  const { inline, gate } = dependencies;
  const mayBegin = () => (!claim.holds() ? 'never' : gate.mayBegin() ? 'now' : 'later');
  // Between the beginning and the first byte its webhook may have been switched off, or have asked for patience.
  const mayWrite = (webhookId: string) => mayBegin() === 'now' && isOpen(gate.closedFor(webhookId));
  const inlineDependencies: InlineDependencies = { ...inline, mayBegin };
  const running: Promise<void>[] = [];
  for (const { event, webhook } of pairs) {
    const epoch = gate.epochOf(webhook.id);
    const closed = gate.closedFor(webhook.id);
    if (closed === 'webhook_disabled') inline.record(skippedRecord({ event, webhook }, epoch));
    else if (closed !== null || webhook.rateLimited || running.length >= limits.inlineDeliveriesMax || inline.slots.isSlow(webhook.id))
      inline.record(waitingRecord(event, webhook, epoch));
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
