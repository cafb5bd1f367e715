// What stands in Postgres, for comparing with what the receiver saw and with what the statistics say.
import type { HotPool } from '@posthorn/db';
import { eventually } from '@posthorn/testkit';

const countOf = async (pool: HotPool, sql: string): Promise<number> => Number((await pool.query<{ n: string }>(sql)).rows[0]?.n);

export const countEvents = (pool: HotPool): Promise<number> => countOf(pool, 'select count(*) as n from events');
export const countDispatches = (pool: HotPool): Promise<number> => countOf(pool, 'select count(*) as n from dispatches');
export const countWaiting = (pool: HotPool): Promise<number> => countOf(pool, 'select count(*) as n from deliveries where status = 0');
export const countSucceeded = (pool: HotPool): Promise<number> => countOf(pool, 'select count(*) as n from deliveries where status = 1');

/** Resolves when every event is fanned out and no delivery waits any more. */
export const untilSettled = (pool: HotPool, timeoutMs: number): Promise<true> =>
  eventually(
    async () => {
      const dispatches = await countDispatches(pool);
      const waiting = await countWaiting(pool);
      if (dispatches + waiting > 0) throw new Error(`${dispatches} dispatches and ${waiting} deliveries wait`);
      return true;
    },
    { timeoutMs, everyMs: 100 },
  );

export type Tally = {
  readonly webhook_id: string;
  readonly created: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly attempts: number;
  readonly attempts_ok: number;
  readonly retries: number;
};

/** What the statistics say, by webhook. */
export const readTallies = async (pool: HotPool): Promise<readonly Tally[]> =>
  (
    await pool.query<Tally>(
      `select webhook_id, sum(created)::int as created, sum(succeeded)::int as succeeded, sum(failed)::int as failed,
              sum(attempts)::int as attempts, sum(attempts_ok)::int as attempts_ok, sum(retries)::int as retries
         from webhook_stats group by webhook_id order by webhook_id`,
    )
  ).rows;

/** The same, counted from deliveries and attempts. */
export const recount = async (pool: HotPool): Promise<readonly Tally[]> =>
  (
    await pool.query<Tally>(
      `select webhook_id, d.created, d.succeeded, d.failed, coalesce(a.attempts, 0) as attempts, coalesce(a.ok, 0) as attempts_ok,
              coalesce(a.retries, 0) as retries
         from (select webhook_id, count(*)::int as created, (count(*) filter (where status = 1))::int as succeeded,
                      (count(*) filter (where status = 2))::int as failed from deliveries group by webhook_id) d
         left join (select webhook_id, count(*)::int as attempts, (count(*) filter (where ok))::int as ok,
                      (count(*) filter (where kind in (1, 2)))::int as retries from attempts group by webhook_id) a using (webhook_id)
        order by webhook_id`,
    )
  ).rows;
