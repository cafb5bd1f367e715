// Days that are over what is kept leave with their partitions. A partition is detached concurrently, so that nobody waits for it, and then
// dropped. Each statement stands alone, and each begins by looking what is there: whoever goes on after a process that died anywhere finds
// a detach that was broken off (FINALIZE), and partitions that are detached and not dropped yet. Two at once stand in each other's way and do no harm.
//
// A day goes when all of it is given up, everybody at work has seen that (retention.settled_from), nothing of it waits, and no dispatch names an event of it.
// Deliveries go first and events last, so that what is counted late still knows its event type.
import type pg from 'pg';
import { accountExpired, settleS } from './expiring.js';
import { partitionedTables, partitionLockMs } from './partitions.js';
import { connectApart, type HotPool } from './pools.js';

export type Dropping = {
  /** Names of the partitions that went. */
  readonly dropped: readonly string[];
  /** What keeps the next one, and why; null: nothing is left to drop. */
  readonly kept: { readonly partition: string; readonly why: string } | null;
};

type Partition = {
  readonly name: string;
  readonly parent: string;
  /** `YYYYMMDD`, UTC. */
  readonly day: string;
  readonly attached: boolean;
  readonly leaving: boolean;
};

/** In the order in which a day's partitions go. */
const tablesOfDay: readonly string[] = ['deliveries', 'attempts', 'events'];

const settings = [
  `lock_timeout=${partitionLockMs}`,
  'statement_timeout=60000',
  'idle_in_transaction_session_timeout=5000',
  'enable_seqscan=off',
  'jit=off',
];

/** Somebody holds a lock, the statement was cancelled, another process is at it, or has done it. */
const inTheWay: Readonly<Record<string, string>> = {
  '55P03': 'somebody reads it',
  '57014': 'the statement was cancelled',
  '40P01': 'a deadlock',
  '55000': 'another partition of its table is leaving',
  '42P01': 'another process has dropped it',
};

const listSql = `
select c.relname as name, p.relname as parent, right(c.relname, 8) as day, i.inhrelid is not null as attached, coalesce(i.inhdetachpending, false) as leaving
  from pg_class p
  join pg_class c on c.relnamespace = p.relnamespace and c.relkind = 'r' and c.relname ~ ('^' || p.relname || '_\\d{8}$')
  left join pg_inherits i on i.inhrelid = c.oid and i.inhparent = p.oid
 where p.oid = any (array[${partitionedTables.map((name) => `'${name}'::regclass`).join(', ')}])
 order by day, name`;

// $1 hours that a key counts at least. A window lasts as long, and is looked at in the one after it, too.
const lastDaysSql = `
select to_char(uuidv7_time(case when moved_at <= now() - interval '${settleS} seconds' then kept_from else settled_from end) at time zone 'UTC'
                 - interval '1 day', 'YYYYMMDD') as of_events,
       to_char((now() - make_interval(hours => 2 * $1::int + 1)) at time zone 'UTC' - interval '1 day', 'YYYYMMDD') as of_keys,
       to_char(now() at time zone 'UTC' - interval '9 days', 'YYYYMMDD') as remade
  from retention`;

/** The first moment after a day, for SQL. */
const endOf = (day: string): string => `(to_date('${day}', 'YYYYMMDD') + 1)::timestamp at time zone 'UTC'`;

/** What keeps a day, or null. */
const findKeeper = async (client: pg.Client, day: string): Promise<string | null> => {
  const { rows } = await client.query<{ delivery: boolean; dispatch: boolean }>(
    `select exists (select from deliveries where event_id < b.id and status = 0 and replay_id is null)
            or exists (select from deliveries where event_id < b.id and status = 0 and replay_id is not null) as delivery,
            exists (select from dispatches where event_ids[1] < b.id) as dispatch
       from (select uuidv7_floor(${endOf(day)}) as id) b`,
  );
  if (rows[0]!.delivery) return 'deliveries of it wait';
  return rows[0]!.dispatch ? 'events of it are on their way through fan-out' : null;
};

/** Drops what is detached. A waiting delivery that somebody wrote there at the last moment is counted as expired by the transaction in which it goes. */
const drop = async (client: pg.Client, { name, parent }: Partition, slot: number): Promise<void> => {
  if (parent !== 'deliveries') return void (await client.query(`drop table ${name}`));
  await client.query('begin');
  try {
    await client.query(
      `with ended as materialized (select environment_id, tenant_id, event_id, webhook_id from ${name} where status = 0),
       ${accountExpired('$1::smallint')}
       select from ended`,
      [slot],
    );
    await client.query(`drop table ${name}`);
    await client.query('commit');
  } catch (error) {
    await client.query('rollback');
    throw error;
  }
};

/** Takes one partition away, from whatever state it is in. */
const remove = async (client: pg.Client, partition: Partition, slot: number): Promise<void> => {
  const { name, parent, attached, leaving } = partition;
  if (attached) await client.query(`alter table ${parent} detach partition ${name} ${leaving ? 'finalize' : 'concurrently'}`);
  await drop(client, partition, slot);
};

/** The partitions of keys that go. Empty ones of the days that make_partitions makes are left: a longer window may begin there. */
const keysToDrop = async (pool: HotPool, keys: readonly Partition[], lastDay: string, remade: string): Promise<readonly Partition[]> => {
  const old: Partition[] = [];
  for (const partition of keys.filter(({ day }) => day <= lastDay)) {
    const mayStay = partition.day >= remade && isWhole(partition);
    if (!mayStay || (await pool.query(`select from ${partition.name} limit 1`)).rowCount === 1) old.push(partition);
  }
  return old;
};

const isWhole = ({ attached, leaving }: Partition): boolean => attached && !leaving;
const rankOf = ({ parent }: Partition): number => tablesOfDay.indexOf(parent);
/** What has begun to go is brought to its end before anything else begins: a table lets one partition go at a time. */
const inOrder = (one: Partition, other: Partition): number =>
  Number(isWhole(one)) - Number(isWhole(other)) || one.day.localeCompare(other.day) || rankOf(one) - rankOf(other);

/** What may go now, in the order in which it goes. */
const findOld = async (pool: HotPool, idempotencyHours: number): Promise<readonly Partition[]> => {
  const days = (await pool.query<{ of_events: string; of_keys: string; remade: string }>(lastDaysSql, [idempotencyHours])).rows[0]!;
  const partitions = (await pool.query<Partition>(listSql)).rows;
  const ofKeys = partitions.filter(({ parent }) => parent === 'idempotency_keys');
  const ofEvents = partitions.filter(({ parent, day }) => parent !== 'idempotency_keys' && day <= days.of_events);
  return [...(await keysToDrop(pool, ofKeys, days.of_keys, days.remade)), ...ofEvents].toSorted(inOrder);
};

/**
 * Drops up to `partitionsMax` partitions of the days that are given up, oldest first, and those of idempotency keys that count no more. Ends at the first that somebody is in
 * the way of: that one is looked at again the next time. Throws what is no such case.
 * @param slot which of the statistics slots (0–15) counts what waited to the last
 */
export const dropOldPartitions = async (pool: HotPool, idempotencyHours: number, slot: number, partitionsMax = 12): Promise<Dropping> => {
  const old = (await findOld(pool, idempotencyHours)).slice(0, partitionsMax);
  const dropped: string[] = [];
  if (old.length === 0) return { dropped, kept: null };
  const client = await connectApart(pool, 'retention', settings);
  let next = '';
  let free = '';
  try {
    for (const partition of old) {
      next = partition.name;
      if (partition.parent !== 'idempotency_keys' && isWhole(partition) && partition.day !== free) {
        const why = await findKeeper(client, partition.day);
        if (why !== null) return { dropped, kept: { partition: next, why } };
        free = partition.day;
      }
      await remove(client, partition, slot);
      dropped.push(next);
    }
    return { dropped, kept: null };
  } catch (error) {
    const why = inTheWay[String((error as { code?: unknown }).code)];
    if (why === undefined) throw error;
    return { dropped, kept: { partition: next, why } };
  } finally {
    await client.end();
  }
};
