// Waiting deliveries that end without an attempt: cancelled by hand or with their replay, erased, expired. A result that is still under way is
// recorded as an attempt and changes nothing more.
import { type Reason, reasonCodes, storedStatusCodes } from '@posthorn/core';

export type Ending = { readonly status: 'failed' | 'cancelled'; readonly reason: Reason };

/**
 * Parts of a `with`: `ended` are the deliveries of `chosen (event_id, webhook_id)` that still waited, and their statistics are counted under the
 * slot `$<slot>`. The caller has locked the chosen ones. Order of locks: deliveries, then statistics by key.
 * No bounds of the partitions stand here: an update that had to wait would find nothing (see reopening.ts).
 */
export const endChosen = ({ status, reason }: Ending, slot: string): string => `ended as (
  update deliveries d
     set status = ${storedStatusCodes[status]}, reason = ${reasonCodes[reason]}, out = false, lane = 0, due_at = null, ended_at = now()
    from chosen c
   where d.event_id = c.event_id and d.webhook_id = c.webhook_id and d.status = 0
  returning d.environment_id, d.tenant_id, d.event_id, d.webhook_id
),
${countEnded(status, slot)}`;

/** The part of a `with` that counts the deliveries of `ended` in the statistics. */
export const countEnded = (status: Ending['status'], slot: string): string => `ended_stats as (
  insert into webhook_stats as s (environment_id, tenant_id, webhook_id, span, at, event_type, slot, ${status})
  select n.environment_id, n.tenant_id, n.webhook_id, 0, date_trunc('minute', now()), coalesce(e.event_type, ''), ${slot}, count(*)
    from ended n left join events e on e.id = n.event_id
   group by n.environment_id, n.tenant_id, n.webhook_id, coalesce(e.event_type, '')
   order by n.webhook_id, coalesce(e.event_type, '')
  on conflict (webhook_id, span, at, event_type, slot) do update set ${status} = s.${status} + excluded.${status}
)`;
