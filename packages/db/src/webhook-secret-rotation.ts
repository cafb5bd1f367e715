// A new signing secret in the place of the present one, which signs on beside it until it expires. It is no version of the configuration.
import { isSameSecret } from '@posthorn/core';
import { sql } from 'kysely';
import { insertAuditEntry } from './audit.js';
import type { Database } from './pools.js';
import type { SecretBox } from './secret-box.js';
import { lockWebhook, type WebhookReach } from './webhook-changes.js';
import { type Author, insertWebhookSecrets, raiseWebhooksVersion, type SealedWebhookSecret } from './webhook-configuration.js';
import { findSigningSecrets, type SigningSecret } from './webhook-secrets.js';

export type NextSecret = { readonly secret: string; readonly sealed: SealedWebhookSecret };

/**
 * Writes what `choose` makes of the secrets that sign now (the present one first) as the present one, and returns those that sign then; undefined:
 * there is no such webhook in reach. Of two rotations at once the second builds on the first.
 * @param overlapS how long the old secret signs on; 0 ends all that were there
 * @param choose what it throws is thrown, and nothing is changed
 */
export const rotateSigningSecret = async (
  db: Database,
  box: SecretBox,
  reach: WebhookReach,
  author: Author,
  overlapS: number,
  choose: (signing: readonly SigningSecret[]) => NextSecret,
): Promise<readonly SigningSecret[] | undefined> =>
  db.transaction().execute(async (transaction) => {
    const webhook = await lockWebhook(transaction, reach);
    if (webhook === undefined) return undefined;
    const place = { environment_id: webhook.environment_id, tenant_id: webhook.tenant_id, webhook_id: webhook.id };
    const signing = await findSigningSecrets(transaction, box, webhook.id);
    const { secret, sealed } = choose(signing);
    // One that comes back stands once; those that have expired are of no use to anybody.
    const again = signing.filter((each) => isSameSecret(each.secret, secret)).map(({ id }) => id);
    const goes = overlapS === 0 ? sql<boolean>`true` : sql<boolean>`expires_at <= clock_timestamp() or id = any (${again}::uuid[])`;
    await transaction
      .deleteFrom('webhook_secrets')
      .where('webhook_id', '=', webhook.id)
      .where('purpose', '=', 'signing')
      .where(goes)
      .execute();
    await transaction
      .updateTable('webhook_secrets')
      .set({ expires_at: sql<Date>`clock_timestamp() + make_interval(secs => ${overlapS})` })
      .where('webhook_id', '=', webhook.id)
      .where('purpose', '=', 'signing')
      .where('expires_at', 'is', null)
      .execute();
    await insertWebhookSecrets(transaction, [{ place, secrets: [sealed] }]);
    const details = JSON.stringify({ by: author.name, key_id: author.keyId, overlap_s: overlapS });
    await transaction
      .insertInto('webhook_timeline')
      .values({ ...place, kind: 'secret_rotated', circuit_failure_count: null, details })
      .execute();
    await insertAuditEntry(transaction, {
      environmentId: webhook.environment_id,
      tenantId: webhook.tenant_id,
      actorKeyId: author.keyId,
      actor: author.name,
      action: 'webhook.secret_rotated',
      subjectKind: 'webhook',
      subjectId: webhook.id,
      details: { overlap_s: overlapS },
    });
    await raiseWebhooksVersion(transaction, webhook.tenant_id);
    return findSigningSecrets(transaction, box, webhook.id);
  });
