// What explain needs to know of an event and of webhooks: as they are now, and as they were when the event was accepted, as far as versions and
// timeline tell. Deleted webhooks are read too, for their history stays.
import { aheadMax, defaultRetryScheduleS, type ExplainFacts } from '@posthorn/core';
import { type RawBuilder, sql } from 'kysely';
import { deliveryOf, type ExplainedRow, stateNow, stateThen, versionsOf } from './explained-row.js';
import type { Database } from './pools.js';
import type { Reach } from './reading.js';

export type EventToExplain = {
  readonly id: string;
  readonly tenantId: string;
  readonly isFannedOut: boolean;
  readonly event: ExplainFacts['event'];
};

/** An event in reach, or undefined. */
export const findEventToExplain = async (db: Database, reach: Reach, id: string): Promise<EventToExplain | undefined> => {
  let query = db
    .selectFrom('events as e')
    .innerJoin('tenants as t', 't.id', 'e.tenant_id')
    .select([
      'e.id',
      'e.tenant_id',
      't.key',
      'e.event_type',
      'e.project_flows',
      'e.data',
      'e.current_context',
      'e.accepted_at',
      'e.erased_at',
    ])
    .select(sql<boolean>`exists (select from dispatches d where d.id = e.dispatch_id)`.as('is_waiting'))
    .where('e.id', '=', id)
    .where('e.environment_id', '=', reach.environmentId);
  if (reach.tenantId !== null) query = query.where('e.tenant_id', '=', reach.tenantId);
  const row = await query.executeTakeFirst();
  if (row === undefined) return undefined;
  return {
    id: row.id,
    tenantId: row.tenant_id,
    isFannedOut: !row.is_waiting,
    event: {
      tenant: row.key,
      eventType: row.event_type,
      projectFlows: row.project_flows ?? [],
      currentContext: row.current_context,
      data: row.data,
      acceptedAtMs: row.accepted_at.getTime(),
      isErased: row.erased_at !== null,
    },
  };
};

/** Of which webhooks: one in reach, or a page of a tenant's, newest first, those that were deleted before the event left out. */
export type WebhooksToExplain =
  | { readonly reach: Reach; readonly webhookId: string }
  | { readonly tenantId: string; readonly beforeId: string | null; readonly limit: number };

/** Everything but the event itself. */
export type ExplainedWebhook = { readonly id: string } & Pick<ExplainFacts, 'nowMs' | 'webhook' | 'versions' | 'state' | 'delivery'>;

const defaultMaxInFlight = 20;
/** A webhook whose earliest delivery has been due for so long gets no new events inline (see the worker's limits). */
const behindAfterS = 5;
/** How many versions after the event's acceptance are looked at. */
const laterVersionsMax = 20;

/** A lane of the webhook's deliveries that are due and come before the explained one; without one all of them. */
const aheadIn = (lane: 'null' | 'not null', isBefore: RawBuilder<unknown>) => sql`(
  select count(*)::int from (
    select from deliveries x
     where x.webhook_id = w.id and x.status = 0 and x.replay_id is ${sql.raw(lane)} and x.due_at <= now() and ${isBefore} limit ${sql.lit(aheadMax)}) y)`;
const isEarlier = sql`(x.due_at, x.event_id) < (d.due_at, d.event_id)`;
const ahead = sql`least(${sql.lit(aheadMax)}::integer, case
  when d.event_id is null and s.due_at < now() - make_interval(secs => ${sql.lit(behindAfterS)}) then ${aheadIn('null', sql`true`)}
  when d.event_id is null or d.status <> 0 or d.due_at > now() then 0
  when d.replay_id is null then ${aheadIn('null', isEarlier)}
  else ${aheadIn('null', sql`true`)} + ${aheadIn('not null', isEarlier)} end)`;

const isChunkOut = sql`(s.circuit = 0 and s.out_until > now())`;

/** What the timeline says of a time: its last entry of one of these kinds. */
const lastOf = (...kinds: readonly string[]) => sql`(
  select jsonb_build_object('kind', x.kind, 'at', x.at, 'count', x.circuit_failure_count,
                            'reason', coalesce(x.details ->> 'reason', case x.kind when 'disabled' then 'by_hand' end))
    from webhook_timeline x
   where x.webhook_id = w.id and x.at <= e.accepted_at and x.kind in (${sql.join(kinds.map((kind) => sql.lit(kind)))})
   order by x.at desc, x.sequence desc limit 1)`;

const columns = sql`
  w.id, w.version, w.event_types, w.project_flows, w.context, w.filter, w.created_at, w.updated_at, t.key as tenant_key, now() as now,
  coalesce(w.created_at > e.accepted_at, false) as is_created_later,
  1 + coalesce(cardinality(w.retry_schedule_s),
               case when jsonb_typeof(n.settings -> 'retry_schedule_s') = 'array' then jsonb_array_length(n.settings -> 'retry_schedule_s') end,
               ${sql.lit(defaultRetryScheduleS.length)}::integer) as attempts_max,
  coalesce(w.max_in_flight, (n.settings ->> 'max_in_flight')::integer, ${sql.lit(defaultMaxInFlight)}::integer) as max_in_flight,
  coalesce(s.deleted_at, w.deleted_at) as deleted_at, s.disabled_at, s.disabled_reason, s.paused_at,
  s.circuit, s.circuit_failure_count, s.circuit_opened_at, s.circuit_retry_at, s.rate_max, s.rate_per_s,
  case when s.hold_until > now() then s.hold_until end as hold_until,
  case when s.rate_max is not null and not ${isChunkOut}
       then (select case when rate_room(s.rate_max, s.rate_per_s, l.times, l.counts, now()) = 0 then l.times[1] + make_interval(secs => s.rate_per_s) end
               from rate_settled(s.rate_per_s, s.rate_times, s.rate_counts, s.out_until, now()) l) end as rate_full_until,
  ${isChunkOut} and (d.event_id is not null or s.rate_max is not null) as is_chunk_out,
  ${ahead} as ahead,
  d.status, d.reason, coalesce(d.out and d.due_at > now(), false) as is_out, d.due_at, d.failures, d.shape, d.last_status_code, d.last_error_kind, d.ended_at,
  (select count(*)::int from attempts a where a.event_id = d.event_id and a.webhook_id = d.webhook_id) as attempts,
  (select a.error from attempts a where a.event_id = d.event_id and a.webhook_id = d.webhook_id order by a.n desc limit 1) as last_error,
  case when d.event_id is null and e.id is not null then (
    select jsonb_agg(jsonb_build_object('version', v.version, 'changed_at', v.changed_at, 'snapshot', v.snapshot) order by v.version)
      from ((select * from webhook_versions v where v.webhook_id = w.id and v.changed_at <= e.accepted_at order by v.version desc limit 1)
            union all
            (select * from webhook_versions v where v.webhook_id = w.id and v.changed_at > e.accepted_at order by v.version limit ${sql.lit(laterVersionsMax)})) v
  ) end as snapshots,
  ${lastOf('paused', 'resumed')} as pause_then,
  ${lastOf('disabled', 'enabled')} as switch_then,
  ${lastOf('circuit_opened', 'circuit_reopened', 'circuit_closed', 'circuit_reset')} as circuit_then`;

/** The facts of webhooks about an event; null: about one that does not exist, as things stand now. */
export const readExplainedWebhooks = async (
  db: Database,
  event: EventToExplain | null,
  which: WebhooksToExplain,
): Promise<readonly ExplainedWebhook[]> => {
  const eventId = sql`${event?.id ?? null}::uuid`;
  const { rows } = await sql<ExplainedRow>`
    select ${columns}
      from webhooks w
      join tenants t on t.id = w.tenant_id
      join environments n on n.id = w.environment_id
      join webhook_state s on s.webhook_id = w.id
      left join events e on e.id = ${eventId}
      left join deliveries d on d.event_id = ${eventId} and d.webhook_id = w.id
     where ${whereOf(which)}
     order by w.id desc limit ${'limit' in which ? which.limit : 1}`.execute(db);
  return rows.map((row) => ({
    id: row.id,
    nowMs: row.now.getTime(),
    webhook: { tenant: row.tenant_key, createdAtMs: row.created_at.getTime(), isCreatedLater: row.is_created_later },
    versions: versionsOf(row, event?.isFannedOut === true),
    state: row.status === null && event?.isFannedOut === true ? stateThen(row) : stateNow(row),
    delivery: deliveryOf(row),
  }));
};

const whereOf = (which: WebhooksToExplain) => {
  if ('webhookId' in which) {
    const { environmentId, tenantId } = which.reach;
    const inTenant = tenantId === null ? sql`true` : sql`w.tenant_id = ${tenantId}::uuid`;
    return sql`w.id = ${which.webhookId}::uuid and w.environment_id = ${environmentId}::uuid and ${inTenant}`;
  }
  const { tenantId, beforeId } = which;
  const isBefore = beforeId === null ? sql`true` : sql`w.id < ${beforeId}::uuid`;
  return sql`w.tenant_id = ${tenantId}::uuid and (w.deleted_at is null or w.deleted_at > e.accepted_at) and ${isBefore}`;
};
