// The schemas of published events, read from this process's Postgres.
import { type Database, findEventType, listEventSchemaVersions } from '@posthorn/db';
import { createEventSchemas, type EventSchemas } from './event-schemas.js';

export const openEventSchemas = (db: Database): EventSchemas =>
  createEventSchemas({
    listVersions: (environmentId) => listEventSchemaVersions(db, environmentId),
    readSchema: async (environmentId, name) => (await findEventType(db, { environmentId, name }))?.schema ?? null,
    nowMs: () => performance.now(),
  });
