// A backlog as a webhook has it after hours of trouble: rows of events and of their waiting deliveries, without the hours.
import type pg from 'pg';

const rowsPerStatement = 50_000;
const padChars = 400;

/** The webhook whose backlog it is, the type of its events, and how many there are. */
export interface Backlog {
  readonly webhookId: string;
  readonly eventType: string;
  readonly count: number;
}

/** Inserts waiting deliveries that are due now, with their events. The scheduler does not know of them yet. */
export async function insertBacklog(pool: pg.Pool, { webhookId, eventType, count }: Backlog): Promise<void> {
  const data = JSON.stringify({ id: 1, pad: 'x'.repeat(padChars) });
  for (let made = 0; made < count; made += rowsPerStatement) {
    await pool.query(
      `with made as (
         insert into events (id, environment_id, tenant_id, event_type, event_time, data, dispatch_id)
         select uuidv7(), environment_id, tenant_id, $2, now(), $3, gen_random_uuid()
           from webhooks cross join generate_series(1, $4::int) where id = $1
         returning id, environment_id, tenant_id
       )
       insert into deliveries (environment_id, tenant_id, event_id, webhook_id, status, due_at)
       select environment_id, tenant_id, id, $1, 0, now() from made`,
      [webhookId, eventType, data, Math.min(rowsPerStatement, count - made)],
    );
  }
  // A backlog that grew over hours would have been vacuumed while it did; and nobody is to pay for writing this one to disk.
  await pool.query('vacuum (analyze) events, deliveries');
  await pool.query('checkpoint');
}

/** How many deliveries of a webhook wait. */
export async function countWaiting(pool: pg.Pool, webhookId: string): Promise<number> {
  const { rows } = await pool.query<{ count: number }>(
    'select count(*)::int as count from deliveries where webhook_id = $1 and status = 0',
    [webhookId],
  );
  return rows[0]!.count;
}
