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

/**
 * Resolves when every event is fanned out and nothing is under way: what was sent is recorded. Deliveries may wait for their time. For comparing what
 * is read one after the other.
 */
export const untilQuiet = (pool: HotPool, timeoutMs = 20_000): Promise<true> =>
  eventually(
    async () => {
      const dispatches = await countDispatches(pool);
      const underWay = await countOf(pool, 'select count(*) as n from deliveries where status = 0 and out');
      if (dispatches + underWay > 0) throw new Error(`${dispatches} dispatches wait, ${underWay} deliveries are under way`);
      return true;
    },
    { timeoutMs, everyMs: 50 },
  );

/** Deliveries by the state that they are in now, and attempts; those of tests count for nothing. */
export type Tally = {
  readonly webhook_id: string;
  readonly created: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly skipped: number;
  readonly cancelled: number;
  readonly attempts: number;
  readonly attempts_ok: number;
  readonly retries: number;
};

const endStates = ['succeeded', 'failed', 'skipped', 'cancelled'] as const;
const counters = ['created', ...endStates.flatMap((state) => [state, `${state}_again`]), 'attempts', 'attempts_ok', 'retries'].join(', ');

/** What the statistics say, by webhook, settled or not: what was opened again is not ended any more. */
export const readTallies = async (pool: HotPool): Promise<readonly Tally[]> =>
  (
    await pool.query<Tally>(
      `select webhook_id, sum(created)::int as created, ${endStates.map((state) => `(sum(${state}) - sum(${state}_again))::int as ${state}`).join(', ')},
              sum(attempts)::int as attempts, sum(attempts_ok)::int as attempts_ok, sum(retries)::int as retries
         from (select webhook_id, ${counters} from webhook_stats where slot < 16 union all select webhook_id, ${counters} from webhook_totals) s
        group by webhook_id order by webhook_id`,
    )
  ).rows;

/** The same, counted from deliveries and attempts. */
export const recount = async (pool: HotPool): Promise<readonly Tally[]> =>
  (
    await pool.query<Tally>(
      `select webhook_id, d.created, ${endStates.map((state) => `d.${state}`).join(', ')}, coalesce(a.attempts, 0) as attempts,
              coalesce(a.ok, 0) as attempts_ok, coalesce(a.retries, 0) as retries
         from (select webhook_id, count(*)::int as created,
                      ${endStates.map((state, index) => `(count(*) filter (where status = ${index + 1}))::int as ${state}`).join(', ')}
                 from deliveries group by webhook_id) d
         left join (select webhook_id, count(*)::int as attempts, (count(*) filter (where ok))::int as ok,
                      (count(*) filter (where kind in (1, 2)))::int as retries from attempts where kind <> 5 group by webhook_id) a using (webhook_id)
        order by webhook_id`,
    )
  ).rows;
