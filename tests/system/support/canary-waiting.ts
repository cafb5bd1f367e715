// When a product has done what it was given, and told whoever is to be told.
import { eventually } from '@posthorn/testkit';
import type { Product } from './product.js';

/** Resolves when everything is fanned out, nothing is due, and no mail waits; held deliveries may. */
export const untilSchedulerSettled = (product: Product): Promise<true> =>
  eventually(
    async () => {
      const sql = `select (select count(*) from dispatches)::int as dispatches,
                          (select count(*) from deliveries d join webhook_state s using (webhook_id) where d.status = 0 and s.circuit = 0)::int as waiting,
                          (select count(*) from notifications where closed_at is null)::int as untold,
                          (select count(*) from mails where status = 'waiting')::int as mails`;
      const left = (await product.pool.query(sql)).rows[0];
      if (Object.values(left as Record<string, number>).some((count) => count > 0)) throw new Error(JSON.stringify(left));
      return true;
    },
    { timeoutMs: 60_000, everyMs: 200 },
  );
