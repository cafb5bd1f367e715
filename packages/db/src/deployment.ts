// What all processes of one installation must agree on. The first process writes it; one that differs does not start.
import type { HotPool } from './pools.js';

export type Deployment = { readonly queueBackend: 'redis' | 'postgres'; readonly queueShards: number; readonly encryptionKeyId: string };

export class DeploymentMismatchError extends Error {
  override readonly name = 'DeploymentMismatchError';
}

/** Agrees on the deployment row, or throws a DeploymentMismatchError that says in what this process differs. */
export const agreeOnDeployment = async (pool: HotPool, ours: Deployment): Promise<void> => {
  await pool.query({
    text: `insert into deployment (queue_backend, queue_shards, encryption_key_id) values ($1, $2, $3) on conflict do nothing`,
    values: [ours.queueBackend, ours.queueShards, ours.encryptionKeyId],
  });
  const result = await pool.query<{ queue_backend: string; queue_shards: number; encryption_key_id: string }>(
    'select queue_backend, queue_shards, encryption_key_id from deployment',
  );
  const theirs = result.rows[0];
  if (theirs === undefined) throw new Error('the deployment row is missing');
  const differences = [
    theirs.queue_backend !== ours.queueBackend &&
      `queue: this process ${ours.queueBackend}, the installation ${theirs.queue_backend} (REDIS_URL, POSTHORN_QUEUE)`,
    theirs.queue_shards !== ours.queueShards &&
      `queue shards: this process ${ours.queueShards}, the installation ${theirs.queue_shards} (POSTHORN_QUEUE_SHARDS)`,
    theirs.encryption_key_id !== ours.encryptionKeyId &&
      `encryption key: this process has key ${ours.encryptionKeyId}, the installation ${theirs.encryption_key_id} (POSTHORN_ENCRYPTION_KEY)`,
  ].filter((difference) => difference !== false);
  if (differences.length > 0) throw new DeploymentMismatchError(`this process differs from the installation in ${differences.join('; ')}`);
};
