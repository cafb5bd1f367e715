// What takes an event's content, or its time, away: erasure on request, and the end of retention for what still waits.
import { endChosen } from './ending-sql.js';
import type { HotPool } from './pools.js';
import type { Reach } from './reading.js';

/**
 * Erases an event in reach: its payload, and what its attempts sent and got back; what waits of it is cancelled. Ids, times, types and counts
 * stay, `source_id` too. Doing it again takes away what came in the meantime (an attempt that was under way). False: there is no such event.
 * @param slot which of the statistics slots (0–15) counts what is cancelled
 */
export const eraseEvent = async (pool: HotPool, reach: Reach, eventId: string, slot: number): Promise<boolean> => {
  const result = await pool.query<{ found: boolean }>({
    name: 'erase-event',
    text: `with erased as (
             update events set data = 'null', current_context = null, resources = null, erased_at = coalesce(erased_at, now())
              where id = $1 and environment_id = $2 and ($3::uuid is null or tenant_id = $3)
             returning id
           ),
           chosen as materialized (
             select d.event_id, d.webhook_id from erased join deliveries d on d.event_id = erased.id and d.event_id = $1
              where d.status = 0 order by d.webhook_id for update of d
           ),
           ${endChosen({ status: 'cancelled', reason: 'erased' }, '$4')},
           emptied as (
             update attempts a set request_headers = '', response_headers = null, response_body = null
               from erased where a.event_id = erased.id and a.event_id = $1
           )
           select exists (select from erased) as found`,
    values: [eventId, reach.environmentId, reach.tenantId, slot],
  });
  return result.rows[0]?.found ?? false;
};

/**
 * Ends up to `rowsMax` waiting deliveries of the events before an id as failed (`expired`), and tells it in the timeline of their webhooks;
 * returns how many. What is under way is left until its lease is over.
 * @param beforeId the first event id (UUIDv7) that is kept
 * @param slot which of the statistics slots (0–15) counts them
 */
export const expireDeliveries = async (pool: HotPool, beforeId: string, rowsMax: number, slot: number): Promise<number> => {
  // In the order of the indexes of waiting deliveries, so that these are read and not all that is kept of the old days.
  const waiting = (which: string): string => `(
    select event_id, webhook_id from deliveries
     where event_id < $1 and status = 0 and replay_id is ${which} and not (out and due_at > now())
     order by webhook_id, due_at limit $2 for update skip locked)`;
  const result = await pool.query<{ expired: number }>({
    name: 'expire-deliveries',
    text: `with first as materialized ${waiting('null')},
           second as materialized ${waiting('not null')},
           chosen as materialized (
             select event_id, webhook_id from (select * from first union all select * from second) both_lanes limit $2
           ),
           ${endChosen({ status: 'failed', reason: 'expired' }, '$3')},
           timeline as (
             insert into webhook_timeline (environment_id, tenant_id, webhook_id, kind, details)
             select environment_id, tenant_id, webhook_id, 'expired', jsonb_build_object('count', count(*))
               from ended group by environment_id, tenant_id, webhook_id order by webhook_id
           )
           select count(*)::int as expired from ended`,
    values: [beforeId, rowsMax, slot],
  });
  return result.rows[0]?.expired ?? 0;
};
