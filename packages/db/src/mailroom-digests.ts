// Digests: what was delivered of the webhooks that want to know, at most once in a window an address, and only if something was. What one of them told stands
// as a closed notification and in `digests`, written in the transaction that adds its mail.
import type { Letter } from '@posthorn/core';
import { type Counted, type Delivered, deliveredSince, lateDays, readCounted } from './digest-counts.js';
import { type DigestedWebhook, describeDigests } from './digest-facts.js';
import { addMails, type Composed, groupBy, inMailroom, type MailroomOptions, type NewMail, type News } from './mailroom.js';
import type { HotPool } from './pools.js';
import { latencyBoundsMs } from './stats-buckets.js';
import { settledSlot, spans } from './stats-columns.js';

export type MailedDigest = News<DigestedWebhook>;

/** Webhooks that a transaction looks at, that a mail names, and whose newest deliveries it links to; deliveries among which these are looked for. */
export type DigestBounds = {
  readonly webhooksMax: number;
  readonly namedMax: number;
  readonly newestMax: number;
  readonly lookedAtMax: number;
};
export const digestBounds: DigestBounds = { webhooksMax: 1_000, namedMax: 50, newestMax: 10, lookedAtMax: 200 };

// $1 window in ms, $2 webhooks. What came before a webhook wanted digests counts as told; it is known to the minute, for as long as minutes are kept.
const enrolSql = `
with fresh as materialized (
  select w.id, w.since, date_trunc('day', w.since, 'UTC') - interval '${lateDays} days' as from_day
    from (select *, greatest(updated_at, now() - interval '1 hour') as since from webhooks) w
   where w.notification_success and w.deleted_at is null and not exists (select from digests d where d.webhook_id = w.id) limit $2
),
counted as (
  select f.id, s.event_type, sum(sign * succeeded) as succeeded, sum(sign * attempts) as attempts,
         array[${latencyBoundsMs.map((bound) => `sum(sign * ms_${bound})`).join(', ')}] as latency
    from fresh f cross join lateral (
      select 1 as sign, s.* from webhook_stats s
       where webhook_id = f.id and slot < ${settledSlot} and at >= from_day and at < date_trunc('minute', since)
      union all
      select 1, s.* from webhook_stats s where webhook_id = f.id and span = ${spans.day} and slot = ${settledSlot} and at >= from_day
      union all
      select -1, s.* from webhook_stats s where webhook_id = f.id and span = ${spans.minute} and slot = ${settledSlot} and at >= date_trunc('minute', since)
    ) s group by f.id, s.event_type
)
insert into digests (webhook_id, told_at, due_at, told)
select f.id, f.since, f.since + make_interval(secs => $1 / 1000.0),
       jsonb_build_object('from', to_char(f.from_day at time zone 'UTC', 'YYYY-MM-DD'),
         'by_type', coalesce((select jsonb_object_agg(event_type, succeeded) from counted c where c.id = f.id), '{}'),
         'attempts', coalesce((select sum(attempts) from counted c where c.id = f.id), 0),
         'latency', coalesce((select jsonb_agg(n order by i) from (
           select i, sum(n) as n from counted c cross join unnest(c.latency) with ordinality as l (n, i) where c.id = f.id group by i) l), '[]'))
  from fresh f
    on conflict (webhook_id) do nothing`;

/** Begins to count for webhooks that want digests since lately, up to `webhooksMax`; returns for how many. */
export const enrolDigests = async (pool: HotPool, windowMs: number, webhooksMax: number): Promise<number> =>
  (await pool.query(enrolSql, [windowMs, webhooksMax])).rowCount ?? 0;

type Candidate = {
  webhook_id: string;
  environment_id: string;
  tenant_id: string;
  environment: string;
  name: string | null;
  url: string;
  tenant: string;
  address: string | null;
  told_at: Date;
  told: Counted;
  gated: boolean;
};

// $1 operator's address, $2 window in ms, $3 webhooks. Of those that are due: who has no digest any more is forgotten, whose address had one lately is put off,
// the others are returned.
const candidatesSql = `
with due as materialized (
  select d.*, w.environment_id, w.tenant_id, w.name, w.url, w.notification_success and w.deleted_at is null and t.erasing_at is null as wanted,
         t.key as tenant, coalesce(w.notification_email, t.email, $1::text) as address
    from (select * from digests where due_at <= now() order by due_at limit $3) d
    join webhooks w on w.id = d.webhook_id join tenants t on t.id = w.tenant_id
),
addresses as materialized (
  select environment_id, address,
         (select max(m.created_at) from mails m
           where m.environment_id = a.environment_id and m.address = a.address and m.kind = 'digest'
             and m.created_at > now() - make_interval(secs => $2 / 1000.0)) as mailed_at
    from (select distinct environment_id, address from due where wanted) a
),
forgotten as (
  delete from digests d using due where d.webhook_id = due.webhook_id and not due.wanted
),
put_off as (
  update digests d set due_at = a.mailed_at + make_interval(secs => $2 / 1000.0) from due join addresses a using (environment_id, address)
   where d.webhook_id = due.webhook_id and due.wanted and a.mailed_at is not null
)
select d.webhook_id, d.environment_id, d.tenant_id, e.name as environment, d.name, d.url, d.tenant, d.address, d.told_at, d.told,
       coalesce(s.circuit <> 0 or s.paused_at is not null, true) as gated
  from due d join environments e on e.id = d.environment_id
  left join webhook_state s on s.webhook_id = d.webhook_id
  left join addresses a on a.environment_id = d.environment_id and a.address = d.address
 where d.wanted and a.mailed_at is null`;

type Digested = Candidate & { readonly delivered: Delivered; readonly next: Counted };

/** A digest as its notification keeps it. */
const detailsOf = ({ byType, firstAt, lastAt, p95Ms, pending, held, newest }: DigestedWebhook): Readonly<Record<string, unknown>> => ({
  by_type: byType.map(({ eventType, count }) => ({ event_type: eventType, count })),
  first_at: firstAt,
  last_at: lastAt,
  p95_ms: p95Ms,
  pending,
  held,
  newest: newest.map(({ deliveryId, eventType, at }) => ({ delivery_id: deliveryId, event_type: eventType, at })),
});

const noteSql = `
insert into notifications (id, environment_id, tenant_id, webhook_id, kind, count, first_at, last_at, details, closed_at, outcome, mail_id)
select new_uuidv7(), environment_id, tenant_id, webhook_id, 'deliveries_succeeded', count, first_at, last_at, details, now(), outcome, mail_id
  from jsonb_to_recordset($1::jsonb) as n (environment_id uuid, tenant_id uuid, webhook_id uuid, count bigint, first_at timestamptz, last_at timestamptz,
                                           details jsonb, outcome text, mail_id uuid)`;

// $1 what is told by now, of webhooks; $2 window in ms. What told nothing keeps the time of its last digest.
const rememberSql = `
update digests d set told = n.told, told_at = case when n.is_told then now() else d.told_at end, due_at = now() + make_interval(secs => $2 / 1000.0)
  from jsonb_to_recordset($1::jsonb) as n (webhook_id uuid, told jsonb, is_told boolean) where d.webhook_id = n.webhook_id`;

const outcomeOf = (address: string | null, canSend: boolean) => (address === null ? 'nobody' : canSend ? 'mailed' : 'no_mail_server');

/** Webhooks that are due, with what was delivered of each. */
const lookAtDue = async (connection: HotPool, operatorEmail: string | null, windowMs: number, webhooksMax: number): Promise<Digested[]> => {
  const { rows } = await connection.query<Candidate>(candidatesSql, [operatorEmail, windowMs, webhooksMax]);
  const counted = await readCounted(
    connection,
    rows.map(({ webhook_id, told }) => ({ webhookId: webhook_id, from: told.from })),
  );
  return rows.map((row) => {
    const { now, next } = counted.get(row.webhook_id)!;
    return { ...row, next, delivered: deliveredSince(row.told, now) };
  });
};

type DigestMail = NewMail & { readonly webhookIds: readonly string[]; readonly digest: MailedDigest };

/** One mail an address; of webhooks that are not named it tells how many there are. */
const mailsOf = async (
  connection: HotPool,
  groups: readonly (readonly Digested[])[],
  digests: ReadonlyMap<string, DigestedWebhook>,
  namedMax: number,
): Promise<readonly DigestMail[]> => {
  const text = 'select new_uuidv7() as id from generate_series(1, $1::int)';
  const { rows: ids } = await connection.query<{ id: string }>(text, [groups.length]);
  return groups.map((group, index) => {
    const { environment_id, environment, address } = group[0]!;
    const webhookIds = group.map(({ webhook_id }) => webhook_id);
    const webhooks = webhookIds.slice(0, namedMax).map((id) => digests.get(id)!);
    const digest = { environment, webhooks, more: group.length - webhooks.length };
    return { id: ids[index]!.id, environmentId: environment_id, address: address ?? '', webhookIds, digest };
  });
};

/** The digests that are due, in mails; at most so many webhooks at a time, those that wait longest first. Does nothing while somebody else composes. */
export const composeDigests = (
  pool: HotPool,
  { operatorEmail, canSend, windowMs }: Omit<MailroomOptions, 'gatherMs'>,
  write: (digest: MailedDigest) => Letter,
  bounds: DigestBounds = digestBounds,
): Promise<Composed> =>
  inMailroom(pool, async (connection) => {
    const looked = await lookAtDue(connection, operatorEmail, windowMs, bounds.webhooksMax);
    const digested = looked.filter(({ delivered }) => delivered.total > 0).sort((a, b) => b.delivered.total - a.delivered.total);
    const mailed = digested.filter(({ address }) => outcomeOf(address, canSend) === 'mailed');
    const groups = [...groupBy(mailed, ({ environment_id, address }) => `${environment_id} ${address}`).values()];
    const named = groups.flatMap((group) => group.slice(0, bounds.namedMax));
    const digests = await describeDigests(connection, digested, named, bounds);
    const mails = await mailsOf(connection, groups, digests, bounds.namedMax);
    const errors = await addMails(connection, 'digest', mails, ({ digest }) => write(digest));
    const mailOf = new Map(mails.flatMap(({ id, webhookIds }) => webhookIds.map((webhookId) => [webhookId, id])));
    const notes = digested.map(({ environment_id, tenant_id, webhook_id, address, delivered }) => {
      const digest = digests.get(webhook_id)!;
      const [outcome, details] = [outcomeOf(address, canSend), detailsOf(digest)];
      const told = { count: delivered.total, first_at: digest.firstAt, last_at: digest.lastAt, details };
      return { environment_id, tenant_id, webhook_id, ...told, outcome, mail_id: mailOf.get(webhook_id) ?? null };
    });
    await connection.query(noteSql, [JSON.stringify(notes)]);
    await connection.query(rememberSql, [JSON.stringify(looked.map(rememberedOf)), windowMs]);
    return { mails: mails.length - errors.length, closed: notes.length, more: looked.length === bounds.webhooksMax, errors };
  });

/** What told nothing is compared with the same the next time, unless that is of days that are too old. */
const rememberedOf = ({ webhook_id, told, next, delivered }: Digested) => {
  const isTold = delivered.total > 0;
  return { webhook_id, told: isTold || next.from > told.from ? next : told, is_told: isTold };
};
