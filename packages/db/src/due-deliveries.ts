// Waiting deliveries whose time has come: handed out by the scheduler in chunks, loaded by the worker that takes the chunk.
import type { PayloadFormat } from '@posthorn/core';
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
  /** Its deliveries belong to replays, and travel in a lane of their own. */
  readonly replay: boolean;
  readonly deliveries: readonly { readonly eventId: string; readonly attempt: number }[];
};

export type RoundLimits = { readonly webhooksMax: number; readonly chunkMax: number; readonly deliveriesMax: number };

/**
 * One round of the scheduler: leases the chunks of the webhooks whose turn it is.
 * @param withReplays whether deliveries of replays are among them
 */
export const leaseChunks = async (pool: HotPool, limits: RoundLimits, withReplays = true): Promise<readonly Chunk[]> => {
  const result = await pool.query<{
    webhook_id: string;
    event_id: string;
    attempt: number;
    probe: boolean;
    circuit_epoch: number;
    turn: number;
    replay: boolean;
  }>({
    name: 'lease-chunks',
    text: 'select webhook_id, event_id, attempt, probe, circuit_epoch, turn, replay from lease_due_deliveries($1, $2, $3, $4)',
    values: [limits.webhooksMax, limits.chunkMax, limits.deliveriesMax, withReplays],
  });
  const chunks = new Map<string, Omit<Chunk, 'deliveries'> & { readonly deliveries: { eventId: string; attempt: number }[] }>();
  for (const row of result.rows) {
    let chunk = chunks.get(row.webhook_id);
    if (chunk === undefined) {
      const { webhook_id: webhookId, turn, probe, replay, circuit_epoch: epoch } = row;
      chunk = { webhookId, turn, probe, epoch, replay, deliveries: [] };
      chunks.set(row.webhook_id, chunk);
    }
    chunk.deliveries.push({ eventId: row.event_id, attempt: row.attempt });
  }
  return [...chunks.values()];
};

/** A turn that is younger may have come while the round was made. */
const leftAfterMs = 50;

/** Whether a webhook that has a turn now was left without one by the round before, since others had filled it. */
export const hasTurnsLeft = async (pool: HotPool): Promise<boolean> => {
  const result = await pool.query<{ left: boolean }>({
    name: 'turns-left',
    text: `select exists (select from webhook_state
                    where wake_at <= now() - interval '${leftAfterMs} ms' and wake_at < 'infinity' and disabled_at is null and deleted_at is null) as left`,
  });
  return result.rows[0]?.left ?? false;
};

export type LoadedDelivery = {
  readonly event: LoadedEvent;
  readonly webhookId: string;
  readonly attempt: number;
  readonly failures: number;
  readonly shape: number;
  /** What its body looks like, if that is not what its webhook's bodies look like today. */
  readonly shapeThen: { readonly payloadFormat: PayloadFormat; readonly includeResources: readonly string[] } | null;
  /** An attempt of it was made, and is recorded. */
  readonly isTried: boolean;
  /** A person asked for this attempt. */
  readonly byHand: boolean;
  /** What is left of its lease, in ms. */
  readonly leaseLeftMs: number;
};

/** Loads the deliveries of chunks that are still leased under the given attempt numbers; the others are somebody else's now. */
export const loadChunks = async (pool: HotPool, chunks: readonly Chunk[]): Promise<readonly LoadedDelivery[]> => {
  const all = chunks.flatMap((chunk) => chunk.deliveries.map((delivery) => ({ webhookId: chunk.webhookId, ...delivery })));
  const eventIds = all.map((each) => each.eventId);
  const sorted = [...eventIds].sort();
  const result = await pool.query<
    EventRow & {
      webhook_id: string;
      attempt: number;
      failures: number;
      shape: number;
      payload_format: PayloadFormat | null;
      include_resources: string[] | null;
      is_tried: boolean;
      by_hand: boolean;
      lease_left_ms: number;
    }
  >({
    name: 'load-chunks',
    text: `select ${eventColumns}, d.webhook_id, d.attempt, d.failures, d.shape, d.lane = 1 as by_hand, d.last_status_code is not null or d.last_error_kind is not null as is_tried,
                  v.snapshot ->> 'payload_format' as payload_format, v.snapshot -> 'include_resources' as include_resources,
                  (extract(epoch from d.due_at - now()) * 1000)::float8 as lease_left_ms
             from unnest($1::uuid[], $2::uuid[], $3::int[]) as x (event_id, webhook_id, attempt)
             join deliveries d on d.event_id = x.event_id and d.webhook_id = x.webhook_id and d.event_id between $4 and $5
              and d.attempt = x.attempt and d.out and d.status = 0
             join events e on e.id = d.event_id and e.id between $4 and $5
             join tenants t on t.id = e.tenant_id
             left join webhooks w on w.id = d.webhook_id
             left join webhook_versions v on v.webhook_id = d.webhook_id and v.version = d.shape and w.version <> d.shape`,
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
    shapeThen: row.payload_format === null ? null : { payloadFormat: row.payload_format, includeResources: row.include_resources ?? [] },
    isTried: row.is_tried,
    byHand: row.by_hand,
    leaseLeftMs: row.lease_left_ms,
  }));
};

/**
 * Ends up to `rowsMax` deliveries that wait at webhooks which are switched off; returns how many.
 * @param slot which of the statistics slots (0–15) counts them
 */
export const endWaitingDeliveries = async (pool: HotPool, webhooksMax: number, rowsMax: number, slot: number): Promise<number> => {
  const result = await pool.query<{ ended: number }>({
    name: 'end-waiting',
    text: 'select end_waiting_deliveries($1, $2, $3) as ended',
    values: [webhooksMax, rowsMax, slot],
  });
  return result.rows[0]?.ended ?? 0;
};

/** Lowers the scheduler's hints where they are later than the truth; returns how many were wrong. */
export const mendDueHints = async (pool: HotPool): Promise<number> => {
  const result = await pool.query<{ mended: number }>({ name: 'mend-due-hints', text: 'select mend_due_hints() as mended' });
  return result.rows[0]?.mended ?? 0;
};
