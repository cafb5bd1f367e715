// Going from one number of queue shards to another while everything runs. More shards: they are served first, and fed then. Fewer: they are fed no more,
// and go when nothing is left in them. What stands in the way is said, and waited for; whoever runs this again goes on where it was.
import { findUnservedShards, type ShardNumbers, type ShardProcess } from '@posthorn/db';
import { shardsBelow } from '@posthorn/queue';

export type ShardChangeDependencies = {
  /** Goes to this number from now on; null: no process has ever started. */
  readonly begin: (shards: number) => Promise<ShardNumbers | null>;
  /** Makes it the one that holds; false: somebody goes elsewhere. */
  readonly end: (shards: number) => Promise<boolean>;
  readonly processes: () => Promise<readonly ShardProcess[]>;
  /** Dispatches on their way in shards from this one on. */
  readonly dispatchesFrom: (shard: number) => Promise<number>;
  /** Jobs of a shard that are not over; rejects when it does not answer. */
  readonly unfinished: (shard: number) => Promise<number>;
  readonly say: (line: string) => void;
  /** Between two looks. */
  readonly rest: () => Promise<void>;
};

const nameOf = ({ role, pid, host }: ShardProcess): string => `${role} ${pid} on ${host}`;
const namesOf = (processes: readonly ShardProcess[]): string => processes.map(nameOf).join(', ');
const countOf = (count: number, one: string, many: string): readonly string[] =>
  count === 0 ? [] : [count === 1 ? `1 ${one}` : `${count} ${many}`];

/** What stands in the way of making `to` the number that holds; null: nothing. */
export const findObstacle = async (
  { now, to }: { readonly now: number; readonly to: number },
  dependencies: Pick<ShardChangeDependencies, 'processes' | 'dispatchesFrom' | 'unfinished'>,
): Promise<string | null> => {
  const processes = await dependencies.processes();
  // Where nobody runs there is nothing to wait for: the first scheduler that starts feeds what is left in Postgres to the shards that there are.
  if (processes.length === 0) return null;
  const deaf = processes.filter(({ fed }) => fed === null);
  if (deaf.length > 0) return `processes of a version that follows no change, to be started anew first: ${namesOf(deaf)}`;
  const unserved = findUnservedShards(processes, Math.max(now, to));
  const missing = unserved.filter((shard) => shard >= now);
  if (missing.length > 0)
    return `no worker serves shard ${missing.join(', ')} yet: if workers have POSTHORN_WORKER_SHARDS, start some with POSTHORN_QUEUE_SHARDS=${to} that serve these`;
  const behind = processes.filter(({ fed }) => fed !== Math.min(now, to));
  if (behind.length > 0) return `waiting for processes to hear of it: ${namesOf(behind)}`;
  const left = await findWhatIsLeft(shardsBelow(now).slice(to), dependencies);
  if (left === null) return null;
  const abandoned = unserved.filter((shard) => shard >= to);
  return abandoned.length === 0 ? left : `${left}; no worker serves shard ${abandoned.join(', ')}, which one must until it is empty`;
};

const findWhatIsLeft = async (
  going: readonly number[],
  { dispatchesFrom, unfinished }: Pick<ShardChangeDependencies, 'dispatchesFrom' | 'unfinished'>,
): Promise<string | null> => {
  const [first] = going;
  if (first === undefined) return null;
  const dispatches = await dispatchesFrom(first);
  const jobs = await Promise.all(going.map(async (shard) => ({ shard, count: await unfinished(shard).catch(() => null) })));
  const silent = jobs.filter(({ count }) => count === null);
  const total = jobs.reduce((sum, { count }) => sum + (count ?? 0), 0);
  const parts = [
    ...countOf(dispatches, 'dispatch', 'dispatches'),
    ...countOf(total, 'job', 'jobs'),
    ...silent.map(({ shard }) => `whatever is in shard ${shard}, which does not answer`),
  ];
  return parts.length === 0 ? null : `left in the shards that go: ${parts.join(', ')}`;
};

/** Goes to `to` shards; resolves when that is what holds and every process has heard of it. */
export const changeShards = async (to: number, dependencies: ShardChangeDependencies): Promise<void> => {
  const { say, rest } = dependencies;
  const numbers = await dependencies.begin(to);
  if (numbers === null) throw new Error('no process of this installation has started yet: its first one says how many shards there are');
  const { now } = numbers;
  if (numbers.next !== null) {
    say(`going from ${now} to ${to} shards; if this is interrupted, run it again`);
    await untilTwice(() => findObstacle({ now, to }, dependencies), say, rest);
    if (!(await dependencies.end(to))) throw new Error('somebody else changes the number of shards to another');
  }
  await untilTwice(
    async () => {
      const behind = (await dependencies.processes()).filter(({ fed }) => fed !== to);
      return behind.length === 0 ? null : `waiting for processes to hear of it: ${namesOf(behind)}`;
    },
    say,
    rest,
  );
};

/** Resolves when nothing was in the way at two looks, so that what was under way at the first is seen by the second; says what is. */
const untilTwice = async (look: () => Promise<string | null>, say: (line: string) => void, rest: () => Promise<void>): Promise<void> => {
  let said = '';
  for (let clear = 0; clear < 2; ) {
    const obstacle = await look();
    clear = obstacle === null ? clear + 1 : 0;
    if (obstacle !== null && obstacle !== said) say(obstacle);
    said = obstacle ?? said;
    if (clear < 2) await rest();
  }
};
