// What is told is kept as long as events are, and not longer than its tenant.
import { mailBackOff } from './mailroom-sending.js';
import type { HotPool } from './pools.js';

const expirySqls = [
  // Ids carry the time at which what they tell began.
  `delete from notifications where id in (
     select id from notifications where id < uuidv7_floor(now() - make_interval(days => $1)) and closed_at is not null order by id limit $2)`,
  `delete from mails where id in (
     select id from mails where created_at < now() - make_interval(days => $1) and status <> 'waiting' order by created_at limit $2)`,
  // Its workers may have no mail server any more.
  `update mails set status = 'failed', ended_at = now(), lease_until = null, error = coalesce(error, 'nobody sent it in time')
    where id in (
     select id from mails where status = 'waiting' and due_at <= now() and $1 > 0 and created_at < now() - 2 * interval '${mailBackOff.givenUpAfterS} s' limit $2
        for update skip locked)`,
];

/**
 * Deletes notifications and mails that are older than is kept, and gives up mails that nobody sends: at most
 * `rowsMax` of each. Returns the most that one of these had: with `rowsMax` there may be more.
 */
export const expireMails = async (pool: HotPool, retentionDays: number, rowsMax: number): Promise<number> => {
  let most = 0;
  for (const text of expirySqls) most = Math.max(most, (await pool.query(text, [retentionDays, rowsMax])).rowCount ?? 0);
  return most;
};

/**
 * Deletes up to `rowsMax` notifications of a tenant, and the mails that told of no other; returns how many. Those that a mail is made of just now are passed
 * over: whoever erases comes again.
 */
export const eraseNotifications = async (pool: HotPool, tenantId: string, rowsMax: number): Promise<number> => {
  const { rows } = await pool.query<{ deleted: number }>({
    name: 'erase-notifications',
    text: `with chosen as materialized (
             select id from notifications where tenant_id = $1 order by id limit $2 for update skip locked
           ),
           gone as (
             delete from notifications n using chosen c where n.id = c.id returning n.id, n.mail_id
           ),
           mails_gone as (
             delete from mails m where m.id in (select mail_id from gone)
                and not exists (select from notifications n where n.mail_id = m.id and n.id not in (select id from gone))
           )
           select count(*)::int as deleted from gone`,
    values: [tenantId, rowsMax],
  });
  return rows[0]?.deleted ?? 0;
};
