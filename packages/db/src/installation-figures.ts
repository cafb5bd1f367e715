// Figures of the whole installation, for its metrics. Whatever waits, they cost the same: of work that is ready the heads of indexes are read, at most
// `countedMax` rows each; deliveries that wait are not counted but are what the counters of their webhooks leave (one row a webhook, and those of the
// last minutes); webhooks and circuits are the rows of webhook_state, which are narrow.
import { sql } from 'kysely';
import type { Database } from './pools.js';
import { settledSlot } from './stats-columns.js';

/** So many rows of a lane are counted; more are not told apart. */
export const countedMax = 10_000;

export type WorkFigures = {
  /** Dispatches that are nobody's. */
  readonly dispatches_ready: number;
  /** Seconds since the oldest dispatch that is not finished was committed; 0: there is none. */
  readonly dispatch_age_s: number;
  /** Webhooks that have a turn, and for how many seconds one has had it. */
  readonly due_ready: number;
  readonly due_age_s: number;
  /** The same of deliveries of replays. */
  readonly replay_ready: number;
  readonly replay_age_s: number;
  /** Seconds since the oldest of all could have been handed out. */
  readonly lag_s: number;
  readonly is_scheduled: boolean;
  readonly apis: number;
  readonly workers: number;
  /** Shards of the queue that are fed and that no process serves. */
  readonly shards_unserved: number;
  readonly snapshot_age_s: number;
  readonly unsettled_age_s: number;
};

const age = (since: ReturnType<typeof sql>) => sql`greatest(0, coalesce(extract(epoch from now() - ${since}), 0))::float8`;

/** Reads what waits for a worker or a scheduler, and who runs. @param goneAfterS when a process that says nothing is taken for gone */
export const readWorkFigures = async (db: Database, goneAfterS = 15): Promise<WorkFigures> => {
  const { rows } = await sql<WorkFigures>`
    with nobodys as materialized (
      select lease_until from dispatches where lease_until <= now() and set_aside_at is null order by lease_until limit ${sql.lit(countedMax)}
    ),
    turns as materialized (
      select wake_at, due_at <= now() as due, replay_due_at <= now() as replay from webhook_state
       where wake_at <= now() and wake_at < 'infinity' and disabled_at is null and deleted_at is null
       order by wake_at limit ${sql.lit(countedMax)}
    )
    select (select count(*) from nobodys)::int as dispatches_ready,
           ${age(sql`(select uuidv7_time(id) from dispatches where set_aside_at is null order by id limit 1)`)} as dispatch_age_s,
           (select count(*) from turns where due)::int as due_ready,
           ${age(sql`(select min(wake_at) from turns where due)`)} as due_age_s,
           (select count(*) from turns where replay)::int as replay_ready,
           ${age(sql`(select min(wake_at) from turns where replay)`)} as replay_age_s,
           ${age(sql`least((select min(lease_until) from nobodys), (select min(wake_at) from turns))`)} as lag_s,
           exists (select from leases where name = 'scheduler' and held_until > now()) as is_scheduled,
           p.apis, p.workers,
           (select count(*) from deployment d cross join generate_series(0, least(d.queue_shards, d.queue_shards_next) - 1) as shard
             where not exists (select from processes where seen_at > now() - make_interval(secs => ${goneAfterS}) and shard = any (shards_served)))::int as shards_unserved,
           ${age(sql`(select min(xact_start) from pg_stat_activity
                       where datname = current_database() and backend_xmin is not null and pid <> pg_backend_pid()
                         and backend_type in ('client backend', 'walsender'))`)} as snapshot_age_s,
           ${age(sql`(select min(at) from webhook_stats where slot < ${sql.lit(settledSlot)})`)} as unsettled_age_s
      from (select (count(*) filter (where role = 'api'))::int as apis, (count(*) filter (where role = 'worker'))::int as workers
              from processes where seen_at > now() - make_interval(secs => ${goneAfterS})) p`.execute(db);
  return only(rows);
};

export type WebhookFigures = {
  /** Neither paused nor disabled. */
  readonly enabled: number;
  readonly paused: number;
  readonly disabled: number;
  /** Circuits of webhooks that are not disabled. */
  readonly closed: number;
  readonly open: number;
  readonly half_open: number;
  /** Deliveries that have not ended. */
  readonly pending: number;
  readonly held: number;
};

// As floats: Postgres adds bigints up as numerics, which takes several times as long.
const waiting = sql.raw(
  'sum((created - succeeded - failed - skipped - cancelled + succeeded_again + failed_again + skipped_again + cancelled_again)::float8)',
);

/**
 * Counts webhooks by state, and what waits at them. Reads one or two narrow rows of every webhook: to be asked for seldom. What waits at webhooks that were
 * deleted counts as pending until it is ended.
 */
export const readWebhookFigures = async (db: Database): Promise<WebhookFigures> => {
  const raw = sql.raw(`slot < ${settledSlot}`);
  const { rows } = await sql<WebhookFigures>`
    with gated as materialized (
      select webhook_id from webhook_state where deleted_at is null and (paused_at is not null or circuit <> 0)
    ),
    states as (
      select (count(*) filter (where not off and not paused))::int as enabled, (count(*) filter (where not off and paused))::int as paused,
             (count(*) filter (where off))::int as disabled,
             (count(*) filter (where not off and circuit = 0))::int as closed, (count(*) filter (where not off and circuit = 1))::int as open,
             (count(*) filter (where not off and circuit = 2))::int as half_open
        from (select disabled_at is not null as off, paused_at is not null as paused, circuit from webhook_state where deleted_at is null) s
    ),
    waits as (
      select coalesce((select ${waiting} from webhook_totals), 0) + coalesce((select ${waiting} from webhook_stats where ${raw}), 0) as everywhere,
             coalesce((select ${waiting} from webhook_totals where webhook_id in (select webhook_id from gated)), 0)
               + coalesce((select ${waiting} from webhook_stats where ${raw} and webhook_id in (select webhook_id from gated)), 0) as held
    )
    select s.*, greatest(0, w.everywhere - w.held) as pending, greatest(0, w.held) as held from states s cross join waits w`.execute(db);
  return only(rows);
};

export type StorageFigures = {
  /** Days to come that have partitions, today not among them. */
  readonly partitions_ahead: number;
  /** Days by which the oldest partition of events is older than is kept. */
  readonly partitions_overdue: number;
  readonly database_bytes: number;
};

/** How the tables that are made of days stand, and how large everything is. */
export const readStorageFigures = async (db: Database, retentionDays: number): Promise<StorageFigures> => {
  const { rows } = await sql<StorageFigures>`
    select (count(*) filter (where p.day > today))::int as partitions_ahead,
           greatest(0, coalesce(max(today) - ${retentionDays}::int - (min(p.day) + 1), 0))::int as partitions_overdue,
           pg_database_size(current_database())::float8 as database_bytes
      from (select (now() at time zone 'UTC')::date as today) t
      left join (select to_date(right(c.relname, 8), 'YYYYMMDD') as day
                   from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = 'events'::regclass) p on true
     group by today`.execute(db);
  return only(rows);
};

const only = <T>(rows: readonly T[]): T => {
  const [row] = rows;
  if (row === undefined) throw new RangeError('a select of figures gives one row');
  return row;
};
