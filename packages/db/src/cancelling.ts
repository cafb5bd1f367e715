// Cancelling what waits: one delivery by hand, or a replay with all that waits of it.
import { endChosen } from './ending-sql.js';
import type { HotPool } from './pools.js';

const byHand = { status: 'cancelled', reason: 'cancelled_by_hand' } as const;

/**
 * Cancels a delivery that waits, also one that is under way. False: it had ended.
 * @param slot which of the statistics slots (0–15) counts it
 */
export const cancelDelivery = async (pool: HotPool, eventId: string, webhookId: string, slot: number): Promise<boolean> => {
  const result = await pool.query<{ cancelled: number }>({
    name: 'cancel-delivery',
    text: `with chosen as materialized (
             select event_id, webhook_id from deliveries where event_id = $1 and webhook_id = $2 and status = 0 for update
           ),
           ${endChosen(byHand, '$3')}
           select count(*)::int as cancelled from ended`,
    values: [eventId, webhookId, slot],
  });
  return (result.rows[0]?.cancelled ?? 0) > 0;
};

/**
 * Stops a replay: from the commit on it opens nothing more. One that is done can be cancelled while something of it waits. False: it is over.
 * It has ended (`ended_at`) when nothing of it waits any more.
 */
export const cancelReplay = async (pool: HotPool, id: string): Promise<boolean> => {
  const result = await pool.query({
    name: 'cancel-replay',
    text: `update replays r set status = 'cancelled', ended_at = null
            where id = $1 and (status = 'running'
                               or (status = 'done' and exists (select from deliveries d where d.replay_id = r.id and d.status = 0)))`,
    values: [id],
  });
  return (result.rowCount ?? 0) > 0;
};

/**
 * Cancels up to `rowsMax` deliveries of a cancelled replay that wait and are not under way; returns how many. With nothing left the replay has ended.
 * @param slot which of the statistics slots (0–15) counts them
 */
export const sweepCancelledReplay = async (pool: HotPool, id: string, rowsMax: number, slot: number): Promise<number> => {
  const result = await pool.query<{ cancelled: number }>({
    name: 'sweep-replay',
    text: `with chosen as materialized (
             select event_id, webhook_id from deliveries
              where replay_id = $1 and status = 0 and not (out and due_at > now())
                and exists (select from replays where id = $1 and status = 'cancelled')
              limit $2 for update skip locked
           ),
           ${endChosen(byHand, '$3')}
           select count(*)::int as cancelled from ended`,
    values: [id, rowsMax, slot],
  });
  await pool.query({
    name: 'end-cancelled-replay',
    text: `update replays r set ended_at = now()
            where id = $1 and status = 'cancelled' and ended_at is null
              and not exists (select from deliveries d where d.replay_id = r.id and d.status = 0)`,
    values: [id],
  });
  return result.rows[0]?.cancelled ?? 0;
};
