// Which processes are running, and how the duties are held: for people who look. Nothing depends on it.
import { hostname } from 'node:os';
import { sql } from 'kysely';
import type { Database, HotPool } from './pools.js';

export type ProcessRole = 'api' | 'worker';

/** What a process was built of; `commit` is null where nothing tells. */
export type Build = { readonly version: string; readonly commit: string | null };

export type Process = {
  readonly id: string;
  readonly role: ProcessRole;
  readonly build: Build | null;
  /** Jobs that it takes at once, a lane and shard; null: it takes none. */
  readonly jobsMax: number | null;
  /** The encryption keys that it has, by their public names. */
  readonly encryptionKeyIds: readonly string[];
};

/** What a process does with the shards of the queue now; it may change. */
export type ProcessShards = {
  /** It feeds 0 up to this, without it. */
  readonly fed: number;
  /** Those that it serves; null: it is no worker. */
  readonly served: readonly number[] | null;
};

/** How often a process says that it runs, and after how long it is taken for gone. */
const sayEveryMs = 5_000;
export const goneAfterS = 15;
/** Rows of processes that ended without a word are kept for so long. */
const keptS = 3_600;

const say = async (pool: HotPool, self: Process, startedAt: Date, shards: ProcessShards | null): Promise<void> => {
  const { id, role, build, jobsMax, encryptionKeyIds } = self;
  const { version = null, commit = null } = build ?? {};
  await pool.query({
    name: 'say-running',
    text: `with old as (delete from processes where seen_at < now() - make_interval(secs => ${keptS}))
           insert into processes (id, role, host, pid, node_version, started_at, version, commit, jobs_max, encryption_key_ids, shards_fed, shards_served, seen_at)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12::smallint[], now())
           on conflict (id) do update set seen_at = now(), shards_fed = excluded.shards_fed, shards_served = excluded.shards_served`,
    values: [
      ...[id, role, hostname(), process.pid, process.version, startedAt, version, commit, jobsMax, [...encryptionKeyIds]],
      ...[shards?.fed ?? null, shards?.served ?? null],
    ],
  });
};

export type Running = {
  /** Says it now: something of it has changed. */
  readonly sayAgain: () => void;
  /** Resolves when what it said so far has been written, or could not be. */
  readonly said: () => Promise<void>;
  readonly stop: () => Promise<void>;
};

/**
 * Says every few seconds that this process runs, until it is stopped; then it is taken off the list.
 * @param shards what it does with the queue's shards at the moment; null: nothing that is to be said
 */
export const sayRunning = (
  pool: HotPool,
  self: Process,
  onError: (error: unknown) => void,
  shards: () => ProcessShards | null = () => null,
): Running => {
  const startedAt = new Date();
  let saying = Promise.resolve();
  const sayAgain = (): void => {
    // One after the other: what was said last is what stands there.
    saying = saying.then(() => say(pool, self, startedAt, shards())).catch(onError);
  };
  sayAgain();
  const timer = setInterval(sayAgain, sayEveryMs);
  return {
    sayAgain,
    said: () => saying,
    stop: async () => {
      clearInterval(timer);
      await saying;
      await pool.query('delete from processes where id = $1', [self.id]).catch(onError);
    },
  };
};

export type RunningProcess = {
  readonly id: string;
  readonly role: ProcessRole;
  readonly host: string;
  readonly pid: number;
  readonly node_version: string;
  readonly version: string | null;
  readonly commit: string | null;
  readonly jobs_max: number | null;
  /** Shards of the queue that it serves; null: none, or it does not say. */
  readonly shards: readonly number[] | null;
  readonly started_at: Date;
  readonly seen_at: Date;
};

/** Those that said so lately, oldest first. */
export const listProcesses = async (db: Database): Promise<readonly RunningProcess[]> => {
  const { rows } = await sql<RunningProcess>`
    select id, role, host, pid, node_version, version, commit, jobs_max, shards_served as shards, started_at, seen_at
      from processes where seen_at > now() - make_interval(secs => ${goneAfterS}) order by started_at, id`.execute(db);
  return rows;
};

export type ProcessWithoutKey = Pick<RunningProcess, 'role' | 'host' | 'pid'>;

/** Those of them that have not all of these encryption keys. */
export const findProcessesWithout = async (pool: HotPool, keyIds: readonly string[]): Promise<readonly ProcessWithoutKey[]> => {
  const { rows } = await pool.query<ProcessWithoutKey>({
    text: `select role, host, pid from processes
            where seen_at > now() - make_interval(secs => ${goneAfterS}) and not coalesce(encryption_key_ids @> $1::text[], false)
            order by started_at, id`,
    values: [[...keyIds]],
  });
  return rows;
};

export type Upkeep = {
  /** Until when a scheduler is active; null: none is. */
  readonly scheduler_until: Date | null;
  /** The process whose scheduler it is. */
  readonly scheduler_holder: string | null;
  /** The newest migration that was run. */
  readonly schema: string | null;
  /** Day partitions of events, and the last day that has one. */
  readonly partitions: number;
  /** How many of them are days to come. */
  readonly partitions_ahead: number;
  readonly last_partition: string | null;
};

/** How the database is kept up. */
export const readUpkeep = async (db: Database): Promise<Upkeep> => {
  const { rows } = await sql<Upkeep>`
    select l.held_until as scheduler_until, l.holder as scheduler_holder, (select max(name) from kysely_migration) as schema, p.*
      from (select count(*)::int as partitions, max(c.relname) as last_partition,
                   (count(*) filter (where c.relname > 'events_' || to_char(now() at time zone 'UTC', 'YYYYMMDD')))::int as partitions_ahead
              from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = 'events'::regclass) p
      left join leases l on l.name = 'scheduler' and l.held_until > now()`.execute(db);
  const [row] = rows;
  if (row === undefined) throw new RangeError('there is no upkeep');
  return row;
};
