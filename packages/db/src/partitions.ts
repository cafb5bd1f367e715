// The partitions of days: made ahead, and how many there are. What drops them is in partition-dropping.ts.
import type { HotPool } from './pools.js';
import { inTransaction } from './transaction.js';

export const partitionedTables = ['events', 'deliveries', 'attempts', 'idempotency_keys'] as const;
export const daysAhead = 7;

/**
 * How long a change of partitions waits for a lock, in ms: shorter than deadlock_timeout, so that whoever it is in the way of is never the one that is
 * given up. It is tried again a minute later.
 */
export const partitionLockMs = 800;

/** Makes the partitions from two days back to a week ahead; returns how many were missing. Throws (55P03) where a lock took too long. */
export const makePartitions = (pool: HotPool, ahead = daysAhead): Promise<number> =>
  inTransaction(pool, async (connection) => {
    await connection.query(`set local lock_timeout = ${partitionLockMs}`);
    const { rows } = await connection.query<{ made: number }>({
      name: 'make-partitions',
      text: `select make_partitions((now() at time zone 'UTC')::date - 2, (now() at time zone 'UTC')::date + $1::int) as made`,
      values: [ahead],
    });
    return rows[0]?.made ?? 0;
  });

/** Asks autovacuum for a last look at the days that are over, up to `partitionsMax` partitions; returns how many. */
export const closePartitions = async (pool: HotPool, partitionsMax: number): Promise<number> => {
  const { rows } = await pool.query<{ name: string }>({
    name: 'partitions-to-close',
    text: `select c.relname as name from pg_inherits i join pg_class c on c.oid = i.inhrelid
            where i.inhparent = any (array['events'::regclass, 'deliveries'::regclass, 'attempts'::regclass, 'idempotency_keys'::regclass]) and not i.inhdetachpending
              and c.relname ~ '_\\d{8}$' and right(c.relname, 8) < to_char(now() at time zone 'UTC' - interval '1 day', 'YYYYMMDD')
              and not coalesce('autovacuum_vacuum_insert_threshold=1000' = any (c.reloptions), false)
            order by c.relname limit $1`,
    values: [partitionsMax],
  });
  for (const { name } of rows) await pool.query('select close_partition($1::regclass)', [name]);
  return rows.length;
};

export type PartitionDays = {
  /** For how many whole days after today (UTC) every table has its partition; below 1 tomorrow's events have no place. */
  readonly daysAhead: number;
  /** The oldest day that is kept, `YYYY-MM-DD`; null: none is. */
  readonly oldestDay: string | null;
  /** Partitions whose going was begun and is not over: somebody still reads them. */
  readonly leaving: number;
};

/** How the partitions stand, from the catalogue; for /readyz and metrics. */
export const readPartitions = async (pool: HotPool): Promise<PartitionDays> => {
  const { rows } = await pool.query<{ days_ahead: number; oldest_day: string | null; leaving: number }>({
    name: 'partition-days',
    text: `with here as (
             select p.relname as parent, right(c.relname, 8) as day, i.inhdetachpending as leaving
               from pg_inherits i join pg_class c on c.oid = i.inhrelid join pg_class p on p.oid = i.inhparent
              where i.inhparent = any (array['events'::regclass, 'deliveries'::regclass, 'attempts'::regclass, 'idempotency_keys'::regclass])
                and c.relname ~ '_\\d{8}$'
           ),
           whole as (
             select day from here where not leaving group by day having count(*) = ${partitionedTables.length}
           )
           select (select coalesce(min(n), 367)::int - 1 from generate_series(1, 366) n
                    where to_char((now() at time zone 'UTC')::date + n, 'YYYYMMDD') not in (select day from whole)) as days_ahead,
                  (select to_char(to_date(min(day), 'YYYYMMDD'), 'YYYY-MM-DD') from here where parent = 'events' and not leaving) as oldest_day,
                  (select count(*)::int from here where leaving) as leaving`,
  });
  const { days_ahead, oldest_day, leaving } = rows[0]!;
  return { daysAhead: days_ahead, oldestDay: oldest_day, leaving };
};
