// From one encryption key to another, on the database: what is written meanwhile, what is left alone, and what neither key opens.
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '@posthorn/testkit';
import pg from 'pg';
import { createWorld, type World } from '../tests/world.js';
import { createKeyFollower, EncryptionKeyError } from './encryption-key.js';
import { createKeyRing, encryptionKeyId, type KeyRing } from './key-ring.js';
import { beginKeyRotation, countSecretsByKey, readSealingKeys, resealSecrets } from './key-rotation.js';
import { findProcessesWithout, sayRunning } from './processes.js';
import { createSecretBox, type SecretPurpose } from './secret-box.js';

const [oldKey, newKey, foreignKey] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2), Buffer.alloc(32, 3)];
const [oldId, newId, foreignId] = [encryptionKeyId(oldKey), encryptionKeyId(newKey), encryptionKeyId(foreignKey)];

let world: World;
let ring: KeyRing;
let webhookId: string;
beforeEach(async () => {
  world = await createWorld(4);
  ring = createKeyRing(oldKey, newKey);
  webhookId = await world.webhook();
  await world.rows(`insert into deployment (queue_backend, queue_shards, encryption_key_id) values ('postgres', 1, $1)`, [oldId]);
});
afterEach(() => world.drop());

type Writer = Pick<pg.ClientBase, 'query'>;
type Written = { readonly key?: Buffer; readonly purpose?: SecretPurpose; readonly expires?: string; readonly by?: Writer };

/** Writes a secret of the webhook down, sealed with a key (by default the old one); expired ones may be many. */
const write = async (plain: string, { key = oldKey, purpose = 'signing', expires = 'infinity', by }: Written = {}): Promise<string> => {
  const id = randomUUID();
  const { keyId, iv, ciphertext } = createSecretBox(key).seal(plain, { rowId: id, webhookId, purpose });
  await (by ?? world.pool).query(
    `insert into webhook_secrets (id, environment_id, tenant_id, webhook_id, purpose, key_id, iv, ciphertext, expires_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [id, world.environmentId, world.tenantId, webhookId, purpose, keyId, iv, ciphertext, expires],
  );
  return id;
};
/** Writes one that no rule looks at, as if it had been there before. */
const smuggle = async (plain: string, written: Written): Promise<string> => {
  await world.rows('alter table webhook_secrets disable trigger webhook_secrets_key');
  const id = await write(plain, written);
  await world.rows('alter table webhook_secrets enable trigger webhook_secrets_key');
  return id;
};
const read = async (key: Buffer): Promise<Readonly<Record<string, string>>> => {
  const rows = await world.rows('select id, purpose, key_id, iv, ciphertext from webhook_secrets order by id');
  const box = createSecretBox(key);
  const plain = rows
    .filter((row) => row.key_id === encryptionKeyId(key))
    .map(({ id, purpose, key_id: keyId, iv, ciphertext }) => [id, box.open({ keyId, iv, ciphertext }, { rowId: id, webhookId, purpose })]);
  return Object.fromEntries(plain);
};
const rotate = async (to: string = newId) => {
  await beginKeyRotation(world.pool, ring, to);
  ring.sealWith(to);
  const progress: number[] = [];
  return { ...(await resealSecrets(world.pool, ring, (secrets) => progress.push(secrets))), progress };
};
/** A transaction of its own; ends with its connection. */
const connected = async <T>(use: (client: pg.Client) => Promise<T>): Promise<T> => {
  const client = new pg.Client({ connectionString: world.url });
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
};

describe('going from one key to another', () => {
  it('seals every secret anew, those of other purposes and those that have expired too, in several transactions; and back again', async () => {
    const secrets: Record<string, string> = {};
    for (let n = 0; n < 450; n++) {
      const [purpose, expires] = (['signing', 'authentication', 'headers'] as const).flatMap((each) => [
        [each, 'infinity'] as const,
        [each, '-infinity'] as const,
      ])[n % 6]!;
      secrets[await write(`secret ${n}`, { purpose, expires })] = `secret ${n}`;
    }
    expect(await rotate()).toEqual({ secrets: 450, broken: [], progress: [200, 400, 450] });
    expect(await read(newKey)).toEqual(secrets);
    expect(await countSecretsByKey(world.pool)).toEqual([{ keyId: newId, secrets: 450 }]);
    expect(await readSealingKeys(world.pool)).toEqual({ id: newId, beforeId: null });
    expect(await rotate()).toMatchObject({ secrets: 0, progress: [] });

    ring = createKeyRing(newKey, oldKey);
    expect(await rotate(oldId)).toMatchObject({ secrets: 450, broken: [] });
    expect(await read(oldKey)).toEqual(secrets);
  });

  it('goes on where it stopped, and names the key before it until it is done', async () => {
    const secrets = { [await write('one')]: 'one', [await write('two')]: 'two' };
    await beginKeyRotation(world.pool, ring, newId);
    expect(await readSealingKeys(world.pool)).toEqual({ id: newId, beforeId: oldId });
    await beginKeyRotation(world.pool, ring, newId);
    expect(await readSealingKeys(world.pool)).toEqual({ id: newId, beforeId: oldId });
    // Half of the way, and no further.
    await connected(async (client) => {
      await client.query('begin');
      await client.query(`select from webhook_secrets where id = $1 for update`, [Object.keys(secrets)[1]]);
      ring.sealWith(newId);
      const running = resealSecrets(world.pool, ring, () => undefined);
      await eventually(async () => (await countSecretsByKey(world.pool)).length === 2);
      expect(await readSealingKeys(world.pool)).toEqual({ id: newId, beforeId: oldId });
      await client.query('commit');
      expect(await running).toEqual({ secrets: 2, broken: [] });
    });
    expect(await read(newKey)).toEqual(secrets);
    expect(await readSealingKeys(world.pool)).toEqual({ id: newId, beforeId: null });
  });

  it('brings nothing back that was deleted meanwhile, and waits for nobody who is about to', async () => {
    const [deleted, kept] = [await write('deleted'), await write('kept', { purpose: 'headers' })];
    await connected(async (client) => {
      await client.query('begin');
      await client.query('delete from webhook_secrets where id = $1', [deleted]);
      const running = rotate();
      await eventually(async () => (await read(newKey))[kept] === 'kept');
      await client.query('commit');
      expect(await running).toMatchObject({ secrets: 1 });
    });
    expect(await read(newKey)).toEqual({ [kept]: 'kept' });
  });

  it('leaves what neither key opens as it is, says so, and does all others', async () => {
    const foreign = await smuggle('foreign', { key: foreignKey, purpose: 'headers' });
    const broken = await write('broken', { purpose: 'authentication' });
    await world.rows(`update webhook_secrets set ciphertext = ciphertext || '\\x00' where id = $1`, [broken]);
    const good = await write('good');
    expect(await rotate()).toMatchObject({ secrets: 1, broken: [broken] });
    expect(await read(newKey)).toEqual({ [good]: 'good' });
    expect(await read(foreignKey)).toEqual({ [foreign]: 'foreign' });
    expect((await countSecretsByKey(world.pool)).map(({ keyId }) => keyId).sort()).toEqual([oldId, newId, foreignId].sort());
  });

  it('does not begin without the keys that are in use, nor where nobody has run', async () => {
    ring = createKeyRing(foreignKey, newKey);
    await expect(beginKeyRotation(world.pool, ring, newId)).rejects.toThrow(`the installation ${oldId}`);
    await world.rows('update deployment set encryption_key_id = $1, encryption_key_id_before = $2', [newId, oldId]);
    await expect(beginKeyRotation(world.pool, ring, foreignId)).rejects.toThrow(`goes from key ${oldId} to ${newId}`);
    await world.rows('delete from deployment');
    await expect(beginKeyRotation(world.pool, ring, newId)).rejects.toThrow('no process has run');
  });

  it('knows the processes that have not both keys', async () => {
    const self = { id: randomUUID(), role: 'worker', build: null, jobsMax: null, encryptionKeyIds: [oldId] } as const;
    const both = { ...self, id: randomUUID(), encryptionKeyIds: [newId, oldId] };
    const running = [self, both].map((each) => sayRunning(world.pool, each, () => undefined));
    await eventually(async () => (await world.rows('select from processes')).length === 2);
    expect(await findProcessesWithout(world.pool, [oldId, newId])).toEqual([
      { role: 'worker', host: expect.any(String), pid: process.pid },
    ]);
    // One of a version that had but one key, and did not name it.
    await world.rows('update processes set encryption_key_ids = null');
    expect(await findProcessesWithout(world.pool, [oldId, newId])).toHaveLength(2);
    for (const each of running) await each.stop();
    expect(await findProcessesWithout(world.pool, [oldId, newId])).toEqual([]);
  });
});

describe('a secret that is written meanwhile', () => {
  it('is refused under another key than the one that seals, whoever changes it; without an installation none is', async () => {
    await expect(write('late', { key: newKey })).rejects.toMatchObject({ code: 'PHKEY' });
    const id = await write('here');
    await expect(world.rows('update webhook_secrets set key_id = $2 where id = $1', [id, newId])).rejects.toMatchObject({ code: 'PHKEY' });
    await world.rows(`update webhook_secrets set expires_at = now() where id = $1`, [id]);
    await world.rows('delete from deployment');
    await write('anything', { key: newKey });
  });

  it('is waited for by the change of the key, and so is found; what comes after the change is refused', async () => {
    await connected(async (client) => {
      await client.query('begin');
      const id = await write('in flight', { by: client });
      const running = rotate();
      const late = connected((other) => write('late', { by: other }).catch((error: unknown) => error));
      await eventually(async () => {
        const waiting = await world.rows(`select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`);
        return waiting.length > 0;
      });
      await client.query('commit');
      expect(await running).toMatchObject({ secrets: expect.any(Number), broken: [] });
      expect((await read(newKey))[id]).toBe('in flight');
      // It was before the change, and is sealed anew, or after it, and is refused.
      const outcome = await late;
      if (typeof outcome === 'string') expect((await read(newKey))[outcome]).toBe('late');
      else expect(outcome).toMatchObject({ code: 'PHKEY' });
    });
    expect(await read(oldKey)).toEqual({});
  });

  it('is sealed again with the key that seals now, at once', async () => {
    const follower = createKeyFollower(world.pool, ring, (error) => {
      throw error;
    });
    const sealed: Buffer[] = [];
    const writeSecret = () => {
      sealed.push(ring.sealing());
      return write('secret', { key: ring.sealing() });
    };
    await follower.sealing(writeSecret);
    await world.rows('delete from webhook_secrets');
    await world.rows('update deployment set encryption_key_id = $1', [newId]);
    const id = await follower.sealing(writeSecret);
    expect(sealed).toEqual([oldKey, oldKey, newKey]);
    expect(await read(newKey)).toEqual({ [id]: 'secret' });
    await expect(follower.sealing(() => Promise.reject(new Error('another')))).rejects.toThrow('another');
  });

  it('is not written by who has not the key, who says so', async () => {
    const told: unknown[] = [];
    const follower = createKeyFollower(world.pool, createKeyRing(oldKey), (error) => told.push(error));
    await world.rows('update deployment set encryption_key_id = $1', [newId]);
    await expect(follower.sealing(() => write('secret'))).rejects.toBeInstanceOf(EncryptionKeyError);
    expect(String(told[0])).toContain(`sealed with key ${newId}, and this process has ${oldId}`);
    expect(await world.rows('select from webhook_secrets')).toEqual([]);
  });
});
