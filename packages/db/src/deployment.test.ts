import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createWorld, type World } from '../tests/world.js';
import { agreeOnDeployment, type Deployment, DeploymentMismatchError } from './deployment.js';

let world: World;
const ours: Deployment = { queueBackend: 'redis', queueShards: 2, encryptionKeyId: 'aaaaaaaa' };

beforeAll(async () => {
  world = await createWorld(4);
});

afterAll(() => world.drop());

const refusal = (changes: Partial<Deployment>): Promise<unknown> =>
  agreeOnDeployment(world.pool, { ...ours, ...changes }).then(
    () => null,
    (error: unknown) => error,
  );

describe('the deployment', () => {
  it('is what the first process says, of several that start at once', async () => {
    await Promise.all([ours, ours, ours].map((each) => agreeOnDeployment(world.pool, each)));
    expect(await world.rows('select queue_backend, queue_shards, encryption_key_id from deployment')).toEqual([
      { queue_backend: 'redis', queue_shards: 2, encryption_key_id: 'aaaaaaaa' },
    ]);
    await agreeOnDeployment(world.pool, ours);
  });

  it.each<[Partial<Deployment>, readonly string[]]>([
    [{ queueBackend: 'postgres' }, ['queue: this process postgres, the installation redis', 'POSTHORN_QUEUE']],
    [{ queueShards: 3 }, ['queue shards: this process 3, the installation 2', 'POSTHORN_QUEUE_SHARDS']],
    [{ encryptionKeyId: 'bbbbbbbb' }, ['this process has key bbbbbbbb, the installation aaaaaaaa', 'POSTHORN_ENCRYPTION_KEY']],
    [{ queueBackend: 'postgres', queueShards: 3, encryptionKeyId: 'bbbbbbbb' }, ['queue: ', 'queue shards: ', 'encryption key: ']],
  ])('refuses a process with %j and says in what it differs', async (changes, words) => {
    await agreeOnDeployment(world.pool, ours);
    const error = await refusal(changes);
    expect(error).toBeInstanceOf(DeploymentMismatchError);
    for (const word of words) expect(String(error)).toContain(word);
    expect(await world.rows('select queue_shards from deployment')).toEqual([{ queue_shards: 2 }]);
  });
});
