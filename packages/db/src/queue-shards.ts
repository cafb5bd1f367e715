// How many shards the queue has, and going from one number to another while everything runs: the installation's row says where it goes, every process
// follows it and says so, and the row is changed for good when nothing is left in a shard that goes.
import type { HotPool } from './pools.js';
import { goneAfterS } from './processes.js';

/** What a process keeps to. Shards are numbered from 0. */
export type QueueShards = {
  /** New work goes to so many. */
  readonly fed: number;
  /** So many are served. More than are fed while the number is being changed. */
  readonly served: number;
};

/** What the installation's row says. */
export type ShardNumbers = { readonly now: number /** Null: it stays as it is. */; readonly next: number | null };

/** What is new goes where both numbers agree; what is old is taken until it is gone. */
export const shardsOf = ({ now, next }: ShardNumbers): QueueShards => ({
  fed: Math.min(now, next ?? now),
  served: Math.max(now, next ?? now),
});

/** Null: no process has started yet. */
export const readShardNumbers = async (pool: HotPool): Promise<ShardNumbers | null> => {
  const { rows } = await pool.query<ShardNumbers>({
    name: 'queue-shards',
    text: 'select queue_shards::int as now, queue_shards_next::int as next from deployment',
  });
  return rows[0] ?? null;
};

/** Goes to another number, from whatever change is under way; to the number that it has: ends that change. Returns what the row says now. */
export const beginShardChange = async (pool: HotPool, shards: number): Promise<ShardNumbers | null> => {
  await pool.query({ text: 'update deployment set queue_shards_next = nullif($1::smallint, queue_shards)', values: [shards] });
  return readShardNumbers(pool);
};

/** Makes the number that it goes to the one that it has. False: it does not go there any more. */
export const endShardChange = async (pool: HotPool, shards: number): Promise<boolean> => {
  const { rowCount } = await pool.query({
    text: 'update deployment set queue_shards = queue_shards_next, queue_shards_next = null where queue_shards_next = $1',
    values: [shards],
  });
  return rowCount === 1;
};

/** Dispatches on their way whose shard has at least this number. */
export const countDispatchesFrom = async (pool: HotPool, shard: number): Promise<number> => {
  const { rows } = await pool.query<{ count: number }>({
    text: 'select count(*)::int as count from dispatches where shard >= $1 and set_aside_at is null',
    values: [shard],
  });
  return rows[0]?.count ?? 0;
};

export type ShardProcess = {
  readonly role: 'api' | 'worker';
  readonly host: string;
  readonly pid: number;
  /** Null: of a version that follows no change. */
  readonly fed: number | null;
  /** Null: it serves none. */
  readonly served: readonly number[] | null;
};

/** The processes that run, by what they said last. */
export const listShardProcesses = async (pool: HotPool): Promise<readonly ShardProcess[]> => {
  const { rows } = await pool.query<ShardProcess>({
    name: 'shard-processes',
    text: `select role, host, pid, shards_fed as fed, shards_served as served from processes
            where seen_at > now() - make_interval(secs => ${goneAfterS}) order by started_at, id`,
  });
  return rows;
};

/** Those of `shards` that none of the processes serves: what is fed to them waits. */
export const findUnservedShards = (processes: readonly Pick<ShardProcess, 'served'>[], shards: number): readonly number[] => {
  const served = new Set(processes.flatMap((each) => each.served ?? []));
  return Array.from({ length: shards }, (_, shard) => shard).filter((shard) => !served.has(shard));
};

export type ShardFollower = {
  /** Reads the row, and tells of what is new. */
  readonly look: () => Promise<void>;
  readonly start: () => void;
  readonly stop: () => void;
};

const lookEveryMs = 1_000;

/** Follows the installation's row, if there is one. @param onChange is told what holds from now on, when that is something else than before */
export const createShardFollower = (
  pool: HotPool,
  onChange: (shards: QueueShards) => void,
  onError: (error: unknown) => void,
): ShardFollower => {
  let last = '';
  let timer: NodeJS.Timeout | undefined;
  const look = async (): Promise<void> => {
    const numbers = await readShardNumbers(pool);
    if (numbers === null || JSON.stringify(numbers) === last) return;
    last = JSON.stringify(numbers);
    onChange(shardsOf(numbers));
  };
  return {
    look,
    start: () => {
      timer ??= setInterval(() => void look().catch(onError), lookEveryMs).unref();
    },
    stop: () => clearInterval(timer),
  };
};
