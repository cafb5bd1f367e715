// Statistics that workers left raw, settled as the scheduler does it: how long a step takes, which is how long a flush that comes late for one of its rows
// waits, and how many rows it holds.
import { createHotPool, settleStatistics } from '@posthorn/db';
import type pg from 'pg';

/** Of one settling of everything that was raw. */
export interface Settling {
  readonly rawRows: number;
  readonly steps: number;
  readonly longestStepMs: number;
  readonly totalMs: number;
  /** Rows that the statement of a full step deletes, makes or changes, and so keeps locked until it commits: at most. */
  readonly rowsLockedMost: number;
}

/** As the scheduler's. */
const rowsMax = 500;
const minutesBack = 60;

const insertSql = `
insert into webhook_stats (environment_id, tenant_id, webhook_id, span, at, event_type, slot, created, succeeded, attempts, attempts_ok, ms_64)
select w.environment_id, w.tenant_id, w.id, 0, date_trunc('minute', now()) - (3 + n / 4 % ${minutesBack}) * interval '1 minute',
       'order.type' || n % 29, n % 4, 1, 1, 1, 1, 1
  from (select *, row_number() over (order by id) as number, count(*) over () as webhooks from webhooks) w
  join generate_series(1, $1::int) n on n % w.webhooks = w.number - 1
on conflict do nothing`;
const writtenSql = `
select coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0)::int as count from pg_stat_xact_user_tables
 where relname in ('webhook_stats', 'tenant_stats', 'webhook_totals')`;

const countWritten = async (hot: pg.Pool): Promise<number> => (await hot.query<{ count: number }>(writtenSql)).rows[0]!.count;

/** Makes so many raw rows, or a few less, and settles them. */
export async function measureSettling(url: string, pool: pg.Pool, wanted: number): Promise<Settling> {
  const rawRows = (await pool.query(insertSql, [wanted])).rowCount ?? 0;
  const hot = createHotPool({ url, max: 1, applicationName: 'bench', onError: () => undefined });
  try {
    const durations: number[] = [];
    let rowsLockedMost = 0;
    for (let settled = rowsMax; settled === rowsMax; ) {
      await hot.query('begin');
      const before = await countWritten(hot);
      const startedAt = performance.now();
      settled = await settleStatistics(hot, rowsMax);
      durations.push(performance.now() - startedAt);
      rowsLockedMost = Math.max(rowsLockedMost, (await countWritten(hot)) - before);
      await hot.query('commit');
    }
    const totalMs = durations.reduce((sum, each) => sum + each, 0);
    return { rawRows, steps: durations.length, longestStepMs: Math.max(...durations), totalMs, rowsLockedMost };
  } finally {
    await hot.end();
  }
}
