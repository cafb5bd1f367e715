// What people read of notifications: what there was to tell, whom it was told, and how the mail stands. Newest first, along the ids.
import { type RawBuilder, sql } from 'kysely';
import { type Stretch, type Walked, walk, walkLimits } from './bounded-walk.js';
import type { Database } from './pools.js';
import type { Reach } from './reading.js';
import type { MailsTable, NotificationKind, NotificationsTable } from './tables.js';
import { idRangeSql, type TimeRange } from './time-range.js';

export const notificationKinds = [
  'webhook_failing',
  'webhook_recovered',
  'circuit_opened',
  'webhook_disabled',
  'delivery_failed',
  'deliveries_expiring',
  'deliveries_expired',
  'deliveries_succeeded',
] as const satisfies readonly NotificationKind[];

export type NotificationRow = {
  readonly id: string;
  readonly webhook_id: string;
  readonly tenant_key: string;
  readonly kind: NotificationKind;
  readonly count: number;
  readonly first_at: Date;
  readonly last_at: Date;
  readonly details: Readonly<Record<string, unknown>>;
  readonly outcome: NotificationsTable['outcome'];
  /** Null: there is none, or it is no longer kept; then the rest of the mail is null too. */
  readonly mail_address: string | null;
  readonly mail_status: 'waiting' | 'sent' | 'failed' | null;
  readonly mail_tries: number | null;
  readonly mail_error: MailsTable['error'];
  readonly mail_ended_at: Date | null;
};

export type NotificationPage = Reach & {
  readonly webhookId: string | null;
  readonly kind: NotificationKind | null;
  /** By the id's time. */
  readonly firstAt: TimeRange | null;
  readonly beforeId: string | null;
  readonly limit: number;
};

/** What an index has; the kind is looked for along it. */
const indexedOf = ({ environmentId, tenantId, webhookId, firstAt }: NotificationPage, before: string | null): RawBuilder<boolean> =>
  sql<boolean>`n.environment_id = ${environmentId}::uuid
    and ${tenantId === null ? sql`true` : sql`n.tenant_id = ${tenantId}::uuid`}
    and ${webhookId === null ? sql`true` : sql`n.webhook_id = ${webhookId}::uuid`}
    and ${before === null ? sql`true` : sql`n.id < ${before}::uuid`}
    and ${firstAt === null ? sql`true` : idRangeSql(sql`n.id`, firstAt)}`;

const readStretch = async (
  db: Database,
  page: NotificationPage,
  { before, limit, rowsMax }: Stretch<string>,
): Promise<Walked<NotificationRow, string>> => {
  const indexed = indexedOf(page, before);
  const { rows } = await sql<NotificationRow & { readonly cut: string | null }>`
    with found as materialized (
      select n.* from (select n.* from notifications n where ${indexed} order by n.id desc limit ${rowsMax}::integer) n
       where ${page.kind === null ? sql`true` : sql`n.kind = ${page.kind}`} limit ${limit}::integer
    ),
    cut as materialized (
      select n.id from notifications n where (select count(*) from found) < ${limit}::integer and ${indexed}
       order by n.id desc offset ${rowsMax - 1}::integer limit 1
    )
    select n.id, n.webhook_id, t.key as tenant_key, n.kind, n.count, n.first_at, n.last_at, n.details, n.outcome, m.address as mail_address,
           m.status as mail_status, m.tries as mail_tries, m.error as mail_error, m.ended_at as mail_ended_at, c.id as cut
      from (select) one left join cut c on true left join found n on true
      left join tenants t on t.id = n.tenant_id left join mails m on m.id = n.mail_id
     order by n.id desc`.execute(db);
  const found = rows.filter(({ id }) => id !== null).map(({ cut: _, ...row }) => row);
  return { rows: found, lookedTo: rows[0]?.cut ?? null };
};

/** Notifications in reach, newest first; fewer than asked for where it looked far enough. @param limits how far it looks */
export const listNotifications = (
  db: Database,
  page: NotificationPage,
  limits: { readonly firstRows: number; readonly rowsMax: number } = walkLimits,
): Promise<Walked<NotificationRow, string>> =>
  walk((stretch) => readStretch(db, page, stretch), { before: page.beforeId, limit: page.limit }, limits);
