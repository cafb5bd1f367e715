// Waiting deliveries whose time has come: handed out by the scheduler in chunks, loaded by the worker that takes the chunk.
import { numberArray, uuidArray } from './array-literal.js';
import { type EventRow, eventColumns, eventOf, type LoadedEvent } from './dispatches.js';
import type { HotPool } from './pools.js';

/** Deliveries of one webhook, leased together. At most one chunk of a webhook is out in the whole cluster. */
export type Chunk = {
  readonly webhookId: string;
  /** Its number among the webhook's chunks; a report names it. */
  readonly turn: number;
  readonly probe: boolean;
  readonly epoch: number;
  readonly deliveries: readonly { readonly eventId: string; readonly attempt: number }[];
};

export type RoundLimits = { readonly webhooksMax: number; readonly chunkMax: number; readonly deliveriesMax: number };

/** One round of the scheduler: leases the chunks of the webhooks whose turn it is. */
export const leaseChunks = async (pool: HotPool, limits: RoundLimits): Promise<readonly Chunk[]> => {
  const result = await pool.query<{
    webhook_id: string;
    event_id: string;
    attempt: number;
    probe: boolean;
    circuit_epoch: number;
    turn: number;
  }>({
    name: 'lease-chunks',
    text: 'select webhook_id, event_id, attempt, probe, circuit_epoch, turn from lease_due_deliveries($1, $2, $3)',
    values: [limits.webhooksMax, limits.chunkMax, limits.deliveriesMax],
  });
  const chunks = new Map<
    string,
    { webhookId: string; turn: number; probe: boolean; epoch: number; deliveries: { eventId: string; attempt: number }[] }
  >();
  for (const row of result.rows) {
    let chunk = chunks.get(row.webhook_id);
    if (chunk === undefined) {
      chunk = { webhookId: row.webhook_id, turn: row.turn, probe: row.probe, epoch: row.circuit_epoch, deliveries: [] };
      chunks.set(row.webhook_id, chunk);
    }
    chunk.deliveries.push({ eventId: row.event_id, attempt: row.attempt });
  }
  return [...chunks.values()];
};

export type LoadedDelivery = {
  readonly event: LoadedEvent;
  readonly webhookId: string;
  readonly attempt: number;
  readonly failures: number;
  readonly shape: number;
  /** What is left of its lease, in ms. */
  readonly leaseLeftMs: number;
};

/** Loads the deliveries of chunks that are still leased under the given attempt numbers; the others are somebody else's now. */
export const loadChunks = async (pool: HotPool, chunks: readonly Chunk[]): Promise<readonly LoadedDelivery[]> => {
  const all = chunks.flatMap((chunk) => chunk.deliveries.map((delivery) => ({ webhookId: chunk.webhookId, ...delivery })));
  const eventIds = all.map((each) => each.eventId);
  const sorted = [...eventIds].sort();
  const result = await pool.query<
    EventRow & { webhook_id: string; attempt: number; failures: number; shape: number; lease_left_ms: number }
  >({
    name: 'load-chunks',
    text: `select ${eventColumns}, d.webhook_id, d.attempt, d.failures, d.shape,
                  (extract(epoch from d.due_at - now()) * 1000)::float8 as lease_left_ms
             from unnest($1::uuid[], $2::uuid[], $3::int[]) as x (event_id, webhook_id, attempt)
             join deliveries d on d.event_id = x.event_id and d.webhook_id = x.webhook_id and d.event_id between $4 and $5
              and d.attempt = x.attempt and d.out and d.status = 0
             join events e on e.id = d.event_id and e.id between $4 and $5
             join tenants t on t.id = e.tenant_id`,
    values: [
      uuidArray(eventIds),
      uuidArray(all.map((each) => each.webhookId)),
      numberArray(all.map((each) => each.attempt)),
      sorted[0] ?? null,
      sorted.at(-1) ?? null,
    ],
  });
  return result.rows.map((row) => ({
    event: eventOf(row),
    webhookId: row.webhook_id,
    attempt: row.attempt,
    failures: row.failures,
    shape: row.shape,
    leaseLeftMs: row.lease_left_ms,
  }));
};

/** Lowers the scheduler's hints where they are later than the truth; returns how many were wrong. */
export const mendDueHints = async (pool: HotPool): Promise<number> => {
  const result = await pool.query<{ mended: number }>({ name: 'mend-due-hints', text: 'select mend_due_hints() as mended' });
  return result.rows[0]?.mended ?? 0;
};
