// What is shown of an attempt that is listed as an answer: what was called, what came back, and what it takes to build the body again that was sent.
import type { BodyEvent, PayloadFormat } from '@posthorn/core';
import { type RawBuilder, sql } from 'kysely';
import type { Database } from './pools.js';

/** Of events, in one answer; bodies beyond are left out. */
export const bodiesBytesMax = 8 * 1024 * 1024;

export type CallbackRow = {
  readonly event_id: string;
  readonly webhook_id: string;
  readonly n: number;
  readonly started_at: Date;
  readonly duration_ms: number;
  readonly ok: boolean;
  readonly status_code: number | null;
  readonly error_kind: number | null;
  readonly error: string | null;
  /** What was called. */
  readonly url: string;
  /** Of what `buildBody` makes what was sent. Null: erased, or not asked for, or too much for one answer. */
  readonly body: { readonly event: BodyEvent; readonly payloadFormat: PayloadFormat; readonly includeResources: readonly string[] } | null;
};

/** A row of `callbackRowsSql`. */
export type CallbackSqlRow = Omit<CallbackRow, 'body'> & {
  readonly event_type: string;
  readonly event_time_ms: number;
  readonly accepted_at_ms: number;
  readonly environment_id: string;
  readonly current_context: string | null;
  /** Null: there is no body. */
  readonly data: string | null;
  readonly resources: string | null;
  readonly payload_format: PayloadFormat;
  readonly include_resources: readonly string[];
};

/** The columns of `attempts a` that a page is made of. */
export const callbackColumns = sql.raw(
  ['event_id', 'webhook_id', 'n', 'webhook_version', 'started_at', 'duration_ms', 'ok', 'status_code', 'error_kind', 'error']
    .map((name) => `a.${name}`)
    .join(', '),
);

const bytesOf = (column: string): string => `coalesce(octet_length(e.${column}), 0)`;
const eventColumns = sql.raw(`
  e.event_type, e.environment_id, e.current_context, e.data, e.resources,
  (extract(epoch from e.event_time) * 1000)::float8 as event_time_ms, (extract(epoch from e.accepted_at) * 1000)::float8 as accepted_at_ms,
  ${['data', 'current_context', 'resources'].map(bytesOf).join(' + ')} as bytes`);

const bodyColumn = (name: string): RawBuilder<unknown> =>
  sql`case when p.bytes_so_far <= ${bodiesBytesMax}::bigint then ${sql.ref(`p.${name}`)} end`;

/**
 * A page of attempts with all that is shown of them. Each is looked up by itself (OFFSET 0 is a fence to the planner), so that no table is read whole.
 * @param page a query of `callbackColumns` and `position`, the order of its rows, in which bodies are given until they are too much
 */
export const callbackRowsSql = (page: RawBuilder<unknown>, withBodies: boolean): RawBuilder<unknown> => sql`
  select p.event_id, p.webhook_id, p.n, p.started_at, p.duration_ms, p.ok, p.status_code, p.error_kind, p.error, p.position, p.url,
         p.event_type, p.event_time_ms, p.accepted_at_ms, p.environment_id, p.payload_format, p.include_resources,
         ${bodyColumn('current_context')} as current_context, ${bodyColumn('data')} as data, ${bodyColumn('resources')} as resources
    from (
      select a.*, e.*, coalesce(v.snapshot ->> 'url', '') as url, b.snapshot ->> 'payload_format' as payload_format,
             b.snapshot -> 'include_resources' as include_resources, sum(e.bytes) over (order by a.position) as bytes_so_far
        from (${page}) a
        left join webhook_versions v on v.webhook_id = a.webhook_id and v.version = a.webhook_version
        left join lateral (
          select d.shape from deliveries d where d.event_id = a.event_id and d.webhook_id = a.webhook_id and ${withBodies}::boolean offset 0) d on true
        left join webhook_versions b on b.webhook_id = a.webhook_id and b.version = d.shape
        left join lateral (
          select ${eventColumns} from events e where e.id = a.event_id and e.erased_at is null and b.version is not null offset 0) e on true) p`;

/** The rows of such a query. */
export const readCallbackRows = async (db: Database, query: RawBuilder<unknown>): Promise<readonly CallbackRow[]> => {
  const { rows } = await sql<CallbackSqlRow>`${query} order by position`.execute(db);
  return rows.map(callbackOf);
};

const bodyOf = (row: CallbackSqlRow): CallbackRow['body'] => {
  if (row.data === null) return null;
  const {
    event_id: id,
    event_type: eventType,
    event_time_ms: eventTimeMs,
    accepted_at_ms: acceptedAtMs,
    environment_id: environmentId,
  } = row;
  const { current_context: currentContext, data, resources } = row;
  return {
    event: { id, eventType, eventTimeMs, acceptedAtMs, environmentId, currentContext, data, resources },
    payloadFormat: row.payload_format,
    includeResources: row.include_resources,
  };
};

/** As it is shown, of a row as it is read. */
export const callbackOf = (row: CallbackSqlRow): CallbackRow => ({
  event_id: row.event_id,
  webhook_id: row.webhook_id,
  n: row.n,
  started_at: row.started_at,
  duration_ms: row.duration_ms,
  ok: row.ok,
  status_code: row.status_code,
  error_kind: row.error_kind,
  error: row.error,
  url: row.url,
  body: bodyOf(row),
});
