import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createWorld, type World } from '../tests/world.js';
import { agreeOnDeployment, type Deployment, DeploymentMismatchError, findDeploymentDifferences } from './deployment.js';

let world: World;
const ours: Deployment = { queueBackend: 'redis', queueShards: 2, encryptionKeyIds: ['aaaaaaaa'] };

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
  it('is looked at without being written', async () => {
    expect(await findDeploymentDifferences(world.pool, ours)).toBeNull();
    expect(await world.rows('select from deployment')).toEqual([]);
    await agreeOnDeployment(world.pool, ours);
    expect(await findDeploymentDifferences(world.pool, ours)).toEqual([]);
    expect(await findDeploymentDifferences(world.pool, { ...ours, queueBackend: 'postgres', queueShards: 3 })).toEqual([
      expect.stringContaining('queue: this process postgres'),
      expect.stringContaining('queue shards: this process 3'),
    ]);
  });

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
    [{ encryptionKeyIds: ['bbbbbbbb'] }, ['this process has key bbbbbbbb, the installation aaaaaaaa', 'POSTHORN_ENCRYPTION_KEY']],
    [
      { queueBackend: 'postgres', queueShards: 3, encryptionKeyIds: ['bbbbbbbb', 'cccccccc'] },
      ['queue: ', 'queue shards: ', 'encryption key: '],
    ],
  ])('refuses a process with %j and says in what it differs', async (changes, words) => {
    await agreeOnDeployment(world.pool, ours);
    const error = await refusal(changes);
    expect(error).toBeInstanceOf(DeploymentMismatchError);
    for (const word of words) expect(String(error)).toContain(word);
    expect(await world.rows('select queue_shards from deployment')).toEqual([{ queue_shards: 2 }]);
  });

  it('says which key seals to whoever has it among his own, and while there may be secrets of the one before, wants both', async () => {
    const keys = (...encryptionKeyIds: readonly string[]) => agreeOnDeployment(world.pool, { ...ours, encryptionKeyIds });
    expect(await keys('aaaaaaaa')).toBe('aaaaaaaa');
    expect(await keys('bbbbbbbb', 'aaaaaaaa')).toBe('aaaaaaaa');
    await world.rows(`update deployment set encryption_key_id = 'bbbbbbbb', encryption_key_id_before = 'aaaaaaaa'`);
    expect(await keys('aaaaaaaa', 'bbbbbbbb')).toBe('bbbbbbbb');
    await expect(keys('aaaaaaaa')).rejects.toThrow('this process has key aaaaaaaa, the installation bbbbbbbb');
    await expect(keys('bbbbbbbb', 'cccccccc')).rejects.toThrow('goes from key aaaaaaaa to bbbbbbbb');
    await world.rows('update deployment set encryption_key_id_before = null');
    expect(await keys('bbbbbbbb')).toBe('bbbbbbbb');
  });
});
