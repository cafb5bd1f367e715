// History that grows with time, beside events: what is older than it is kept goes, a bounded number of rows at a time.
import type { HotPool } from './pools.js';

/** How many days history is kept, and at least as long as events are. */
export const historyDays = { timeline: 90, audit: 400, replays: 400, statistics: 401 } as const;

// The last entry of a kind that is older stays: explain asks it how a webhook stood at the time of an event.
const timelineSql = `
with old as materialized (
  select webhook_id, at, sequence from webhook_timeline t
   where at < now() - make_interval(hours => 24 * $1)
     and exists (select from webhook_timeline n
                  where n.webhook_id = t.webhook_id and n.kind = t.kind and (n.at, n.sequence) > (t.at, t.sequence)
                    and n.at < now() - make_interval(hours => 24 * $1))
   order by at limit $2
)
delete from webhook_timeline t using old o where t.webhook_id = o.webhook_id and t.at = o.at and t.sequence = o.sequence`;

const ofEnvironments = (table: string, condition: string): string => `
delete from ${table} where id = any (array(
  select x.id from environments e cross join lateral (
    select a.id from ${table} a where a.environment_id = e.id and ${condition} limit $2) x limit $2))`;

const auditSql = ofEnvironments('audit_log', 'a.at < now() - make_interval(hours => 24 * $1)');
const replaysSql = ofEnvironments('replays', 'a.id < uuidv7_floor(now() - make_interval(hours => 24 * $1)) and a.ended_at is not null');

/**
 * Deletes up to `rowsMax` entries each of timelines, of the audit log and of replays that have ended, where they are older than is kept. Returns the most that
 * one of these had: with `rowsMax` there may be more.
 */
export const forgetHistory = async (pool: HotPool, retentionDays: number, rowsMax: number): Promise<number> => {
  const kept: readonly (readonly [string, number])[] = [
    [timelineSql, historyDays.timeline],
    [auditSql, historyDays.audit],
    [replaysSql, historyDays.replays],
  ];
  let most = 0;
  for (const [text, days] of kept) most = Math.max(most, (await pool.query(text, [Math.max(days, retentionDays), rowsMax])).rowCount ?? 0);
  return most;
};
