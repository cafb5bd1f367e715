// Deliveries that the product itself calls succeeded, counted without reading what was there before: the count is asked for again and again while it grows,
// and it is Postgres that is measured.
import type pg from 'pg';

/** Counts the successes of events that are accepted from now on. */
export async function countNewSuccesses(pool: pg.Pool): Promise<() => Promise<number>> {
  const { rows } = await pool.query<{ newest: string | null }>('select id as newest from events order by id desc limit 1');
  const newest = rows[0]?.newest ?? '00000000-0000-0000-0000-000000000000';
  return async () => {
    const counted = await pool.query<{ count: number }>('select count(*)::int as count from attempts where ok and event_id > $1', [newest]);
    return counted.rows[0]!.count;
  };
}
