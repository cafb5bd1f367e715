// Which processes are running, and how the duties are held: for people who look. Nothing depends on it.
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { sql } from 'kysely';
import type { Database, HotPool } from './pools.js';

export type ProcessRole = 'api' | 'worker';

/** How often a process says that it runs, and after how long it is taken for gone. */
const sayEveryMs = 5_000;
const goneAfterS = 15;
/** Rows of processes that ended without a word are kept for so long. */
const keptS = 3_600;

const say = async (pool: HotPool, id: string, role: ProcessRole, startedAt: Date): Promise<void> => {
  await pool.query({
    name: 'say-running',
    text: `with old as (delete from processes where seen_at < now() - make_interval(secs => ${keptS}))
           insert into processes (id, role, host, pid, node_version, started_at, seen_at) values ($1, $2, $3, $4, $5, $6, now())
           on conflict (id) do update set seen_at = now()`,
    values: [id, role, hostname(), process.pid, process.version, startedAt],
  });
};

/** Says every few seconds that this process runs in this role, until it is stopped; then it is taken off the list. */
export const sayRunning = (pool: HotPool, role: ProcessRole, onError: (error: unknown) => void): { readonly stop: () => Promise<void> } => {
  const [id, startedAt] = [randomUUID(), new Date()];
  let saying = Promise.resolve();
  const sayAgain = (): void => {
    saying = say(pool, id, role, startedAt).catch(onError);
  };
  sayAgain();
  const timer = setInterval(sayAgain, sayEveryMs);
  return {
    stop: async () => {
      clearInterval(timer);
      await saying;
      await pool.query('delete from processes where id = $1', [id]).catch(onError);
    },
  };
};

export type RunningProcess = {
  readonly id: string;
  readonly role: ProcessRole;
  readonly host: string;
  readonly pid: number;
  readonly node_version: string;
  readonly started_at: Date;
  readonly seen_at: Date;
};

/** Those that said so lately, oldest first. */
export const listProcesses = async (db: Database): Promise<readonly RunningProcess[]> => {
  const { rows } = await sql<RunningProcess>`
    select * from processes where seen_at > now() - make_interval(secs => ${goneAfterS}) order by started_at, id`.execute(db);
  return rows;
};

export type Upkeep = {
  /** Until when a scheduler is active; null: none is. */
  readonly scheduler_until: Date | null;
  /** The newest migration that was run. */
  readonly schema: string | null;
  /** Day partitions of events, and the last day that has one. */
  readonly partitions: number;
  readonly last_partition: string | null;
};

/** How the database is kept up. */
export const readUpkeep = async (db: Database): Promise<Upkeep> => {
  const { rows } = await sql<Upkeep>`
    select (select held_until from leases where name = 'scheduler' and held_until > now()) as scheduler_until,
           (select max(name) from kysely_migration) as schema, count(*)::int as partitions, max(c.relname) as last_partition
      from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = 'events'::regclass`.execute(db);
  const [row] = rows;
  if (row === undefined) throw new RangeError('there is no upkeep');
  return row;
};
