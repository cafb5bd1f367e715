// What a digest says of a webhook beside its counts: when the first and the last delivery came, what still waits, and the newest ones.
import { type DigestFacts, percentile } from '@posthorn/core';
import { numberArray, uuidArray } from './array-literal.js';
import type { Delivered } from './digest-counts.js';
import { groupBy, type MailedWebhook } from './mailroom.js';
import type { HotPool } from './pools.js';
import { latencyBoundsMs } from './stats-buckets.js';
import { settledSlot, spans } from './stats-columns.js';

export type DigestedWebhook = DigestFacts & { readonly webhook: MailedWebhook };
/** A webhook of which something was delivered since `told_at`. */
type ToDescribe = {
  readonly webhook_id: string;
  readonly name: string | null;
  readonly url: string;
  readonly tenant: string;
  readonly told_at: Date;
  /** Its circuit is not closed, or it is paused: what waits is held. */
  readonly gated: boolean;
  readonly delivered: Delivered;
};

type Times = { webhook_id: string; first_at: Date; last_at: Date; waiting: number };
const balance = `created - succeeded - failed - skipped - cancelled + succeeded_again + failed_again + skipped_again + cancelled_again`;

// $1 webhooks, $2 when each was told last, in seconds.
const timesSql = `
select u.webhook_id, greatest(coalesce(m.first_at, u.told_at), u.told_at) as first_at, greatest(m.last_at, coalesce(m.first_at, u.told_at), u.told_at) as last_at,
       coalesce((select sum(${balance}) from webhook_stats s where s.webhook_id = u.webhook_id and s.slot < ${settledSlot}), 0)::int8
         + coalesce((select ${balance} from webhook_totals s where s.webhook_id = u.webhook_id), 0)::int8 as waiting
  from (select webhook_id, to_timestamp(told_s) as told_at from unnest($1::uuid[], $2::float8[]) as u (webhook_id, told_s)) u
  left join lateral (
    select min(at) as first_at, max(last_success_at) as last_at from webhook_stats s
     where s.webhook_id = u.webhook_id and s.span = ${spans.minute} and s.at >= date_trunc('minute', u.told_at) and s.succeeded > 0
  ) m on true`;

// $1 webhooks, $2 how many of each, $3 deliveries looked at, $4 when each was told last, in seconds. What was committed after that began a little before.
const newestSql = `
select d.webhook_id, d.event_id, d.ended_at, e.event_type
  from unnest($1::uuid[], $2::int[], $4::float8[]) as u (webhook_id, newest, told_s)
  cross join lateral (
    select l.* from (select webhook_id, event_id, status, ended_at from deliveries where webhook_id = u.webhook_id order by event_id desc limit $3) l
     where l.status = 1 and l.ended_at >= to_timestamp(u.told_s) - interval '1 minute' order by l.event_id desc limit u.newest
  ) d join events e on e.id = d.event_id
 order by d.event_id desc`;

const idsOf = (all: readonly ToDescribe[]): string => uuidArray(all.map(({ webhook_id }) => webhook_id));
const toldS = (all: readonly ToDescribe[]): string => numberArray(all.map(({ told_at }) => told_at.getTime() / 1_000));

/** The digests of webhooks as a mail tells them; only those that it names have links. */
export const describeDigests = async (
  connection: HotPool,
  digested: readonly ToDescribe[],
  named: readonly ToDescribe[],
  { newestMax, lookedAtMax }: { readonly newestMax: number; readonly lookedAtMax: number },
): Promise<ReadonlyMap<string, DigestedWebhook>> => {
  const times = await connection.query<Times>(timesSql, [idsOf(digested), toldS(digested)]);
  const timesOf = new Map(times.rows.map((row) => [row.webhook_id, row]));
  const newest = await connection.query<{ webhook_id: string; event_id: string; ended_at: Date; event_type: string }>(newestSql, [
    idsOf(named),
    numberArray(named.map(({ delivered }) => Math.min(delivered.total, newestMax))),
    lookedAtMax,
    toldS(named),
  ]);
  const newestOf = groupBy(newest.rows, (row) => row.webhook_id);
  return new Map(
    digested.map(({ webhook_id: id, name, url, tenant, gated, delivered }) => {
      const { first_at, last_at, waiting } = timesOf.get(id)!;
      const p95Ms = percentile(latencyBoundsMs, delivered.latency, delivered.attempts, 0.95);
      const digest = {
        webhook: { id, name, url, tenant },
        byType: delivered.byType,
        firstAt: first_at,
        lastAt: last_at,
        p95Ms: p95Ms === null ? null : Math.round(p95Ms),
        pending: gated ? 0 : waiting,
        held: gated ? waiting : 0,
        newest: (newestOf.get(id) ?? []).map((row) => ({
          deliveryId: `${row.event_id}.${id}`,
          eventType: row.event_type,
          at: row.ended_at,
        })),
      };
      return [id, digest];
    }),
  );
};
