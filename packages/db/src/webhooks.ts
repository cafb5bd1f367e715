// The webhook resource: its row, its state row, its secrets and its first version are made in one transaction.
import { type Selectable, sql } from 'kysely';
import type { Database } from './pools.js';
import type { SealedSecret } from './secret-box.js';
import type { WebhooksTable } from './tables.js';

export type NewWebhook = {
  readonly id: string;
  readonly environmentId: string;
  readonly tenantId: string;
  readonly name: string | null;
  readonly code: string | null;
  readonly description: string | null;
  readonly url: string;
  readonly eventTypes: readonly string[];
  readonly timeoutMs: number | null;
  readonly maxInFlight: number | null;
  readonly circuitThreshold: number | null;
  readonly retryScheduleS: readonly number[] | null;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly reference: string | null;
  readonly referenceOrigin: string | null;
  readonly secret: { readonly id: string; readonly sealed: SealedSecret };
  /** How long a chunk of its due deliveries may be out, in seconds: its timeout and the time to start all of it. */
  readonly chunkLeaseS: number;
  readonly actor: { readonly keyId: string; readonly name: string };
};

/** A webhook together with its tenant's key and its circuit. */
export type WebhookRow = Selectable<WebhooksTable> & {
  readonly tenant_key: string;
  readonly circuit: number;
  readonly circuit_failure_count: number;
  readonly circuit_opened_at: Date | null;
  readonly circuit_retry_at: Date | null;
  readonly paused_at: Date | null;
};

/** What a unique index refused: `name` or `code`. */
export class WebhookConflictError extends Error {
  override readonly name = 'WebhookConflictError';
  constructor(readonly field: 'name' | 'code') {
    super(`another webhook of this tenant has this ${field}`);
  }
}

const conflictOf = (error: unknown): unknown => {
  const constraint =
    (error as { code?: string; constraint?: string }).code === '23505' ? (error as { constraint?: string }).constraint : undefined;
  if (constraint === 'webhooks_name') return new WebhookConflictError('name');
  if (constraint === 'webhooks_code') return new WebhookConflictError('code');
  return error;
};

/** Makes a webhook; throws a WebhookConflictError. From the commit on, every event that is accepted is matched against it. */
export const insertWebhook = async (db: Database, webhook: NewWebhook): Promise<void> => {
  const place = { environment_id: webhook.environmentId, tenant_id: webhook.tenantId };
  await db
    .transaction()
    .execute(async (transaction) => {
      const row = await transaction
        .insertInto('webhooks')
        .values({
          ...place,
          id: webhook.id,
          name: webhook.name,
          code: webhook.code,
          description: webhook.description,
          url: webhook.url,
          event_types: [...webhook.eventTypes],
          timeout_ms: webhook.timeoutMs,
          max_in_flight: webhook.maxInFlight,
          circuit_threshold: webhook.circuitThreshold,
          retry_schedule_s: webhook.retryScheduleS === null ? null : [...webhook.retryScheduleS],
          metadata: JSON.stringify(webhook.metadata),
          reference: webhook.reference,
          reference_origin: webhook.referenceOrigin,
        })
        .returningAll()
        .executeTakeFirstOrThrow();
      await transaction
        .insertInto('webhook_state')
        .values({ ...place, webhook_id: webhook.id, chunk_lease_s: webhook.chunkLeaseS })
        .execute();
      await transaction
        .insertInto('webhook_secrets')
        .values({
          ...place,
          id: webhook.secret.id,
          webhook_id: webhook.id,
          purpose: 'signing',
          key_id: webhook.secret.sealed.keyId,
          iv: webhook.secret.sealed.iv,
          ciphertext: webhook.secret.sealed.ciphertext,
        })
        .execute();
      await transaction
        .insertInto('webhook_versions')
        .values({
          ...place,
          webhook_id: webhook.id,
          version: 1,
          snapshot: JSON.stringify(row),
          changes: '{}',
          changed_by_key_id: webhook.actor.keyId,
          changed_by: webhook.actor.name,
        })
        .execute();
      // Last, so that the tenant's row is locked for as short as possible: ingest and dispatches read it.
      await transaction
        .updateTable('tenants')
        .set({ webhooks_version: sql`webhooks_version + 1` })
        .where('id', '=', webhook.tenantId)
        .execute();
    })
    .catch((error: unknown) => {
      throw conflictOf(error);
    });
};

const selectWebhooks = (db: Database) =>
  db
    .selectFrom('webhooks as w')
    .innerJoin('tenants as t', 't.id', 'w.tenant_id')
    .innerJoin('webhook_state as s', 's.webhook_id', 'w.id')
    .selectAll('w')
    .select(['t.key as tenant_key', 's.circuit', 's.circuit_failure_count', 's.circuit_opened_at', 's.circuit_retry_at', 's.paused_at'])
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

export type WebhookPage = {
  readonly environmentId: string;
  readonly tenantId: string | null;
  readonly beforeId: string | null;
  readonly limit: number;
};

/** Webhooks in reach, newest first, before an id. */
export const listWebhooks = async (db: Database, page: WebhookPage): Promise<readonly WebhookRow[]> => {
  let query = selectWebhooks(db).where('w.environment_id', '=', page.environmentId);
  if (page.tenantId !== null) query = query.where('w.tenant_id', '=', page.tenantId);
  if (page.beforeId !== null) query = query.where('w.id', '<', page.beforeId);
  return query.orderBy('w.id', 'desc').limit(page.limit).execute();
};
