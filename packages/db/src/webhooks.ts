// The webhook resource: its row, its state row, its secrets and its first version are made in one transaction.
import { type Selectable, sql } from 'kysely';
import type { Database } from './pools.js';
import type { WebhooksTable } from './tables.js';
import {
  type Author,
  configurationValues,
  conflictOf,
  derivedState,
  insertWebhookSecrets,
  insertWebhookVersion,
  raiseWebhooksVersion,
  type SealedWebhookSecret,
  type WebhookConfiguration,
} from './webhook-configuration.js';

export type NewWebhook = {
  readonly id: string;
  readonly environmentId: string;
  readonly tenantId: string;
  readonly configuration: WebhookConfiguration;
  readonly secrets: readonly SealedWebhookSecret[];
  /** False: it is made disabled, by hand. */
  readonly isActive: boolean;
  readonly author: Author;
};

/** A webhook together with its tenant's key and its circuit. */
export type WebhookRow = Selectable<WebhooksTable> & {
  readonly tenant_key: string;
  readonly circuit: number;
  readonly circuit_failure_count: number;
  readonly circuit_opened_at: Date | null;
  readonly circuit_retry_at: Date | null;
  readonly paused_at: Date | null;
  readonly disabled_at: Date | null;
  readonly disabled_reason: string | null;
};

/** Makes a webhook; throws a WebhookConflictError. From the commit on, every event that is accepted is matched against it. */
export const insertWebhook = async (db: Database, webhook: NewWebhook): Promise<void> => {
  const owner = { environment_id: webhook.environmentId, tenant_id: webhook.tenantId };
  const place = { ...owner, webhook_id: webhook.id };
  const disabled = webhook.isActive ? {} : { disabled_at: sql<Date>`now()`, disabled_reason: 'by_hand' };
  await db
    .transaction()
    .execute(async (transaction) => {
      const row = await transaction
        .insertInto('webhooks')
        .values({ ...owner, id: webhook.id, ...configurationValues(webhook.configuration) })
        .returningAll()
        .executeTakeFirstOrThrow();
      await transaction
        .insertInto('webhook_state')
        .values({ ...place, ...derivedState(webhook.environmentId, webhook.configuration), ...disabled })
        .execute();
      if (!webhook.isActive) {
        const details = JSON.stringify({ by: webhook.author.name, key_id: webhook.author.keyId });
        await transaction
          .insertInto('webhook_timeline')
          .values({ ...place, kind: 'disabled', circuit_failure_count: 0, details })
          .execute();
      }
      await insertWebhookSecrets(transaction, place, webhook.secrets);
      await insertWebhookVersion(transaction, place, row, {}, webhook.author);
      await raiseWebhooksVersion(transaction, webhook.tenantId);
    })
    .catch((error: unknown) => {
      throw conflictOf(error);
    });
};

/** Webhooks that are not deleted, with what stands beside them. */
export const selectWebhooks = (db: Database) =>
  db
    .selectFrom('webhooks as w')
    .innerJoin('tenants as t', 't.id', 'w.tenant_id')
    .innerJoin('webhook_state as s', 's.webhook_id', 'w.id')
    .selectAll('w')
    .select([
      't.key as tenant_key',
      's.circuit',
      's.circuit_failure_count',
      's.circuit_opened_at',
      's.circuit_retry_at',
      's.paused_at',
      's.disabled_at',
      's.disabled_reason',
    ])
    .where('w.deleted_at', 'is', null);

/** One webhook in reach (of the tenant, if one is given), or undefined. */
export const findWebhook = async (
  db: Database,
  environmentId: string,
  tenantId: string | null,
  id: string,
): Promise<WebhookRow | undefined> => {
  let query = selectWebhooks(db).where('w.environment_id', '=', environmentId).where('w.id', '=', id);
  if (tenantId !== null) query = query.where('w.tenant_id', '=', tenantId);
  return query.executeTakeFirst();
};
