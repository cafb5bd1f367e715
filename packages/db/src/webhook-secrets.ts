// Reading secrets back, which only a few may.
import { sql } from 'kysely';
import type { Database } from './pools.js';
import type { SecretBox, SecretPurpose } from './secret-box.js';

export type SigningSecret = { readonly id: string; readonly secret: string; readonly expiresAt: Date | null };

/** The signing secrets of a webhook: the current one first, then those that still sign after a rotation. */
export const findSigningSecrets = async (db: Database, box: SecretBox, webhookId: string): Promise<readonly SigningSecret[]> => {
  const rows = await db
    .selectFrom('webhook_secrets')
    .select(['id', 'key_id', 'iv', 'ciphertext', 'expires_at'])
    .where('webhook_id', '=', webhookId)
    .where('purpose', '=', 'signing')
    .where((where) => where.or([where('expires_at', 'is', null), where('expires_at', '>', sql<Date>`now()`)]))
    .orderBy(sql`expires_at desc nulls first`)
    .execute();
  return rows.map((row) => ({
    id: row.id,
    secret: box.open({ keyId: row.key_id, iv: row.iv, ciphertext: row.ciphertext }, { rowId: row.id, webhookId, purpose: 'signing' }),
    expiresAt: row.expires_at,
  }));
};

/** The current signing secrets of webhooks, by their ids. */
export const findCurrentSecrets = async (
  db: Database,
  box: SecretBox,
  webhookIds: readonly string[],
): Promise<ReadonlyMap<string, string>> => {
  const rows = await db
    .selectFrom('webhook_secrets')
    .select(['id', 'webhook_id', 'key_id', 'iv', 'ciphertext'])
    .where(sql<boolean>`webhook_id = any (${webhookIds}::uuid[])`)
    .where('purpose', '=', 'signing')
    .where('expires_at', 'is', null)
    .execute();
  return new Map(
    rows.map(({ id, webhook_id: webhookId, key_id: keyId, iv, ciphertext }) => [
      webhookId,
      box.open({ keyId, iv, ciphertext }, { rowId: id, webhookId, purpose: 'signing' }),
    ]),
  );
};

/** The secret parts of a webhook's configuration: the whole `authentication`, and the own headers with their values. */
export type ConfiguredSecrets = { readonly authentication: unknown; readonly headers: Readonly<Record<string, string>> };

/** Opens the secret parts of a webhook's configuration. */
export const readConfiguredSecrets = async (db: Database, box: SecretBox, webhookId: string): Promise<ConfiguredSecrets> => {
  const rows = await db
    .selectFrom('webhook_secrets')
    .select(['id', 'purpose', 'key_id', 'iv', 'ciphertext'])
    .where('webhook_id', '=', webhookId)
    .where('purpose', 'in', ['authentication', 'headers'])
    .where('expires_at', 'is', null)
    .execute();
  const open = (purpose: SecretPurpose): unknown => {
    const row = rows.find((each) => each.purpose === purpose);
    if (row === undefined) return undefined;
    return JSON.parse(box.open({ keyId: row.key_id, iv: row.iv, ciphertext: row.ciphertext }, { rowId: row.id, webhookId, purpose }));
  };
  return { authentication: open('authentication') ?? { type: 'none' }, headers: (open('headers') ?? {}) as Record<string, string> };
};
