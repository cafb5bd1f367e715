// The catalogue of event types of an environment: what producers publish, with a JSON Schema and an example of its data. Both are JSON text.
import { type Selectable, sql } from 'kysely';
import { type AuditEntry, insertAuditEntry } from './audit.js';
import type { Database } from './pools.js';
import type { EventTypesTable } from './tables.js';

export type EventTypeRow = Selectable<EventTypesTable>;
/** What is written of an event type; `schema` and `example` are JSON text. */
export type EventTypeFields = Pick<EventTypeRow, 'description' | 'schema' | 'example'>;
/** An environment's own event type. */
export type EventTypePlace = { readonly environmentId: string; readonly name: string };

/** Makes an event type, unless the name is taken or the environment has `typesMax` of them; two at the last place may both get in. */
export const insertEventType = async (
  db: Database,
  { environmentId, name }: EventTypePlace,
  fields: EventTypeFields,
  typesMax: number,
  entry: AuditEntry,
): Promise<EventTypeRow | 'taken' | 'full'> =>
  db.transaction().execute(async (transaction) => {
    const { count } = await transaction
      .selectFrom('event_types')
      .select((select) => select.fn.countAll<number>().as('count'))
      .where('environment_id', '=', environmentId)
      .executeTakeFirstOrThrow();
    if (count >= typesMax) return 'full';
    const row = await transaction
      .insertInto('event_types')
      .values({ environment_id: environmentId, name, ...fields })
      .onConflict((conflict) => conflict.doNothing())
      .returningAll()
      .executeTakeFirst();
    if (row === undefined) return 'taken';
    await insertAuditEntry(transaction, entry);
    return row;
  });

/** An event type by its name, or undefined. */
export const findEventType = (db: Database, place: EventTypePlace): Promise<EventTypeRow | undefined> =>
  db
    .selectFrom('event_types')
    .selectAll()
    .where('environment_id', '=', place.environmentId)
    .where('name', '=', place.name)
    .executeTakeFirst();

export type EventTypePage = {
  readonly environmentId: string;
  /** `*` stands for any run of characters. */
  readonly pattern: string | null;
  readonly afterName: string | null;
  readonly limit: number;
};

const likeOf = (pattern: string): string => pattern.replace(/[\\%_]/g, '\\$&').replaceAll('*', '%');

/** Event types in the order of their names, byte by byte, whatever the database's own order is. */
export const listEventTypes = async (db: Database, page: EventTypePage): Promise<readonly EventTypeRow[]> => {
  let query = db.selectFrom('event_types').selectAll().where('environment_id', '=', page.environmentId);
  if (page.pattern !== null) query = query.where('name', 'like', likeOf(page.pattern));
  if (page.afterName !== null) query = query.where(sql<boolean>`name collate "C" > ${page.afterName}`);
  return query.orderBy(sql`name collate "C"`).limit(page.limit).execute();
};

/**
 * Writes what `decide` makes of an event type (null: nothing is different) and returns the row as it is then; undefined: there is none of this
 * name. Throws what `decide` throws: then nothing is changed.
 */
export const changeEventType = async (
  db: Database,
  { environmentId, name }: EventTypePlace,
  decide: (current: EventTypeRow) => { readonly fields: EventTypeFields; readonly entry: AuditEntry } | null,
): Promise<EventTypeRow | undefined> =>
  db.transaction().execute(async (transaction) => {
    const current = await transaction
      .selectFrom('event_types')
      .selectAll()
      .where('environment_id', '=', environmentId)
      .where('name', '=', name)
      .forUpdate()
      .executeTakeFirst();
    if (current === undefined) return undefined;
    const decided = decide(current);
    if (decided === null) return current;
    await insertAuditEntry(transaction, decided.entry);
    return (
      transaction
        .updateTable('event_types')
        // The time is the version of the schema too, so it must grow even if the clock does not.
        .set({ ...decided.fields, updated_at: sql<Date>`greatest(clock_timestamp(), updated_at + interval '1 microsecond')` })
        .where('environment_id', '=', environmentId)
        .where('name', '=', name)
        .returningAll()
        .executeTakeFirst()
    );
  });

/** Takes an event type out of the catalogue; false: it is not there. Events of this type are published all the same. */
export const deleteEventType = async (db: Database, { environmentId, name }: EventTypePlace, entry: AuditEntry): Promise<boolean> =>
  db.transaction().execute(async (transaction) => {
    const row = await transaction
      .deleteFrom('event_types')
      .where('environment_id', '=', environmentId)
      .where('name', '=', name)
      .returning('name')
      .executeTakeFirst();
    if (row === undefined) return false;
    await insertAuditEntry(transaction, entry);
    return true;
  });

/** A schema without its text: the version is different after every change, `bytes` is its size. */
export type EventSchemaVersion = { readonly name: string; readonly version: string; readonly bytes: number };

/** The event types of an environment that have a schema. The texts, which stand apart from their rows, are not read (`length` would). */
export const listEventSchemaVersions = (db: Database, environmentId: string): Promise<readonly EventSchemaVersion[]> =>
  db
    .selectFrom('event_types')
    .select(['name', sql<string>`updated_at::text`.as('version'), sql<number>`octet_length(schema)`.as('bytes')])
    .where('environment_id', '=', environmentId)
    .where('schema', 'is not', null)
    .execute();
