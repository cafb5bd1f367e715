// What all processes of one installation must agree on. The first process writes it; one that differs does not start.
import type { HotPool } from './pools.js';

export type Deployment = {
  readonly queueBackend: 'redis' | 'postgres';
  readonly queueShards: number;
  /** Of the keys that a process has; of a new installation the first one seals. */
  readonly encryptionKeyIds: readonly string[];
};

/** What the installation's row says of its keys. */
export type SealingKeys = {
  readonly id: string;
  /** The key before it, while there may be secrets that it sealed; null: there are none. */
  readonly beforeId: string | null;
};

export class DeploymentMismatchError extends Error {
  override readonly name = 'DeploymentMismatchError';
}

const variables = '(POSTHORN_ENCRYPTION_KEY, POSTHORN_ENCRYPTION_KEY_NEXT)';

/** Why a process with these keys cannot open every secret of the installation; null: it can. */
export const keyMismatch = (ours: readonly string[], { id, beforeId }: SealingKeys): string | null => {
  if (!ours.includes(id)) return `encryption key: this process has key ${ours.join(' and ')}, the installation ${id} ${variables}`;
  if (beforeId !== null && !ours.includes(beforeId))
    return `encryption key: the installation goes from key ${beforeId} to ${id}, and this process has ${ours.join(' and ')}: give it both until posthorn secrets rotate is done ${variables}`;
  return null;
};

/** In what a process differs from the installation's row, a sentence each; empty: in nothing. Null: there is no row, since no process has ever started. */
export const findDeploymentDifferences = async (pool: HotPool, ours: Deployment): Promise<readonly string[] | null> => {
  const theirs = await readDeployment(pool);
  return theirs === null ? null : differencesOf(ours, theirs);
};

/** Agrees on the deployment row and returns which key seals, or throws a DeploymentMismatchError that says in what this process differs. */
export const agreeOnDeployment = async (pool: HotPool, ours: Deployment): Promise<string> => {
  await pool.query({
    text: `insert into deployment (queue_backend, queue_shards, encryption_key_id) values ($1, $2, $3) on conflict do nothing`,
    values: [ours.queueBackend, ours.queueShards, ours.encryptionKeyIds[0]],
  });
  const theirs = await readDeployment(pool);
  if (theirs === null) throw new Error('the deployment row is missing');
  const differences = differencesOf(ours, theirs);
  if (differences.length > 0) throw new DeploymentMismatchError(`this process differs from the installation in ${differences.join('; ')}`);
  return theirs.id;
};

type DeploymentRow = {
  readonly queue_backend: string;
  readonly queue_shards: number;
  readonly queue_shards_next: number | null;
  readonly id: string;
  readonly before_id: string | null;
};

const readDeployment = async (pool: HotPool): Promise<DeploymentRow | null> => {
  const { rows } = await pool.query<DeploymentRow>(
    'select queue_backend, queue_shards, queue_shards_next, encryption_key_id as id, encryption_key_id_before as before_id from deployment',
  );
  return rows[0] ?? null;
};

const differencesOf = (ours: Deployment, theirs: DeploymentRow): readonly string[] => {
  const queue =
    theirs.queue_backend === ours.queueBackend
      ? null
      : `queue: this process ${ours.queueBackend}, the installation ${theirs.queue_backend} (REDIS_URL, POSTHORN_QUEUE)`;
  // While it goes from one number to another both are right: a process keeps to what the row says.
  const shards = [theirs.queue_shards, theirs.queue_shards_next].includes(ours.queueShards)
    ? null
    : `queue shards: this process ${ours.queueShards}, the installation ${theirs.queue_shards} (POSTHORN_QUEUE_SHARDS)`;
  const key = keyMismatch(ours.encryptionKeyIds, { id: theirs.id, beforeId: theirs.before_id });
  return [queue, shards, key].filter((difference) => difference !== null);
};
