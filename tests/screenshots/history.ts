// A day before the pictures: what the webhooks of the demo would have counted, as raw minutes, which the product settles and adds up by itself.
import type { Product } from '../system/support/product.js';

/** Hours back to which a webhook failed; what it wanted is of this type. */
const sql = `
  with hours as (
    select at, extract(epoch from now() - at) / 3600 as ago, 14 + round(11 * sin(extract(epoch from at) / 13750)) + (extract(minute from at)::int * 7) % 5 as n
      from generate_series(date_trunc('hour', now()) - interval '23 hours', date_trunc('minute', now()) - interval '20 minutes', interval '10 minutes') at
  ), counted as (
    select w.environment_id, w.tenant_id, w.id, h.at, t.event_type, (h.n * t.share)::int as n, t.breaks > h.ago as is_broken
      from webhooks w
      join (values ('Warehouse', 'order.placed', 1.0, 0), ('Warehouse', 'shipment.sent', 0.6, 0), ('Accounting', 'order.paid', 0.8, 3.1),
                   ('Loyalty points', 'order.paid', 0.8, 1.1), ('Search index', 'product.changed', 0.5, 0)) t (name, event_type, share, breaks)
        on t.name = w.name
     cross join hours h
  )
  insert into webhook_stats (environment_id, tenant_id, webhook_id, span, at, event_type, slot, created, succeeded, failed, attempts, attempts_ok,
                             retries, status_5xx, duration_ms_sum, ms_16, ms_32, ms_64, ms_256, last_attempt_at, last_success_at)
  select environment_id, tenant_id, id, 0, at, event_type, 0, n, n - failed, failed, n + 2 * failed, n - failed,
         2 * failed, 3 * failed, n * 24, n / 3, n / 3, n - 2 * (n / 3) - n / 12 + 2 * failed, n / 12, at, at
    from (select *, case when is_broken then n / 3 else 0 end as failed from counted) c
  on conflict do nothing`;

export const makeHistory = async ({ pool }: Product): Promise<void> => {
  await pool.query(sql);
};
