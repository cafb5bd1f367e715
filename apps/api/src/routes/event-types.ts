// The catalogue of event types: read by whoever makes webhooks, written by who administers the environment.
import { formatRfc3339, isEventType, isEventTypePattern, matchesEventType, problem } from '@posthorn/core';
import {
  type AuditEntry,
  changeEventType,
  countWebhooksByTypes,
  type Database,
  deleteEventType,
  type EventTypeFields,
  type EventTypePlace,
  type EventTypeRow,
  findEventType,
  insertEventType,
  type KeyOwner,
  listEventTypes,
} from '@posthorn/db';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { reachOf } from '../access.js';
import type { Cursors } from '../cursor.js';
import type { EventSchemas } from '../event-schemas.js';
import { limits } from '../limits.js';
import { type ChangedEventTypeBody, changedEventTypeBody, type NewEventTypeBody, newEventTypeBody } from '../schemas/event-type.js';
import { nothing } from '../schemas/fields.js';
import { listOf, pageParameters } from '../schemas/lists.js';
import { checkName, readEventTypeBody } from './event-types-body.js';
import { readLimit, readQuery } from './lists.js';

export type EventTypeDependencies = {
  readonly db: Database;
  readonly cursors: Cursors;
  readonly eventSchemas: Pick<EventSchemas, 'forget'>;
};

/** How many webhooks in reach want a type; null: not counted. */
type CountOf = (name: string) => number | null;

const readCounts = async (db: Database, owner: KeyOwner): Promise<CountOf> => {
  const wanted = await countWebhooksByTypes(db, reachOf(owner), limits.wantedListsMax);
  return (name) => wanted?.reduce((sum, { event_types: types, count }) => (matchesEventType(types, name) ? sum + count : sum), 0) ?? null;
};

/** An event type as JSON text: schema and example are spliced in as they are stored. */
const eventTypeJson = (row: EventTypeRow, countOf: CountOf): string => {
  const head = JSON.stringify({ name: row.name, description: row.description, webhooks: countOf(row.name) });
  const times = JSON.stringify({
    created_at: formatRfc3339(row.created_at.getTime()),
    updated_at: formatRfc3339(row.updated_at.getTime()),
  });
  return `${head.slice(0, -1)},"schema":${row.schema ?? 'null'},"example":${row.example ?? 'null'},${times.slice(1)}`;
};

const json = 'application/json; charset=utf-8';
const eventTypeParams = Type.Object({ name: Type.String({ description: 'URL-encoded: a name may hold `/`.' }) });
const eventTypesQuery = Type.Object({
  ...pageParameters,
  name: Type.Optional(Type.String({ description: 'A name, or a pattern: `*` stands for any run of characters.' })),
});
const reading = { permission: 'read_webhooks' } as const;
const writing = { permission: 'administer' } as const;
const tags = ['Event types'];
const answer = Type.Ref('EventType');

const placeOf = (request: FastifyRequest): EventTypePlace => {
  const { name } = request.params as { name: string };
  if (!isEventType(name)) throw problem('not_found');
  return { environmentId: request.owner.environmentId, name };
};

const entryOf = (owner: KeyOwner, name: string, action: string, details?: AuditEntry['details']): AuditEntry => ({
  environmentId: owner.environmentId,
  tenantId: null,
  actorKeyId: owner.keyId,
  actor: owner.role,
  action: `event_type.${action}`,
  subjectKind: 'event_type',
  subjectId: name,
  ...(details !== undefined && { details }),
});

const fieldNames = ['description', 'schema', 'example'] as const;
const changedFields = (before: EventTypeFields, after: EventTypeFields): readonly string[] =>
  fieldNames.filter((field) => before[field] !== after[field]);

const refuseTaken = (name: string): never => {
  const message = `there is an event type ${name} already`;
  throw problem('conflict', message, { errors: [{ pointer: '/name', code: 'conflict', message }] });
};

const readingRoutes = (app: FastifyInstance, { db, cursors }: EventTypeDependencies): void => {
  app.get(
    '/v1/event-types',
    {
      config: reading,
      schema: {
        operationId: 'listEventTypes',
        tags,
        summary: 'List event types',
        description: 'In the order of their names.',
        querystring: eventTypesQuery,
        response: { 200: listOf(answer) },
      },
    },
    async (request, reply) => {
      const query = readQuery(request);
      const { environmentId } = request.owner;
      const limit = readLimit(query);
      const pattern = query.name ?? null;
      if (pattern !== null && !isEventTypePattern(pattern))
        throw problem('invalid_request', 'name must be an event type or a pattern over them');
      const bound = ['event-types', environmentId, pattern];
      const position = cursors.read(bound, query.cursor);
      const afterName = position === null ? null : String(position[0]);
      const rows = await listEventTypes(db, { environmentId, pattern, afterName, limit: limit + 1 });
      const page = rows.slice(0, limit);
      const last = page.at(-1);
      const countOf = await readCounts(db, request.owner);
      const next = rows.length > limit && last !== undefined ? cursors.write(bound, [last.name]) : null;
      return reply
        .type(json)
        .send(`{"data":[${page.map((row) => eventTypeJson(row, countOf)).join(',')}],"next_cursor":${JSON.stringify(next)}}`);
    },
  );

  app.get(
    '/v1/event-types/:name',
    {
      config: reading,
      schema: { operationId: 'getEventType', tags, summary: 'Get an event type', params: eventTypeParams, response: { 200: answer } },
    },
    async (request, reply) => {
      const row = await findEventType(db, placeOf(request));
      if (row === undefined) throw problem('not_found');
      return reply.type(json).send(eventTypeJson(row, await readCounts(db, request.owner)));
    },
  );
};

const writingRoutes = (app: FastifyInstance, { db, eventSchemas }: EventTypeDependencies): void => {
  const bodyLimit = limits.eventTypeRequestBytesMax;

  app.post<{ Body: NewEventTypeBody }>(
    '/v1/event-types',
    {
      bodyLimit,
      config: writing,
      schema: {
        operationId: 'createEventType',
        tags,
        summary: 'Create an event type',
        body: newEventTypeBody,
        response: { 201: answer },
      },
    },
    async (request, reply) => {
      const { owner, body } = request;
      const { name } = body;
      checkName(name);
      const fields = readEventTypeBody({ description: null, schema: null, example: null }, body);
      const { environmentId } = owner;
      const made = await insertEventType(db, { environmentId, name }, fields, limits.eventTypesMax, entryOf(owner, name, 'created'));
      if (made === 'taken') return refuseTaken(name);
      if (made === 'full') throw problem('conflict', `an environment has at most ${limits.eventTypesMax} event types`);
      eventSchemas.forget(environmentId);
      return reply
        .code(201)
        .type(json)
        .header('location', `/v1/event-types/${encodeURIComponent(name)}`)
        .send(eventTypeJson(made, await readCounts(db, owner)));
    },
  );

  app.patch<{ Body: ChangedEventTypeBody }>(
    '/v1/event-types/:name',
    {
      bodyLimit,
      config: writing,
      schema: {
        operationId: 'updateEventType',
        tags,
        summary: 'Change an event type',
        params: eventTypeParams,
        body: changedEventTypeBody,
        response: { 200: answer },
      },
    },
    async (request, reply) => {
      const { owner, body } = request;
      const place = placeOf(request);
      const row = await changeEventType(db, place, (current) => {
        const fields = readEventTypeBody(current, body);
        const changed = changedFields(current, fields);
        return changed.length === 0 ? null : { fields, entry: entryOf(owner, place.name, 'changed', { fields: changed }) };
      });
      if (row === undefined) throw problem('not_found');
      eventSchemas.forget(place.environmentId);
      return reply.type(json).send(eventTypeJson(row, await readCounts(db, owner)));
    },
  );

  app.delete(
    '/v1/event-types/:name',
    {
      config: writing,
      schema: {
        operationId: 'deleteEventType',
        tags,
        summary: 'Delete an event type',
        description: 'Events of this type can still be published; they are no longer checked.',
        params: eventTypeParams,
        response: { 204: nothing('It is deleted.') },
      },
    },
    async (request, reply) => {
      const place = placeOf(request);
      if (!(await deleteEventType(db, place, entryOf(request.owner, place.name, 'deleted')))) throw problem('not_found');
      eventSchemas.forget(place.environmentId);
      return reply.code(204).send();
    },
  );
};

/** GET|POST /v1/event-types, GET|PATCH|DELETE /v1/event-types/{name}. */
export const eventTypeRoutes = (dependencies: EventTypeDependencies) => async (app: FastifyInstance) => {
  readingRoutes(app, dependencies);
  writingRoutes(app, dependencies);
};
