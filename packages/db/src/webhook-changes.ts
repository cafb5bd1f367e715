// A change of a webhook's configuration: one transaction, one version. What is decided is decided on the row as it is then, so of two
// changes at once the second builds on the first.
import { type Selectable, sql, type Transaction } from 'kysely';
import type { Database, HotPool } from './pools.js';
import type { SecretBox } from './secret-box.js';
import type { Tables } from './tables.js';
import { inTransaction } from './transaction.js';
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
import { type Actor, deleteWebhook } from './webhook-lifecycle.js';
import { type ConfiguredSecrets, readConfiguredSecrets } from './webhook-secrets.js';
import type { WebhooksTable } from './webhook-tables.js';

/** A webhook's configuration with the secret values in it. */
export type ConfiguredWebhook = ConfiguredSecrets & { readonly row: Selectable<WebhooksTable> };

export type WebhookChange = {
  readonly configuration: WebhookConfiguration;
  /** By field, secret values hidden. */
  readonly changes: Readonly<Record<string, { readonly from: unknown; readonly to: unknown }>>;
  /** Those that change; null: there is none any more. */
  readonly secrets: Readonly<Partial<Record<'authentication' | 'headers', SealedWebhookSecret | null>>>;
  /** The version that it brings back, for the audit log; null: none. */
  readonly restoredVersion: number | null;
  /** What dialects keep of it; changed by itself, it is no version. Undefined: as it was. */
  readonly dialect?: DialectMemory | null;
};

export type WebhookReach = { readonly environmentId: string; readonly tenantId: string | null; readonly webhookId: string };

/** The row of a webhook in reach, or undefined; until the transaction ends nobody else changes it. */
export const lockWebhook = async (
  transaction: Transaction<Tables>,
  { environmentId, tenantId, webhookId }: WebhookReach,
): Promise<Selectable<WebhooksTable> | undefined> => {
  let query = transaction
    .selectFrom('webhooks')
    .selectAll()
    .where('id', '=', webhookId)
    .where('environment_id', '=', environmentId)
    .where('deleted_at', 'is', null);
  if (tenantId !== null) query = query.where('tenant_id', '=', tenantId);
  // Not FOR UPDATE: a flush that writes the timeline refers to this row and must not wait for people.
  return query.forNoKeyUpdate().executeTakeFirst();
};

/**
 * Writes what `decide` makes of the present configuration (null, or no changes: nothing) as the next version, and returns what it decided; undefined:
 * there is no such webhook in reach. Throws a WebhookConflictError, and what `decide` throws: then nothing is changed.
 */
export const changeWebhook = async (
  db: Database,
  box: SecretBox,
  reach: WebhookReach,
  author: Author,
  decide: (current: ConfiguredWebhook) => WebhookChange | null,
): Promise<WebhookChange | null | undefined> =>
  db
    .transaction()
    .execute(async (transaction) => {
      const current = await lockWebhook(transaction, reach);
      if (current === undefined) return undefined;
      const change = decide({ row: current, ...(await readConfiguredSecrets(transaction, box, current.id)) });
      if (change === null) return null;
      const dialect = change.dialect === undefined ? {} : { dialect: jsonOrNull(change.dialect) };
      if (Object.keys(change.changes).length === 0) {
        if (change.dialect !== undefined) await transaction.updateTable('webhooks').set(dialect).where('id', '=', current.id).execute();
        return change;
      }
      const row = await transaction
        .updateTable('webhooks')
        .set({
          ...configurationValues(change.configuration),
          ...dialect,
          version: current.version + 1,
          updated_at: sql<Date>`clock_timestamp()`,
        })
        .where('id', '=', current.id)
        .returningAll()
        .executeTakeFirstOrThrow();
      const place = { environment_id: current.environment_id, tenant_id: current.tenant_id, webhook_id: current.id };
      const purposes = (['authentication', 'headers'] as const).filter((purpose) => change.secrets[purpose] !== undefined);
      if (purposes.length > 0) {
        await transaction.deleteFrom('webhook_secrets').where('webhook_id', '=', current.id).where('purpose', 'in', purposes).execute();
        await insertWebhookSecrets(transaction, [{ place, secrets: purposes.flatMap((purpose) => change.secrets[purpose] ?? []) }]);
      }
      await insertWebhookVersions(transaction, [{ row, changes: change.changes, restoredVersion: change.restoredVersion }], author);
      await stateUpdate(current.id, current.environment_id, change.configuration).execute(transaction);
      await raiseWebhooksVersion(transaction, current.tenant_id);
      return change;
    })
    .catch((error: unknown) => {
      throw conflictOf(error);
    });

/**
 * Deletes a webhook in reach; false: there is none. Its configuration is locked before anything else, as a change locks it: so the two never wait
 * for each other, and no secret of a change under way outlives the webhook.
 * @param check looks at its version; what it throws is thrown, and nothing is deleted
 */
export const removeWebhook = async (pool: HotPool, reach: WebhookReach, actor: Actor, check: (version: number) => void): Promise<boolean> =>
  inTransaction(pool, async (connection) => {
    const { rows } = await connection.query<{ version: number }>(
      `select version from webhooks
        where id = $1 and environment_id = $2 and ($3::uuid is null or tenant_id = $3) and deleted_at is null for no key update`,
      [reach.webhookId, reach.environmentId, reach.tenantId],
    );
    const [row] = rows;
    if (row === undefined) return false;
    check(row.version);
    return deleteWebhook(connection, reach.webhookId, actor);
  });

/**
 * What the old configuration made it wait for, it waits for no longer: a full rate limit, or a person who resets an open circuit, whose 120 h so begin now.
 */
const stateUpdate = (webhookId: string, environmentId: string, configuration: WebhookConfiguration) => {
  const { chunk_lease_s, manual, rate_max, rate_per_s } = derivedState(environmentId, configuration);
  return sql`
    update webhook_state s
       set chunk_lease_s = ${chunk_lease_s}, manual = n.manual, rate_max = n.rate_max, rate_per_s = n.rate_per_s,
           not_before = case when s.circuit = 0 and s.rate_max is not null
                               and (s.rate_max, s.rate_per_s) is distinct from (n.rate_max, n.rate_per_s)
                             then least(s.not_before, now()) else s.not_before end,
           circuit_retry_at = case when s.circuit = 0 then s.circuit_retry_at when n.manual then null
                                   else coalesce(s.circuit_retry_at, greatest(s.not_before, s.hold_until, now())) end,
           no_success_since = case when s.circuit <> 0 and s.manual and not n.manual then now() else s.no_success_since end,
           changed_at = clock_timestamp()
      from (select ${manual} as manual, ${rate_max}::integer as rate_max, ${rate_per_s}::integer as rate_per_s) n
     where s.webhook_id = ${webhookId}`;
};
