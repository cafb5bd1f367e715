// Chunks of waiting deliveries that the scheduler handed out: retries, probes, drains, expired leases. Each delivery is already recorded
// as out under a lease, so the job need not wait for slow endpoints: their results follow. What cannot be sent in time is given back.
import { type AttemptKind, bodyShape, reasonCodes, storedStatusCodes } from '@posthorn/core';
import type { Chunk, ChunkReport, DeliveryRecord, LoadedDelivery } from '@posthorn/db';
import { type Attempt, type Attempted, recordBase } from './attempt.js';
import type { Closed } from './gates.js';
import { limits } from './limits.js';
import type { Slots } from './slots.js';
import type { TenantIndexes, WorkerWebhook } from './tenant-index.js';

export type DueDependencies = {
  readonly load: (chunks: readonly Chunk[]) => Promise<readonly LoadedDelivery[]>;
  readonly tenants: TenantIndexes;
  readonly gate: {
    readonly closedFor: (webhookId: string) => Closed;
    /** False while no attempt may begin: the circuits are not known well enough, or the worker stops. */
    readonly mayBegin: () => boolean;
  };
  readonly attempt: (attempt: Attempt) => Promise<Attempted>;
  readonly slots: Slots;
  readonly record: (record: DeliveryRecord) => void;
  readonly report: (chunk: ChunkReport) => void;
  /** Keeps the process alive (and its shutdown waiting) until the promise settles. */
  readonly track: (running: Promise<void>) => void;
};

type Leased = { readonly delivery: LoadedDelivery; readonly chunk: Chunk; readonly loadedAt: number };

/** Handles a job of chunks: begins their attempts and waits for them, but no longer than a job may last. */
export const handleDue = async (chunks: readonly Chunk[], dependencies: DueDependencies): Promise<number> => {
  const loadedAt = performance.now();
  const loaded = await dependencies.load(chunks);
  const byWebhook = new Map<string, LoadedDelivery[]>();
  for (const delivery of loaded) {
    const list = byWebhook.get(delivery.webhookId);
    if (list === undefined) byWebhook.set(delivery.webhookId, [delivery]);
    else list.push(delivery);
  }
  const running = chunks.flatMap((chunk) => {
    // A chunk of which nothing is left is somebody else's now: it is not ours to report.
    const deliveries = byWebhook.get(chunk.webhookId);
    if (deliveries === undefined) return [];
    return [
      runChunk(
        deliveries.map((delivery) => ({ delivery, chunk, loadedAt })),
        chunk,
        dependencies,
      ),
    ];
  });
  for (const each of running) dependencies.track(each);
  let patience: NodeJS.Timeout | undefined;
  const patient = new Promise<void>((resolve) => {
    patience = setTimeout(resolve, limits.parkAfterMs);
  });
  await Promise.race([Promise.all(running), patient]);
  clearTimeout(patience);
  return loaded.length;
};

const runChunk = async (leased: readonly Leased[], chunk: Chunk, dependencies: DueDependencies): Promise<void> => {
  await Promise.all(leased.map((each) => runOne(each, dependencies)));
  dependencies.report({ webhookId: chunk.webhookId, turn: chunk.turn });
};

const runOne = async (leased: Leased, dependencies: DueDependencies): Promise<void> => {
  const { delivery, chunk } = leased;
  const { event } = delivery;
  if (event.erased) return dependencies.record(endedRecord(leased, 'cancelled', 'erased'));
  const index = await dependencies.tenants.get(event.tenantId, event.webhooksVersion);
  const webhook = index.byId.get(delivery.webhookId);
  if (webhook === undefined) return dependencies.record(endedRecord(leased, 'cancelled', 'webhook_deleted'));
  const ticket = dependencies.slots.take(webhook.id, webhook.maxInFlight);
  const timer = setTimeout(ticket.giveUp, limits.chunkStartMs);
  const granted = await ticket.granted;
  clearTimeout(timer);
  if (!granted) return dependencies.record(givenBackRecord(leased, webhook));
  try {
    const mayWrite = () => isCallable(leased, webhook, dependencies);
    if (!mayWrite()) return dependencies.record(unsentRecord(leased, webhook, dependencies));
    const { shapeThen } = delivery;
    const beganAt = performance.now();
    const attempted = await dependencies.attempt({
      event,
      webhook,
      n: delivery.attempt,
      kind: kindOf(leased),
      failures: delivery.failures,
      shape: delivery.shape,
      body: shapeThen === null ? webhook.sender().shape : bodyShape(shapeThen.payloadFormat, shapeThen.includeResources),
      epoch: chunk.epoch,
      replay: chunk.replay,
      mayWrite,
    });
    if (attempted !== null && performance.now() - beganAt < limits.parkAfterMs) dependencies.slots.answeredInTime(webhook.id);
    dependencies.record(attempted ?? unsentRecord(leased, webhook, dependencies));
  } finally {
    dependencies.slots.release(webhook.id);
  }
};

const kindOf = ({ delivery, chunk }: Leased): AttemptKind => {
  if (chunk.probe) return 'probe';
  if (delivery.byHand) return 'manual';
  if (delivery.failures > 0) return 'retry';
  if (chunk.replay) return 'replay';
  // Without a failure: our own stop had cut off the one before.
  return delivery.isTried ? 'retry' : 'first';
};

/** What keeps a chunk's deliveries from being sent: everything but a backlog, and for a probe but the circuit. */
const closedFor = ({ chunk }: Leased, webhook: WorkerWebhook, { gate }: DueDependencies): Closed => {
  const closed = gate.closedFor(webhook.id);
  return closed === 'in_flight_limit' || (closed === 'circuit_open' && chunk.probe) ? null : closed;
};

/** Whether an attempt that begins now ends within its lease, and its webhook may be called. */
const isCallable = (leased: Leased, webhook: WorkerWebhook, dependencies: DueDependencies): boolean => {
  const leaseLeftMs = leased.delivery.leaseLeftMs - (performance.now() - leased.loadedAt);
  if (leaseLeftMs < webhook.timeoutMs + limits.leaseReserveMs || !dependencies.gate.mayBegin()) return false;
  return closedFor(leased, webhook, dependencies) === null;
};

const unsentRecord = (leased: Leased, webhook: WorkerWebhook, dependencies: DueDependencies): DeliveryRecord =>
  closedFor(leased, webhook, dependencies) === 'webhook_disabled'
    ? endedRecord(leased, 'skipped', 'webhook_disabled')
    : givenBackRecord(leased, webhook);

const recordOf = (leased: Leased, webhook: Pick<WorkerWebhook, 'id' | 'circuitThreshold'>): DeliveryRecord => ({
  ...recordBase(leased.delivery.event, webhook, leased.chunk.epoch),
  isNew: false,
  attempt: leased.delivery.attempt,
  status: storedStatusCodes.waiting,
  reason: null,
  dueInMs: 0,
  out: false,
  shape: leased.delivery.shape,
  sent: null,
  holdMs: null,
  gone: false,
  replay: leased.chunk.replay,
});

/** Not sent: due at once. The number of its lease stays used, so that nothing of this lease can pass for a later one's. */
const givenBackRecord = (leased: Leased, webhook: WorkerWebhook): DeliveryRecord => recordOf(leased, webhook);

const endedRecord = (
  leased: Leased,
  status: 'cancelled' | 'skipped',
  reason: 'webhook_deleted' | 'webhook_disabled' | 'erased',
): DeliveryRecord => ({
  ...recordOf(leased, { id: leased.delivery.webhookId, circuitThreshold: 1 }),
  status: storedStatusCodes[status],
  reason: reasonCodes[reason],
  dueInMs: null,
});
