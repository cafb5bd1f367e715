// What people configure of a webhook, as its row has it, and what follows from it for the rows beside it: state, secrets, versions.
import { type Selectable, sql, type Transaction } from 'kysely';
import { insertAuditEntries } from './audit.js';
import type { SealedSecret, SecretPurpose } from './secret-box.js';
import type { Tables } from './tables.js';
import type { WebhooksTable } from './webhook-tables.js';

/** The writable columns. `authentication` is as it is shown, `header_names` are names alone: secret values are in webhook_secrets. */
export type WebhookConfiguration = Pick<
  Selectable<WebhooksTable>,
  | 'name'
  | 'code'
  | 'description'
  | 'url'
  | 'event_types'
  | 'context'
  | 'project_flows'
  | 'filter'
  | 'include_resources'
  | 'notification_type'
  | 'payload_format'
  | 'authentication'
  | 'header_names'
  | 'signature_header'
  | 'circuit_threshold'
  | 'circuit_recovery'
  | 'retry_schedule_s'
  | 'rate_limit'
  | 'max_in_flight'
  | 'timeout_ms'
  | 'notification_email'
  | 'notification_success'
  | 'notification_fail'
  | 'reference'
  | 'reference_origin'
  | 'metadata'
>;

/** By the dialect's name, what it must read back as it was sent though ours says it in another way. */
export type DialectMemory = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** Who does it: a key (null: nobody with one), and its role as the name that versions and timeline show. */
export type Author = { readonly keyId: string | null; readonly name: string };

/** A secret of a webhook, sealed for the row of this id. */
export type SealedWebhookSecret = { readonly id: string; readonly purpose: SecretPurpose; readonly sealed: SealedSecret };

/** What a webhook's null and the environment's null mean here. */
export const defaultTimeoutMs = 15_000;
/** A chunk's lease: the time to start all of it, and the last request's timeout. */
export const chunkStartS = 20;

/** A JSON column's value; SQL null for null. */
export const jsonOrNull = (value: unknown): string | null => (value === null ? null : JSON.stringify(value));

/** The same, as it is written. */
export const configurationValues = (configuration: WebhookConfiguration) => ({
  ...configuration,
  context: JSON.stringify(configuration.context),
  filter: jsonOrNull(configuration.filter),
  authentication: JSON.stringify(configuration.authentication),
  signature_header: jsonOrNull(configuration.signature_header),
  rate_limit: jsonOrNull(configuration.rate_limit),
  metadata: JSON.stringify(configuration.metadata),
});

/** Columns of the state row that follow from the configuration, the environment's defaults filled in. */
export const derivedState = (environmentId: string, { timeout_ms, circuit_recovery, rate_limit }: WebhookConfiguration) => {
  const setting = (name: string) => sql`(select settings ->> ${sql.lit(name)} from environments where id = ${environmentId}::uuid)`;
  return {
    chunk_lease_s: sql<number>`ceil(coalesce(${timeout_ms}::integer, ${setting('timeout_ms')}::integer, ${defaultTimeoutMs}::integer) / 1000.0) + ${chunkStartS}::integer`,
    manual: sql<boolean>`coalesce(${circuit_recovery}::text, ${setting('circuit_recovery')}, 'automatic') = 'manual'`,
    rate_max: rate_limit === null ? null : Number(rate_limit.max),
    rate_per_s: rate_limit === null ? null : Number(rate_limit.per_seconds),
  };
};

export type WebhookPlace = { readonly environment_id: string; readonly tenant_id: string; readonly webhook_id: string };

/** Writes the secrets of webhooks down. */
export const insertWebhookSecrets = async (
  transaction: Transaction<Tables>,
  webhooks: readonly { readonly place: WebhookPlace; readonly secrets: readonly SealedWebhookSecret[] }[],
): Promise<void> => {
  const rows = webhooks.flatMap(({ place, secrets }) =>
    secrets.map(({ id, purpose, sealed }) => ({
      ...place,
      id,
      purpose,
      key_id: sealed.keyId,
      iv: sealed.iv,
      ciphertext: sealed.ciphertext,
    })),
  );
  if (rows.length > 0) await transaction.insertInto('webhook_secrets').values(rows).execute();
};

export type NewVersion = {
  /** The whole row as it is now. */
  readonly row: Selectable<WebhooksTable>;
  /** What is different from the version before. */
  readonly changes: Readonly<Record<string, unknown>>;
  /** The version that it brings back; null: none. */
  readonly restoredVersion: number | null;
};

/** Writes versions down, each of another webhook; and in the audit log, who made them. */
export const insertWebhookVersions = async (
  transaction: Transaction<Tables>,
  versions: readonly NewVersion[],
  author: Author,
): Promise<void> => {
  const rows = versions.map(({ row, changes }) => ({
    environment_id: row.environment_id,
    tenant_id: row.tenant_id,
    webhook_id: row.id,
    version: row.version,
    snapshot: JSON.stringify(row),
    changes: JSON.stringify(changes),
    changed_by_key_id: author.keyId,
    changed_by: author.name,
  }));
  await transaction.insertInto('webhook_versions').values(rows).execute();
  const entries = versions.map(({ row, changes, restoredVersion }) => ({
    environmentId: row.environment_id,
    tenantId: row.tenant_id,
    actorKeyId: author.keyId,
    actor: author.name,
    action: row.version === 1 ? 'webhook.created' : restoredVersion === null ? 'webhook.changed' : 'webhook.restored',
    subjectKind: 'webhook',
    subjectId: row.id,
    details: {
      version: row.version,
      ...(row.version > 1 && { fields: Object.keys(changes) }),
      ...(restoredVersion !== null && { restored_version: restoredVersion }),
    },
  }));
  await insertAuditEntries(transaction, entries);
};

/** The tenant was erased a moment ago: nothing is made or changed of it any more. */
export class TenantErasedError extends Error {
  override readonly name = 'TenantErasedError';
  constructor() {
    super('the tenant was erased a moment ago');
  }
}

/**
 * Makes every worker load the tenant's webhooks anew. Last in a transaction: ingest and dispatches read the tenant's row. Throws a TenantErasedError:
 * a webhook that is made or changed while its tenant is erased is either seen by the erasure, or is not made.
 */
export const raiseWebhooksVersion = async (transaction: Transaction<Tables>, tenantId: string): Promise<void> => {
  const { numUpdatedRows } = await transaction
    .updateTable('tenants')
    .set({ webhooks_version: sql`webhooks_version + 1` })
    .where('id', '=', tenantId)
    .where('erasing_at', 'is', null)
    .executeTakeFirstOrThrow();
  if (numUpdatedRows === 0n) throw new TenantErasedError();
};

/** What a unique index refused. */
export class WebhookConflictError extends Error {
  override readonly name = 'WebhookConflictError';
  constructor(readonly field: 'name' | 'code' | 'object_id') {
    super(`another webhook of this ${field === 'object_id' ? 'environment' : 'tenant'} has this ${field}`);
  }
}

/** The error to throw for what the database said. */
export const conflictOf = (error: unknown): unknown => {
  const constraint =
    (error as { code?: string; constraint?: string }).code === '23505' ? (error as { constraint?: string }).constraint : undefined;
  if (constraint === 'webhooks_name') return new WebhookConflictError('name');
  if (constraint === 'webhooks_code') return new WebhookConflictError('code');
  if (constraint === 'webhooks_object_id') return new WebhookConflictError('object_id');
  return error;
};
