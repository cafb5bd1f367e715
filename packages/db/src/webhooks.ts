// The webhook resource: its row, its state row, its secrets and its first version are made in one transaction, of one webhook or of many.
import { type Selectable, sql, type Transaction } from 'kysely';
import type { Database } from './pools.js';
import type { Tables } from './tables.js';
import {
  type Author,
  configurationValues,
  conflictOf,
  type DialectMemory,
  derivedState,
  insertWebhookSecrets,
  insertWebhookVersions,
  jsonOrNull,
  raiseWebhooksVersion,
  type SealedWebhookSecret,
  type WebhookConfiguration,
} from './webhook-configuration.js';
import type { WebhooksTable } from './webhook-tables.js';

export type NewWebhook = {
  readonly id: string;
  readonly environmentId: string;
  readonly tenantId: string;
  readonly configuration: WebhookConfiguration;
  readonly secrets: readonly SealedWebhookSecret[];
  /** False: it is made disabled, by hand. */
  readonly isActive: boolean;
  /** 24 hex digits, unique in the environment; null: made when it is asked for. */
  readonly objectId?: string | null;
  readonly dialect?: DialectMemory | null;
};

/** A webhook together with its tenant's key and its circuit. */
export type WebhookRow = Selectable<WebhooksTable> & {
  readonly tenant_key: string;
  readonly tenant_email: string | null;
  readonly circuit: number;
  readonly circuit_failure_count: number;
  readonly circuit_opened_at: Date | null;
  readonly circuit_retry_at: Date | null;
  /** Since when the rule runs that disables it (disableUnsuccessful); null: it does not run. */
  readonly failing_since: Date | null;
  readonly paused_at: Date | null;
  readonly disabled_at: Date | null;
  readonly disabled_reason: string | null;
};

/** Rows that one statement makes: each has about thirty parameters, of 65,535 that a statement may have. */
const rowsMax = 200;

const insertSlice = async (transaction: Transaction<Tables>, webhooks: readonly NewWebhook[], author: Author): Promise<void> => {
  const placed = webhooks.map((webhook) => {
    const owner = { environment_id: webhook.environmentId, tenant_id: webhook.tenantId };
    return { webhook, owner, place: { ...owner, webhook_id: webhook.id } };
  });
  const rows = await transaction
    .insertInto('webhooks')
    .values(
      placed.map(({ webhook, owner }) => ({
        ...owner,
        id: webhook.id,
        object_id: webhook.objectId ?? null,
        dialect: jsonOrNull(webhook.dialect ?? null),
        ...configurationValues(webhook.configuration),
      })),
    )
    .returningAll()
    .execute();
  const states = placed.map(({ webhook, place }) => ({
    ...place,
    ...derivedState(webhook.environmentId, webhook.configuration),
    ...(webhook.isActive ? {} : { disabled_at: sql<Date>`now()`, disabled_reason: 'by_hand' }),
  }));
  await transaction.insertInto('webhook_state').values(states).execute();
  const details = JSON.stringify({ by: author.name, key_id: author.keyId });
  const disabled = placed
    .filter(({ webhook }) => !webhook.isActive)
    .map(({ place }) => ({ ...place, kind: 'disabled', circuit_failure_count: 0, details }));
  if (disabled.length > 0) await transaction.insertInto('webhook_timeline').values(disabled).execute();
  await insertWebhookSecrets(
    transaction,
    placed.map(({ webhook, place }) => ({ place, secrets: webhook.secrets })),
  );
  const versions = rows.map((row) => ({ row, changes: {}, restoredVersion: null }));
  await insertWebhookVersions(transaction, versions, author);
};

/**
 * Makes all of the webhooks or, if it throws, none; throws a WebhookConflictError. From the commit on, every event that is accepted is matched
 * against them.
 */
export const insertWebhooks = async (db: Database, webhooks: readonly NewWebhook[], author: Author): Promise<void> => {
  const tenantIds = [...new Set(webhooks.map(({ tenantId }) => tenantId))].sort();
  await db
    .transaction()
    .execute(async (transaction) => {
      for (let start = 0; start < webhooks.length; start += rowsMax)
        await insertSlice(transaction, webhooks.slice(start, start + rowsMax), author);
      for (const tenantId of tenantIds) await raiseWebhooksVersion(transaction, tenantId);
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
      't.email as tenant_email',
      's.circuit',
      's.circuit_failure_count',
      's.circuit_opened_at',
      's.circuit_retry_at',
      's.paused_at',
      's.disabled_at',
      's.disabled_reason',
    ])
    .select(
      sql<Date | null>`case when s.circuit <> 0 and not s.manual and s.disabled_at is null then s.no_success_since end`.as('failing_since'),
    )
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

/** One webhook, whoever's it is, for those who have shown in another way than by a key that they may; or undefined. */
export const findAnyWebhook = async (db: Database, id: string): Promise<WebhookRow | undefined> =>
  selectWebhooks(db).where('w.id', '=', id).executeTakeFirst();

/** One webhook in reach by its `object_id`, or undefined. */
export const findWebhookByObjectId = async (
  db: Database,
  environmentId: string,
  tenantId: string | null,
  objectId: string,
): Promise<WebhookRow | undefined> => {
  let query = selectWebhooks(db).where('w.environment_id', '=', environmentId).where('w.object_id', '=', objectId);
  if (tenantId !== null) query = query.where('w.tenant_id', '=', tenantId);
  return query.executeTakeFirst();
};

/** Gives webhooks the object ids that they are shown with, those that have none yet. */
export const keepObjectIds = async (
  db: Database,
  webhooks: readonly { readonly id: string; readonly objectId: string }[],
): Promise<void> => {
  if (webhooks.length === 0) return;
  const [ids, objectIds] = [webhooks.map(({ id }) => id), webhooks.map(({ objectId }) => objectId)];
  await sql`
    update webhooks w set object_id = n.object_id
      from unnest(${ids}::uuid[], ${objectIds}::text[]) n (id, object_id)
     where w.id = n.id and w.object_id is null`.execute(db);
};
