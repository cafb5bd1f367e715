// Which process's scheduler is active: whoever holds the row leases('scheduler'). No session lock, so a frozen holder loses it and
// a pooler cannot confuse it. An economy, not a guard: every statement of the scheduler is right with two at once.
import type { HotPool } from './pools.js';

/** Takes or renews the lease for `leaseMs`; true: this process is the active scheduler until then. */
export const holdSchedulerLease = async (pool: HotPool, holder: string, leaseMs: number): Promise<boolean> => {
  const result = await pool.query({
    name: 'scheduler-lease',
    text: `update leases set holder = $1, held_until = now() + $2 * interval '1 ms', term = term + (holder is distinct from $1)::int
            where name = 'scheduler' and (held_until < now() or holder = $1)`,
    values: [holder, leaseMs],
  });
  return result.rowCount === 1;
};

/** Gives the lease up, so that another process need not wait for its end. */
export const releaseSchedulerLease = async (pool: HotPool, holder: string): Promise<void> => {
  await pool.query({
    name: 'release-scheduler-lease',
    text: `update leases set held_until = '-infinity' where name = 'scheduler' and holder = $1`,
    values: [holder],
  });
};
