// Deliveries by the million, as a week of traffic leaves them: rows of events, deliveries, attempts and statistics, inserted in bulk into the
// partitions of their days.
import type pg from 'pg';
import { insertTenants } from '../fairness/webhook-rows.js';

/** What was made, and where what is rare in it is found. */
export interface Seeded {
  readonly webhookIds: readonly string[];
  readonly rareWebhookId: string;
  /** Of the events: the first and the last time, Unix milliseconds. */
  readonly fromMs: number;
  readonly toMs: number;
}

export const tenants = 20;
export const webhooksPerTenant = 10;
export const eventTypes = 30;
export const rare = { tenant: 'rare', eventType: 'rare.type', errorKind: 'tls', statusCode: '418' } as const;
const days = 7;
const eventsPerStatement = 50_000;
/** Every event is for so many webhooks. */
const fanOut = 2;
/** One event in so many is of the rare tenant, and one in so many of the rare type. */
const rareEvery = 100_000;
const dataChars = 300;

export const tenantKey = (index: number): string => `tenant${index}`;
export const eventTypeName = (index: number): string => `order.type${index}`;

/** Fills a migrated database. @param deliveries how many; half as many events */
export async function seedDeliveries(pool: pg.Pool, deliveries: number, url: string): Promise<Seeded> {
  const named = [
    ...Array.from({ length: tenants }, (_, index) => ({ key: tenantKey(index), webhooks: webhooksPerTenant })),
    { key: rare.tenant, webhooks: 1 },
  ];
  await insertTenants(pool, named, url, eventTypeName);
  await pool.query(`select make_partitions((now() - interval '${days + 1} days')::date, now()::date)`);
  await pool.query(placesSql);
  const events = Math.ceil(deliveries / fanOut);
  for (let first = 0; first < events; first += eventsPerStatement)
    await pool.query(eventsSql, [first, Math.min(first + eventsPerStatement, events) - 1, events]);
  await pool.query(gateSql);
  for (const statement of statisticsSql) await pool.query(statement);
  // A week of traffic would have been vacuumed while it came; and nobody is to pay for writing it to disk.
  await pool.query('vacuum (analyze)');
  await pool.query('checkpoint');
  return found(pool);
}

// The webhooks by number: `tenant * webhooksPerTenant + place`, the rare one last.
const placesSql = `
create unlogged table bench_webhooks as
select (row_number() over (order by t.key = '${rare.tenant}', length(t.key), t.key, w.id))::int - 1 as number, w.id, w.tenant_id, w.environment_id
  from webhooks w join tenants t on t.id = w.tenant_id where t.key like 'tenant%' or t.key = '${rare.tenant}';
create unique index on bench_webhooks (number);
analyze bench_webhooks`;

// Of 1,000 deliveries 970 succeeded, 15 failed, 5 wait, 7 were skipped, 3 cancelled; 40 have a second attempt. Event $3 is now, event 0 ${days} days ago.
const eventsSql = `
with made as materialized (
  select n, uuidv7((n::float8 / $3 - 1) * interval '${days} days') as id,
         now() + (n::float8 / $3 - 1) * interval '${days} days' as at,
         case when n % ${rareEvery} = 7 then ${tenants * webhooksPerTenant} else (n % ${tenants}) * ${webhooksPerTenant} end as webhook,
         case when n % ${rareEvery} = 11 then '${rare.eventType}' else 'order.type' || (n * 7 / ${tenants} % ${eventTypes - 1}) end as event_type
    from generate_series($1::int8, $2::int8) n
),
event_rows as (
  insert into events (id, environment_id, tenant_id, event_type, source_id, event_time, data, dispatch_id, accepted_at)
  select m.id, w.environment_id, w.tenant_id, m.event_type, case when n % 2 = 0 then 'source-' || n end, m.at,
         '{"id":' || n || ',"pad":"' || repeat('x', ${dataChars}) || '"}', gen_random_uuid(), m.at
    from made m join bench_webhooks w on w.number = m.webhook order by n
),
chosen as materialized (
  select m.n, m.id, m.at, w.environment_id, w.tenant_id, w.id as webhook_id, hashint8(m.n * ${fanOut} + j)::int8 & 1023 as draw, m.n * ${fanOut} + j as d
    from made m cross join generate_series(0, ${fanOut - 1}) j
    join bench_webhooks w on w.number = case when m.webhook = ${tenants * webhooksPerTenant} then case j when 0 then m.webhook end
                                              else m.webhook + (m.n / ${tenants} * 3 + j * 5) % ${webhooksPerTenant} end
),
judged as materialized (
  select c.*, case when draw < 15 then 2 when draw < 20 then 0 when draw < 27 then 3 when draw < 30 then 4 else 1 end as status from chosen c
),
delivery_rows as (
  insert into deliveries (environment_id, tenant_id, event_id, webhook_id, status, reason, attempt, failures, due_at, last_status_code, last_error_kind, ended_at)
  select environment_id, tenant_id, id, webhook_id, status,
         case status when 2 then case when d % 400 = 0 then 14 else 13 end when 3 then 3 when 4 then 17 end,
         case when status in (3, 4) then 0 when status = 2 or draw between 30 and 70 then 2 else 1 end,
         case status when 2 then 2 when 0 then 1 else 0 end,
         case when status = 0 then now() + interval '1 day' end,
         case when status = 1 then 200 when status = 2 and d % 3 > 0 then case when d % 5000 = 1 then ${rare.statusCode} else 500 + (d % 4) end end,
         case when status = 0 or status = 2 and d % 3 = 0 then case when d % 3000 = 0 then 3 else 4 end end,
         case when status > 0 then at + interval '50 ms' end
    from judged order by id, webhook_id
)
insert into attempts (environment_id, tenant_id, event_id, webhook_id, n, kind, webhook_version, started_at, ok, status_code, error_kind, duration_ms,
                      first_byte_ms, request_headers, response_headers, response_body)
select environment_id, tenant_id, id, webhook_id, k, case k when 1 then 0 else 1 end, 1, at + k * interval '5 ms', status = 1 and (k = 2 or draw > 70),
       case when status = 1 then 200 else 500 end, null, draw % 300, draw % 200, 'content-type: application/json' || chr(10) || repeat('h', 200),
       'content-type: text/plain' || chr(10) || repeat('h', 60), convert_to('ok', 'UTF8')
  from judged cross join generate_series(1, 2) k
 where status < 3 and (k = 1 or status = 2 or draw between 30 and 70) order by id, webhook_id, k`;

// Every fiftieth webhook is behind an open circuit: what waits there is held.
const gateSql = `
update webhook_state s set circuit = 1, circuit_opened_at = now(), circuit_retry_at = now() + interval '1 day', not_before = now() + interval '1 day'
  from bench_webhooks w where w.id = s.webhook_id and w.number % 50 = 0`;

const counted = [
  'created',
  'succeeded',
  'failed',
  'skipped',
  'cancelled',
  'attempts',
  'attempts_ok',
  'retries',
  'status_5xx',
  'duration_ms_sum',
  'ms_64',
];
const names = counted.join(', ');
const sums = counted.map((name) => `sum(${name})`).join(', ');
const spans = [
  { code: 0, at: 'at', where: `at > now() - interval '26 hours'` },
  { code: 1, at: `date_trunc('hour', at, 'UTC')`, where: 'true' },
  { code: 2, at: `date_trunc('day', at, 'UTC')`, where: 'true' },
] as const;

// As the scheduler would have settled them: by event type, of all types together, and of all tenants together.
const statisticsSql = [
  `create unlogged table bench_minutes as
   select d.environment_id, d.tenant_id, d.webhook_id, e.event_type, date_trunc('minute', e.accepted_at) as at, count(*)::int as created,
          count(*) filter (where status = 1)::int as succeeded, count(*) filter (where status = 2)::int as failed,
          count(*) filter (where status = 3)::int as skipped, count(*) filter (where status = 4)::int as cancelled, sum(attempt)::int as attempts,
          count(*) filter (where status = 1)::int as attempts_ok, count(*) filter (where attempt = 2)::int as retries,
          count(*) filter (where status = 2)::int as status_5xx, (count(*) * 50)::int as duration_ms_sum, sum(attempt)::int as ms_64
     from deliveries d join events e on e.id = d.event_id group by 1, 2, 3, 4, 5`,
  ...spans.flatMap(({ code, at, where }) => [
    `insert into webhook_stats (environment_id, tenant_id, webhook_id, span, at, event_type, slot, ${names})
     select environment_id, tenant_id, webhook_id, ${code + 3}, ${at}, '', 16, ${sums} from bench_minutes where ${where} group by 1, 2, 3, 5`,
    `insert into tenant_stats (environment_id, tenant_id, span, at, event_type, ${names})
     select environment_id, tenant_id, ${code + 3}, ${at}, '', ${sums} from bench_minutes where ${where} group by 1, 2, 4`,
    `insert into tenant_stats (environment_id, tenant_id, span, at, event_type, ${names})
     select environment_id, '00000000-0000-0000-0000-000000000000', ${code + 6}, ${at}, '', ${sums} from bench_minutes where ${where} group by 1, 4`,
    `insert into webhook_stats (environment_id, tenant_id, webhook_id, span, at, event_type, slot, ${names})
     select environment_id, tenant_id, webhook_id, ${code}, ${at}, event_type, 16, ${sums} from bench_minutes where ${where} group by 1, 2, 3, 5, 6`,
    `insert into tenant_stats (environment_id, tenant_id, span, at, event_type, ${names})
     select environment_id, tenant_id, ${code}, ${at}, event_type, ${sums} from bench_minutes where ${where} group by 1, 2, 4, 5`,
  ]),
  `insert into webhook_totals (environment_id, tenant_id, webhook_id, created, succeeded, failed, skipped, cancelled, attempts, attempts_ok, retries, duration_ms_sum)
   select environment_id, tenant_id, webhook_id, sum(created), sum(succeeded), sum(failed), sum(skipped), sum(cancelled), sum(attempts), sum(attempts_ok),
          sum(retries), sum(duration_ms_sum) from bench_minutes group by 1, 2, 3`,
  'drop table bench_minutes',
];

async function found(pool: pg.Pool): Promise<Seeded> {
  const { rows } = await pool.query<{ id: string }>('select id from bench_webhooks order by number');
  const ids = rows.map(({ id }) => id);
  await pool.query('drop table bench_webhooks');
  const times = await pool.query<{ from: Date; to: Date }>(
    `select (select accepted_at from events order by id limit 1) as from, (select accepted_at from events order by id desc limit 1) as to`,
  );
  return {
    webhookIds: ids.slice(0, -1),
    rareWebhookId: ids.at(-1)!,
    fromMs: times.rows[0]!.from.getTime(),
    toMs: times.rows[0]!.to.getTime(),
  };
}
