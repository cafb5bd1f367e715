// Dispatches on their way: claimed by one worker at a time, renewed while it works, fed again by the scheduler when nobody does.
import { numberArray, uuidArray } from './array-literal.js';
import type { HotPool } from './pools.js';

export type DispatchRef = {
  readonly id: string;
  /** The claim that the job was fed under; claiming it raises the number. */
  readonly claim: number;
  /** Smallest and largest event id: bounds that let Postgres skip the partitions of other days. */
  readonly firstEventId: string;
  readonly lastEventId: string;
};

export type FedDispatch = DispatchRef & { readonly shard: number };

export type LoadedEvent = {
  readonly id: string;
  readonly environmentId: string;
  readonly tenantId: string;
  readonly webhooksVersion: number;
  readonly eventType: string;
  readonly eventTimeMs: number;
  readonly acceptedAtMs: number;
  readonly projectFlows: readonly string[];
  readonly data: string;
  readonly currentContext: string | null;
  readonly resources: string | null;
  /** Its payload is gone: nothing of it is sent any more. */
  readonly erased: boolean;
  /** Where its trace goes on, as W3C writes it; null or absent: it has none. */
  readonly traceparent?: string | null;
};

/** Columns of an event and of its tenant's webhooks version, for `eventOf`. */
export const eventColumns = `e.id, e.environment_id, e.tenant_id, e.event_type, e.project_flows, e.data, e.current_context, e.resources,
  e.erased_at is not null as erased, e.traceparent,
  (extract(epoch from e.event_time) * 1000)::float8 as event_time_ms, (extract(epoch from e.accepted_at) * 1000)::float8 as accepted_at_ms, t.webhooks_version`;

export type EventRow = {
  readonly id: string;
  readonly environment_id: string;
  readonly tenant_id: string;
  readonly event_type: string;
  readonly project_flows: string[] | null;
  readonly data: string;
  readonly current_context: string | null;
  readonly resources: string | null;
  readonly erased: boolean;
  readonly traceparent: string | null;
  readonly event_time_ms: number;
  readonly accepted_at_ms: number;
  readonly webhooks_version: number;
};

export const eventOf = (row: EventRow): LoadedEvent => ({
  id: row.id,
  environmentId: row.environment_id,
  tenantId: row.tenant_id,
  webhooksVersion: row.webhooks_version,
  eventType: row.event_type,
  eventTimeMs: row.event_time_ms,
  acceptedAtMs: row.accepted_at_ms,
  projectFlows: row.project_flows ?? [],
  data: row.data,
  currentContext: row.current_context,
  resources: row.resources,
  erased: row.erased,
  traceparent: row.traceparent,
});

/**
 * Claims a dispatch for `leaseMs` and loads its events, in one round trip. Empty: somebody else has it, or it is done; then there is
 * nothing to do. The new claim is `ref.claim + 1`.
 */
export const claimDispatch = async (pool: HotPool, ref: DispatchRef, leaseMs: number): Promise<readonly LoadedEvent[]> => {
  const result = await pool.query<EventRow>({
    name: 'claim-dispatch',
    text: `with claimed as (
             update dispatches set lease_until = now() + $5 * interval '1 ms', claim = claim + 1
              where id = $1 and claim = $2 and set_aside_at is null
             returning event_ids
           )
           select ${eventColumns}
             from claimed c cross join unnest(c.event_ids) as x (id)
             join events e on e.id = x.id and e.id between $3 and $4
             join tenants t on t.id = e.tenant_id`,
    values: [ref.id, ref.claim, ref.firstEventId, ref.lastEventId, leaseMs],
  });
  return result.rows.map(eventOf);
};

/** Which deliveries of these events exist, as `eventId webhookId`: what a claim after the first leaves out. */
export const existingDeliveries = async (pool: HotPool, ref: DispatchRef, eventIds: readonly string[]): Promise<ReadonlySet<string>> => {
  const result = await pool.query<{ event_id: string; webhook_id: string }>({
    name: 'existing-deliveries',
    text: 'select event_id, webhook_id from deliveries where event_id = any ($1::uuid[]) and event_id between $2 and $3',
    values: [uuidArray(eventIds), ref.firstEventId, ref.lastEventId],
  });
  return new Set(result.rows.map((row) => `${row.event_id} ${row.webhook_id}`));
};

/** Renews claims for `leaseMs`; returns those that are still ours. What is missing belongs to somebody else now. */
export const renewClaims = async (
  pool: HotPool,
  claims: readonly { id: string; claim: number }[],
  leaseMs: number,
): Promise<ReadonlySet<string>> => {
  const result = await pool.query<{ id: string }>({
    name: 'renew-claims',
    text: `update dispatches d set lease_until = now() + $3 * interval '1 ms'
             from (select d.id from dispatches d join unnest($1::uuid[], $2::int[]) as t (id, claim) on t.id = d.id and t.claim = d.claim
                    order by d.id for update of d) mine
            where d.id = mine.id
           returning d.id`,
    values: [uuidArray(claims.map((each) => each.id)), numberArray(claims.map((each) => each.claim)), leaseMs],
  });
  return new Set(result.rows.map((row) => row.id));
};

/**
 * Gives up dispatches that nobody has claimed under these numbers: whoever looks after `afterMs` may have them. Their claims stay as they
 * are, so that a job of theirs that waits in the queue all the same stays good.
 */
export const giveBackDispatches = async (
  pool: HotPool,
  dispatches: readonly { id: string; claim: number }[],
  afterMs = 0,
): Promise<void> => {
  await pool.query({
    name: 'give-back-dispatches',
    text: `update dispatches d set lease_until = now() + $3 * interval '1 ms'
             from (select d.id from dispatches d join unnest($1::uuid[], $2::int[]) as t (id, claim) on t.id = d.id and t.claim = d.claim
                    order by d.id for update of d) ours
            where d.id = ours.id`,
    values: [uuidArray(dispatches.map((each) => each.id)), numberArray(dispatches.map((each) => each.claim)), afterMs],
  });
};

/**
 * Takes up to `dispatchesMax` dispatches of some shards that are nobody's, oldest first, for feeding them to shard `to`; moves their
 * lease and their shard alone, never their claim (jobs that still wait in the queue stay good).
 */
export const leaseDispatches = async (
  pool: HotPool,
  from: readonly number[],
  to: number,
  dispatchesMax: number,
  leaseMs: number,
): Promise<readonly FedDispatch[]> => {
  if (dispatchesMax <= 0) return [];
  const result = await pool.query<{ id: string; claim: number; shard: number; first_id: string; last_id: string }>({
    name: 'lease-dispatches',
    text: `update dispatches d set lease_until = now() + $3 * interval '1 ms', shard = $4
             from (select id from dispatches where lease_until <= now() and set_aside_at is null and shard = any ($1::smallint[])
                    order by lease_until limit $2 for update skip locked) due
            where d.id = due.id
           returning d.id, d.claim, d.shard, (select min(x::text) from unnest(d.event_ids) x) as first_id, (select max(x::text) from unnest(d.event_ids) x) as last_id`,
    values: [numberArray(from), dispatchesMax, leaseMs, to],
  });
  return result.rows.map((row) => ({
    id: row.id,
    claim: row.claim,
    shard: row.shard,
    firstEventId: row.first_id,
    lastEventId: row.last_id,
  }));
};

/** After shards of the queue lost their data: what was fed to them and nobody has claimed is due now. Claimed dispatches run out by themselves. */
export const makeUnclaimedDispatchesDue = async (pool: HotPool, shards: readonly number[]): Promise<number> => {
  const result = await pool.query({
    name: 'unclaimed-due',
    text: 'update dispatches set lease_until = now() where claim = 0 and lease_until > now() and shard = any ($1::smallint[])',
    values: [numberArray(shards)],
  });
  return result.rowCount ?? 0;
};

/**
 * Replaces a dispatch, which this claim holds, by one dispatch for each of its events, due at once: a worker died of it more than once, and
 * so only the event that is to blame goes on to do so.
 */
export const splitDispatch = async (
  pool: HotPool,
  dispatch: { readonly id: string; readonly claim: number },
  newId: () => string,
): Promise<void> => {
  const found = await pool.query<{ count: number }>({
    text: 'select cardinality(event_ids) as count from dispatches where id = $1',
    values: [dispatch.id],
  });
  const ids = Array.from({ length: found.rows[0]?.count ?? 0 }, newId);
  await pool.query({
    text: `with whole as (delete from dispatches where id = $1 and claim = $2 returning event_ids, shard),
                part as (select p.id, p.event_id, whole.shard from whole cross join unnest($3::uuid[], whole.event_ids) as p (id, event_id)),
                moved as (update events e set dispatch_id = part.id from part where e.id = part.event_id)
           insert into dispatches (id, event_ids, shard, claim, lease_until)
           select id, array[event_id], shard, $2, now() from part`,
    values: [dispatch.id, dispatch.claim, ids],
  });
};

/** Takes a dispatch of a single event, which this claim holds, out of the way: whoever works on it dies. Nothing feeds it any more. */
export const setAsideDispatch = async (pool: HotPool, id: string, claim: number): Promise<void> => {
  await pool.query({ text: 'update dispatches set set_aside_at = now() where id = $1 and claim = $2', values: [id, claim] });
};
