// From one encryption key to another while everything runs. First the installation's row names the new key, so that nothing is sealed with the old
// one any more (the trigger on webhook_secrets sees to that); then every secret under the old one is sealed anew, some at a time. Each is written
// only while it is as it was read, so what was rotated or deleted meanwhile stays so. Killed at any point it can be run again: what is left is what
// is under the old key still.
import { setTimeout as wait } from 'node:timers/promises';
import { DeploymentMismatchError, keyMismatch, type SealingKeys } from './deployment.js';
import type { KeyRing } from './key-ring.js';
import type { HotPool } from './pools.js';
import { createSecretBox, type SecretBox, type SecretPurpose } from './secret-box.js';
import { inTransaction } from './transaction.js';

export type KeyCount = { readonly keyId: string; readonly secrets: number };

/** How many secrets each key sealed, the most first. */
export const countSecretsByKey = async (pool: HotPool): Promise<readonly KeyCount[]> => {
  const { rows } = await pool.query<{ key_id: string; secrets: number }>(
    'select key_id, count(*)::int as secrets from webhook_secrets group by 1 order by 2 desc, 1',
  );
  return rows.map(({ key_id: keyId, secrets }) => ({ keyId, secrets }));
};

/** What the installation's row says of its keys; null: no process has run here yet. */
export const readSealingKeys = async (pool: HotPool): Promise<SealingKeys | null> => {
  const { rows } = await pool.query<{ id: string; before_id: string | null }>(
    'select encryption_key_id as id, encryption_key_id_before as before_id from deployment',
  );
  return rows[0] === undefined ? null : { id: rows[0].id, beforeId: rows[0].before_id };
};

/** Names the key that seals from now on; a second run changes nothing. Throws a DeploymentMismatchError if the ring has not all keys that are in use. */
export const beginKeyRotation = async (pool: HotPool, ring: KeyRing, toId: string): Promise<void> => {
  const theirs = await readSealingKeys(pool);
  if (theirs === null) throw new Error('no process has run on this database yet: there is nothing to seal anew');
  const mismatch = keyMismatch(ring.ids, theirs);
  if (mismatch !== null) throw new DeploymentMismatchError(mismatch);
  await pool.query({
    text: `update deployment set encryption_key_id = $1, encryption_key_id_before = encryption_key_id
            where encryption_key_id = $2 and encryption_key_id <> $1`,
    values: [toId, theirs.id],
  });
  if ((await readSealingKeys(pool))?.id !== toId) throw new Error('somebody else changed the encryption key a moment ago: try again');
};

type Row = {
  readonly id: string;
  readonly webhook_id: string;
  readonly purpose: SecretPurpose;
  readonly key_id: string;
  readonly iv: Buffer;
  readonly ciphertext: Buffer;
};

export type Resealed = {
  readonly secrets: number;
  /** Ids of secrets that their key does not open: whoever wrote them, it was not we. They are left as they are. */
  readonly broken: readonly string[];
};

export const resealLimits = {
  /** Secrets that are sealed anew in one transaction. */
  rowsMax: 200,
  /** How long to wait before another look at those that somebody else was writing. */
  waitMs: 100,
} as const;

/** Locks the next secrets of a key and seals them anew; in one transaction. Those that are locked by others are passed over, so it waits for nobody. */
const resealNext = async (
  pool: HotPool,
  box: SecretBox,
  keyIds: readonly string[],
  afterId: string | null,
): Promise<{ readonly lastId: string | null; readonly secrets: number; readonly broken: readonly string[] }> =>
  inTransaction(pool, async (connection) => {
    const { rows } = await connection.query<Row>({
      text: `select id, webhook_id, purpose, key_id, iv, ciphertext from webhook_secrets
              where key_id = any ($1::text[]) and ($2::uuid is null or id > $2) order by id limit $3 for no key update skip locked`,
      values: [[...keyIds], afterId, resealLimits.rowsMax],
    });
    const opened = rows.map((row) => ({ row, sealed: resealOne(box, row) }));
    const fresh = opened.flatMap(({ row, sealed }) => (sealed === null ? [] : [{ row, sealed }]));
    await connection.query({
      text: `update webhook_secrets s set key_id = n.key_id, iv = n.iv, ciphertext = n.ciphertext
               from unnest($1::uuid[], $2::text[], $3::text[], $4::bytea[], $5::bytea[]) n (id, old_key_id, key_id, iv, ciphertext)
              where s.id = n.id and s.key_id = n.old_key_id`,
      values: [
        fresh.map(({ row }) => row.id),
        fresh.map(({ row }) => row.key_id),
        fresh.map(({ sealed }) => sealed.keyId),
        fresh.map(({ sealed }) => sealed.iv),
        fresh.map(({ sealed }) => sealed.ciphertext),
      ],
    });
    const broken = opened.flatMap(({ row, sealed }) => (sealed === null ? [row.id] : []));
    return { lastId: rows.at(-1)?.id ?? null, secrets: fresh.length, broken };
  });

const resealOne = (box: SecretBox, { id, webhook_id: webhookId, purpose, key_id: keyId, iv, ciphertext }: Row) => {
  const place = { rowId: id, webhookId, purpose };
  try {
    return box.seal(box.open({ keyId, iv, ciphertext }, place), place);
  } catch {
    return null;
  }
};

/**
 * Seals every secret under another key of the ring anew with the one that seals, until there is none left but the broken; then the key before is
 * named no more. Secrets under keys that the ring has not are left alone.
 * @param onProgress how many are done, after each transaction
 */
export const resealSecrets = async (pool: HotPool, ring: KeyRing, onProgress: (secrets: number) => void): Promise<Resealed> => {
  const box = createSecretBox(ring);
  const others = ring.ids.filter((id) => id !== ring.sealingId());
  const broken = new Set<string>();
  let secrets = 0;
  for (;;) {
    let afterId: string | null = null;
    do {
      const next = await resealNext(pool, box, others, afterId);
      for (const id of next.broken) broken.add(id);
      secrets += next.secrets;
      afterId = next.lastId;
      if (next.secrets > 0) onProgress(secrets);
    } while (afterId !== null);
    const { rows } = await pool.query<{ is_left: boolean }>({
      text: 'select exists (select from webhook_secrets where key_id = any ($1::text[]) and not id = any ($2::uuid[])) as is_left',
      values: [others, [...broken]],
    });
    if (rows[0]?.is_left !== true) break;
    await wait(resealLimits.waitMs);
  }
  await pool.query({
    text: 'update deployment set encryption_key_id_before = null where encryption_key_id = $1 and encryption_key_id_before = any ($2::text[])',
    values: [ring.sealingId(), others],
  });
  return { secrets, broken: [...broken] };
};
