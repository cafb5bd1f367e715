// The versions of a webhook's configuration: who changed what and when, and the whole as it was.
import type { Selectable } from 'kysely';
import type { Database } from './pools.js';
import type { WebhooksTable, WebhookVersionsTable } from './webhook-tables.js';

export type VersionRow = Pick<
  Selectable<WebhookVersionsTable>,
  'version' | 'snapshot' | 'changes' | 'changed_by' | 'changed_by_key_id' | 'changed_at'
>;

/** A webhook's row as a version has it: columns that were added later are missing, times are text. */
export type WebhookSnapshot = Partial<Selectable<WebhooksTable>>;

const selectVersions = (db: Database, environmentId: string, webhookId: string) =>
  db
    .selectFrom('webhook_versions')
    .select(['version', 'snapshot', 'changes', 'changed_by', 'changed_by_key_id', 'changed_at'])
    .where('webhook_id', '=', webhookId)
    .where('environment_id', '=', environmentId);

export type VersionPage = {
  readonly environmentId: string;
  readonly webhookId: string;
  readonly beforeVersion: number | null;
  readonly limit: number;
};

/** Newest first. */
export const listWebhookVersions = async (db: Database, page: VersionPage): Promise<readonly VersionRow[]> => {
  let query = selectVersions(db, page.environmentId, page.webhookId);
  if (page.beforeVersion !== null) query = query.where('version', '<', page.beforeVersion);
  return query.orderBy('version', 'desc').limit(page.limit).execute();
};

/** One of them, or undefined. */
export const findWebhookVersion = async (
  db: Database,
  environmentId: string,
  webhookId: string,
  version: number,
): Promise<VersionRow | undefined> => selectVersions(db, environmentId, webhookId).where('version', '=', version).executeTakeFirst();
