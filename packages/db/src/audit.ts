// The audit log: who did what to what. Written in the transaction of the change where that has one; secrets never stand in it.
import { sql } from 'kysely';
import type { Database } from './pools.js';
import { type TimeRange, timeRangeSql } from './time-range.js';

export type AuditEntry = {
  /** Made here if it is left out. */
  readonly id?: string;
  readonly environmentId: string;
  readonly tenantId: string | null;
  /** Null: nobody with a key did it. */
  readonly actorKeyId: string | null;
  /** The role of the key, or who it was without one. */
  readonly actor: string;
  /** `<kind>.<what happened>` */
  readonly action: string;
  readonly subjectKind: string;
  readonly subjectId: string;
  /** What says more; never a secret. */
  readonly details?: Readonly<Record<string, unknown>>;
};

/** Writes down who did what, entry by entry; `db` may be a transaction. */
export const insertAuditEntries = async (db: Database, entries: readonly AuditEntry[]): Promise<void> => {
  if (entries.length === 0) return;
  const rows = entries.map((entry) => ({
    id: entry.id ?? sql<string>`new_uuidv7()`,
    environment_id: entry.environmentId,
    tenant_id: entry.tenantId,
    actor_key_id: entry.actorKeyId,
    actor: entry.actor,
    action: entry.action,
    subject_kind: entry.subjectKind,
    subject_id: entry.subjectId,
    ...(entry.details !== undefined && { details: JSON.stringify(entry.details) }),
  }));
  await db.insertInto('audit_log').values(rows).execute();
};

/** Writes down who did what; `db` may be a transaction. */
export const insertAuditEntry = (db: Database, entry: AuditEntry): Promise<void> => insertAuditEntries(db, [entry]);

export type AuditRow = {
  readonly id: string;
  readonly at: Date;
  /** The same to the microsecond, for a cursor. */
  readonly exact_at: string;
  readonly actor_key_id: string | null;
  readonly actor: string;
  readonly action: string;
  readonly subject_kind: string;
  readonly subject_id: string | null;
  readonly tenant_key: string | null;
  readonly details: Readonly<Record<string, unknown>>;
};

export type AuditPage = {
  readonly environmentId: string;
  /** By column, exactly; null: whatever it is. */
  readonly equal: Readonly<Record<'action' | 'subject_kind' | 'subject_id' | 'actor_key_id' | 'tenant_id', string | null>>;
  /** Null: at any time. */
  readonly at: TimeRange | null;
  readonly before: { readonly exactAt: string; readonly id: string } | null;
  readonly limit: number;
};

/** Entries of an environment, newest first. */
export const listAudit = async (db: Database, page: AuditPage): Promise<readonly AuditRow[]> => {
  let query = db
    .selectFrom('audit_log as a')
    .leftJoin('tenants as t', 't.id', 'a.tenant_id')
    .select(['a.id', 'a.at', 'a.actor_key_id', 'a.actor', 'a.action', 'a.subject_kind', 'a.subject_id', 't.key as tenant_key', 'a.details'])
    .select(sql<string>`a.at::text`.as('exact_at'))
    .where('a.environment_id', '=', page.environmentId);
  for (const [column, value] of Object.entries(page.equal))
    if (value !== null) query = query.where(`a.${column as keyof AuditPage['equal']}`, '=', value);
  if (page.at !== null) query = query.where(timeRangeSql(sql.ref('a.at'), page.at));
  if (page.before !== null)
    query = query.where(sql<boolean>`(a.at, a.id) < (${page.before.exactAt}::timestamptz, ${page.before.id}::uuid)`);
  return query.orderBy('a.at', 'desc').orderBy('a.id', 'desc').limit(page.limit).execute();
};
