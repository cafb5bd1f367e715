// What takes an event's content away on request.
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
