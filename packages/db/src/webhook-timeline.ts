// What happened to a webhook at run time: its circuit, and what people did to it.
import { sql } from 'kysely';
import type { Database } from './pools.js';

export type TimelineRow = {
  readonly at: Date;
  /** The same to the microsecond, for a cursor. */
  readonly exact_at: string;
  readonly sequence: number;
  readonly kind: string;
  readonly circuit_failure_count: number | null;
  readonly details: Readonly<Record<string, unknown>>;
};

export type TimelinePage = {
  readonly environmentId: string;
  readonly webhookId: string;
  readonly before: { readonly exactAt: string; readonly sequence: number } | null;
  readonly limit: number;
};

/** Newest first. */
export const listTimeline = async (db: Database, page: TimelinePage): Promise<readonly TimelineRow[]> => {
  let query = db
    .selectFrom('webhook_timeline')
    .select(['at', sql<string>`at::text`.as('exact_at'), 'sequence', 'kind', 'circuit_failure_count', 'details'])
    .where('webhook_id', '=', page.webhookId)
    .where('environment_id', '=', page.environmentId);
  if (page.before !== null)
    query = query.where(sql<boolean>`(at, sequence) < (${page.before.exactAt}::timestamptz, ${page.before.sequence}::bigint)`);
  return query.orderBy('at', 'desc').orderBy('sequence', 'desc').limit(page.limit).execute();
};
