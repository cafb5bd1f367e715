// Accepting events: one statement commits the events of a micro-batch and their dispatch; only then is there a 202.
import { bytesColumn, numberColumn, textArrayColumn, textColumn, uuidColumn } from './array-literal.js';
import type { HotPool } from './pools.js';

export type PreparedEvent = {
  readonly environmentId: string;
  readonly tenantId: string;
  readonly eventType: string;
  readonly sourceId: string | null;
  readonly eventTimeMs: number | null;
  readonly projectFlows: readonly string[];
  readonly data: string;
  readonly currentContext: string | null;
  readonly resources: string | null;
  /** SHA-256 of the producer's bytes; only where there is a key. */
  readonly bodyHash: Buffer | null;
  /** The idempotency key (sourceId, or the header's). */
  readonly key: string | null;
  /** Where its trace goes on, as W3C writes it; absent: it has none. */
  readonly traceparent?: string;
};

/** An event with what its batch decided: its id (UUIDv7, tells the partition), its dispatch, and that dispatch's queue shard. */
export type NewEvent = { readonly event: PreparedEvent; readonly id: string; readonly dispatchId: string; readonly shard: number };

/** A dispatch that was made, with the events it really carries. */
export type StoredDispatch = { readonly id: string; readonly shard: number; readonly eventIds: readonly string[] };

/** The row that a key already has. */
export type KeptEvent = { readonly eventId: string; readonly bodyHash: Buffer };

const traceColumn = (traced: boolean): string => (traced ? ', traceparent' : '');

// Keys come first and in key order, so two batches with the same keys wait for each other instead of deadlocking; events and
// dispatch take only rows whose key was won. In the first minute of a window a key is taken in the last window too, so that two
// processes that see the turn differently still meet on one row.
// `traced`: the events have traces. Where they have none, the column is not named at all, and costs nothing.
const ingestSql = (traced: boolean): string => `
with input as materialized (
  select *, date_bin($15::interval, now(), 'epoch'::timestamptz) as this_window,
         date_bin($15::interval, now() - interval '1 minute', 'epoch'::timestamptz) as turn_window
    from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::float8[], $7::text[], $8::text[], $9::text[], $10::text[],
                $11::bytea[], $12::text[], $13::uuid[], $14::int2[]${traced ? ', $17::text[]' : ''})
      as t (id, environment_id, tenant_id, event_type, source_id, event_time_ms, project_flows, data, current_context, resources, body_hash, key,
            dispatch_id, shard${traceColumn(traced)})
),
free as (
  select * from input i
   where key is not null
     and not exists (select from idempotency_keys k where k.window_start = i.this_window - $15::interval and k.tenant_id = i.tenant_id and k.key = i.key)
),
turn as (
  insert into idempotency_keys (window_start, tenant_id, key, event_id, body_hash)
  select turn_window, tenant_id, key, id, body_hash from free where turn_window <> this_window order by tenant_id, key
  on conflict do nothing returning event_id
),
won as (
  insert into idempotency_keys (window_start, tenant_id, key, event_id, body_hash)
  select this_window, tenant_id, key, id, body_hash from free
   where turn_window = this_window or id in (select event_id from turn)
   order by tenant_id, key
  on conflict do nothing returning event_id
),
taken as (
  select * from input where key is null or id in (select event_id from won)
),
stored as (
  insert into events (id, environment_id, tenant_id, event_type, source_id, event_time, project_flows, data, current_context, resources, dispatch_id${traceColumn(traced)})
  select id, environment_id, tenant_id, event_type, source_id, coalesce(to_timestamp(event_time_ms / 1000), date_trunc('milliseconds', now())),
         project_flows::text[], data, current_context, resources, dispatch_id${traceColumn(traced)}
    from taken
)
insert into dispatches (id, event_ids, shard, lease_until)
select dispatch_id, array_agg(id order by id), min(shard), now() + $16 * interval '1 ms' from taken group by dispatch_id
returning id, shard, event_ids`;

// The same where no event has a key.
const ingestWithoutKeysSql = (traced: boolean): string => `
with input as materialized (
  select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::float8[], $7::text[], $8::text[], $9::text[], $10::text[],
                       $11::uuid[], $12::int2[]${traced ? ', $14::text[]' : ''})
      as t (id, environment_id, tenant_id, event_type, source_id, event_time_ms, project_flows, data, current_context, resources, dispatch_id, shard${traceColumn(traced)})
),
stored as (
  insert into events (id, environment_id, tenant_id, event_type, source_id, event_time, project_flows, data, current_context, resources, dispatch_id${traceColumn(traced)})
  select id, environment_id, tenant_id, event_type, source_id, coalesce(to_timestamp(event_time_ms / 1000), date_trunc('milliseconds', now())),
         project_flows::text[], data, current_context, resources, dispatch_id${traceColumn(traced)}
    from input
)
insert into dispatches (id, event_ids, shard, lease_until)
select dispatch_id, array_agg(id order by id), min(shard), now() + $13 * interval '1 ms' from input group by dispatch_id
returning id, shard, event_ids`;

const statement = (name: string, sqlOf: (traced: boolean) => string) => ({
  untraced: { name, text: sqlOf(false) },
  traced: { name: `${name}-traced`, text: sqlOf(true) },
});
const ingest = statement('ingest', ingestSql);
const ingestWithoutKeys = statement('ingest-without-keys', ingestWithoutKeysSql);

/** The column of the traces, if there are any. */
const tracesOf = (events: readonly NewEvent[]): readonly string[] => {
  if (events.every(({ event }) => event.traceparent === undefined)) return [];
  const traces = textColumn();
  for (const { event } of events) traces.push(event.traceparent ?? null);
  return [traces.literal()];
};

type Columns = ReturnType<typeof newColumns>;
const newColumns = () => ({
  id: uuidColumn(),
  environmentId: uuidColumn(),
  tenantId: uuidColumn(),
  eventType: textColumn(),
  sourceId: textColumn(),
  eventTimeMs: numberColumn(),
  projectFlows: textArrayColumn(),
  data: textColumn(),
  currentContext: textColumn(),
  resources: textColumn(),
  bodyHash: bytesColumn(),
  key: textColumn(),
  dispatchId: uuidColumn(),
  shard: numberColumn(),
});

const pushEvent = (columns: Columns, { event, id, dispatchId, shard }: NewEvent): void => {
  columns.id.push(id);
  columns.environmentId.push(event.environmentId);
  columns.tenantId.push(event.tenantId);
  columns.eventType.push(event.eventType);
  columns.sourceId.push(event.sourceId);
  columns.eventTimeMs.push(event.eventTimeMs);
  columns.projectFlows.push(event.projectFlows.length === 0 ? null : event.projectFlows);
  columns.data.push(event.data);
  columns.currentContext.push(event.currentContext);
  columns.resources.push(event.resources);
  columns.bodyHash.push(event.bodyHash);
  columns.key.push(event.key);
  columns.dispatchId.push(dispatchId);
  columns.shard.push(shard);
};

/**
 * Commits `events` and their dispatches in one transaction; no key may stand in it twice. Returns the dispatches with the events that were
 * stored; the others lost their idempotency key to an earlier event (`findKeptEvents` tells which).
 * @param leaseMs how long a dispatch waits for its first claim before the scheduler may feed it (again); 0: nobody enqueues it
 */
export const insertEvents = async (
  pool: HotPool,
  events: readonly NewEvent[],
  leaseMs: number,
  idempotencyHours: number,
): Promise<readonly StoredDispatch[]> => {
  const columns = newColumns();
  for (const event of events) pushEvent(columns, event);
  const { bodyHash: _bodyHash, key: _key, ...rest } = columns;
  const literalsOf = (some: Readonly<Record<string, { readonly literal: () => string }>>) =>
    Object.values(some).map((column) => column.literal());
  const traces = tracesOf(events);
  const kind = traces.length === 0 ? 'untraced' : 'traced';
  const result = await pool.query<{ id: string; shard: number; event_ids: string[] }>(
    events.every(({ event }) => event.key === null)
      ? { ...ingestWithoutKeys[kind], values: [...literalsOf(rest), leaseMs, ...traces] }
      : { ...ingest[kind], values: [...literalsOf(columns), `${idempotencyHours} hours`, leaseMs, ...traces] },
  );
  return result.rows.map((row) => ({ id: row.id, shard: row.shard, eventIds: row.event_ids }));
};

/** The events that hold the given keys, by `tenantId/key`; a key whose holder has just rolled back is missing. */
export const findKeptEvents = async (
  pool: HotPool,
  keys: readonly { readonly tenantId: string; readonly key: string }[],
  idempotencyHours: number,
): Promise<ReadonlyMap<string, KeptEvent>> => {
  const tenantIds = uuidColumn();
  const texts = textColumn();
  for (const each of keys) {
    tenantIds.push(each.tenantId);
    texts.push(each.key);
  }
  const result = await pool.query<{ tenant_id: string; key: string; event_id: string; body_hash: Buffer }>({
    name: 'kept-events',
    text: `select distinct on (k.tenant_id, k.key) k.tenant_id, k.key, k.event_id, k.body_hash
             from unnest($1::uuid[], $2::text[]) as t (tenant_id, key)
             join idempotency_keys k on k.tenant_id = t.tenant_id and k.key = t.key
              and k.window_start in (date_bin($3::interval, now(), 'epoch'::timestamptz), date_bin($3::interval, now(), 'epoch'::timestamptz) - $3::interval)
            order by k.tenant_id, k.key, k.window_start`,
    values: [tenantIds.literal(), texts.literal(), `${idempotencyHours} hours`],
  });
  return new Map(result.rows.map((row) => [`${row.tenant_id}/${row.key}`, { eventId: row.event_id, bodyHash: row.body_hash }]));
};
