// What people read of events. Everything is bound to an environment, and to a tenant where the reader is. Lists go along the ids, newest first, so
// that a page reads the partitions of its own days alone.
import { attemptKindCodes } from '@posthorn/core';
import { type RawBuilder, sql } from 'kysely';
import { type Stretch, type Walked, walk, walkLimits } from './bounded-walk.js';
import { highestId, lowestId, lowestIdOf } from './id-bounds.js';
import type { Database } from './pools.js';
import { idRangeSql, type TimeRange } from './time-range.js';

export type Reach = { readonly environmentId: string; readonly tenantId: string | null };

export type EventRecord = {
  readonly id: string;
  readonly tenant_key: string;
  readonly event_type: string;
  readonly source_id: string | null;
  readonly event_time: Date;
  readonly project_flows: string[] | null;
  readonly data: string;
  readonly current_context: string | null;
  readonly resources: string | null;
  readonly accepted_at: Date;
  readonly is_waiting: boolean;
};

/** One event in reach, and whether its dispatch is still on its way. */
export const findEvent = async (db: Database, reach: Reach, id: string): Promise<EventRecord | undefined> => {
  let query = db
    .selectFrom('events as e')
    .innerJoin('tenants as t', 't.id', 'e.tenant_id')
    .select([
      'e.id',
      't.key as tenant_key',
      'e.event_type',
      'e.source_id',
      'e.event_time',
      'e.project_flows',
      'e.data',
      'e.current_context',
      'e.resources',
      'e.accepted_at',
    ])
    .select(sql<boolean>`exists (select from dispatches d where d.id = e.dispatch_id)`.as('is_waiting'))
    .where('e.id', '=', id)
    .where('e.environment_id', '=', reach.environmentId);
  if (reach.tenantId !== null) query = query.where('e.tenant_id', '=', reach.tenantId);
  return query.executeTakeFirst();
};

/**
 * When an event was matched at the latest; null: it waits, or nothing tells. The time itself is not stored: it would make every delivery wider.
 * What tells is the begin of a first request, or the end of a delivery that its fan-out ended; deliveries of replays tell nothing.
 */
export const findMatchedBy = async (db: Database, eventId: string): Promise<Date | null> => {
  const { rows } = await sql<{ matched_by: Date | null }>`
    select least((select min(started_at) from attempts where event_id = ${eventId} and kind = ${attemptKindCodes.first}),
                 (select min(ended_at) from deliveries where event_id = ${eventId} and replay_id is null)) as matched_by`.execute(db);
  return rows[0]?.matched_by ?? null;
};

/** An event without what its producer sent in it. */
export type ListedEvent = Omit<EventRecord, 'data' | 'current_context' | 'resources'>;

export type EventPage = Reach & {
  readonly eventType: string | null;
  readonly sourceId: string | null;
  /** By the id's time. */
  readonly acceptedAt: TimeRange | null;
  readonly beforeId: string | null;
  readonly limit: number;
};

const listedColumns = sql.raw(
  ['id', 'environment_id', 'tenant_id', 'event_type', 'source_id', 'event_time', 'project_flows', 'accepted_at', 'dispatch_id']
    .map((name) => `e.${name}`)
    .join(', '),
);

const keysOf = ({ acceptedAt }: EventPage, before: string | null): RawBuilder<boolean> =>
  sql<boolean>`${before === null ? sql`true` : sql`e.id < ${before}::uuid`} and ${acceptedAt === null ? sql`true` : idRangeSql(sql`e.id`, acceptedAt)}`;

const conditionsOf = ({ environmentId, tenantId, eventType }: EventPage): RawBuilder<boolean> =>
  sql<boolean>`e.environment_id = ${environmentId}::uuid and ${tenantId === null ? sql`true` : sql`e.tenant_id = ${tenantId}::uuid`}
    and ${eventType === null ? sql`true` : sql`e.event_type = ${eventType}`}`;

/** The last of so many events, whoever's they are, behind an id and within the times that were asked for (migrations/0015_wall.sql). */
const endSql = ({ acceptedAt }: EventPage, before: string | null, rowsMax: number): RawBuilder<string | null> => {
  const { fromMs = null, toMs = null } = acceptedAt ?? {};
  const behind = [before ?? highestId, toMs === null ? highestId : lowestIdOf(toMs)].sort()[0];
  return sql`walk_end_of_events(${behind}::uuid, ${fromMs === null ? lowestId : lowestIdOf(fromMs)}::uuid, ${rowsMax}::integer)`;
};

/**
 * Along the ids; a filter over a limited subquery keeps its order, and reads no further than its own limit. Others' events lie between, which the wall
 * leaves out before they are counted: where the stretch ends is asked for first.
 */
const alongIds = (page: EventPage, { before, limit, rowsMax }: Stretch<string>) => {
  const end = sql`(select coalesce((select id from ending), ${lowestId}::uuid))`;
  return {
    ending: sql`ending as materialized (select ${endSql(page, before, rowsMax)} as id),`,
    found: sql`select e.* from (select ${listedColumns} from events e where ${keysOf(page, before)} and e.id >= ${end}
                                 order by e.id desc limit ${rowsMax}::integer) e
                where ${conditionsOf(page)} limit ${limit}::integer`,
    cut: sql`select id from ending where (select count(*) from found) < ${limit}::integer`,
  };
};

/** What a producer names so is few: all of them along its index, which begins with the tenant (OFFSET 0 keeps the planner from going along the ids). */
const alongSource = (page: EventPage, { before, limit }: Stretch<string>) => ({
  ending: sql``,
  found: sql`select e.* from (
      select ${listedColumns} from events e
       where e.source_id = ${page.sourceId} and e.tenant_id = any (array(select id from tenants where environment_id = ${page.environmentId}::uuid))
         and ${keysOf(page, before)} and ${conditionsOf(page)} offset 0) e
     order by e.id desc limit ${limit}::integer`,
  cut: sql`select null::uuid as id where false`,
});

const readStretch = async (db: Database, page: EventPage, stretch: Stretch<string>): Promise<Walked<ListedEvent, string>> => {
  const { ending, found, cut } = page.sourceId === null ? alongIds(page, stretch) : alongSource(page, stretch);
  const { rows } = await sql<ListedEvent & { readonly cut: string | null }>`
    with ${ending} found as materialized (${found}), cut as materialized (${cut})
    select e.id, t.key as tenant_key, e.event_type, e.source_id, e.event_time, e.project_flows, e.accepted_at,
           exists (select from dispatches d where d.id = e.dispatch_id) as is_waiting, c.id as cut
      from (select) one left join cut c on true left join found e on true left join tenants t on t.id = e.tenant_id
     order by e.id desc`.execute(db);
  const events = rows.filter(({ id }) => id !== null).map(({ cut: _, ...row }) => row);
  return { rows: events, lookedTo: rows[0]?.cut ?? null };
};

/** Events in reach, newest first; fewer than asked for where it looked far enough. @param limits how far it looks */
export const listEvents = (
  db: Database,
  page: EventPage,
  limits: { readonly firstRows: number; readonly rowsMax: number } = walkLimits,
): Promise<Walked<ListedEvent, string>> =>
  walk((stretch) => readStretch(db, page, stretch), { before: page.beforeId, limit: page.limit }, limits);
