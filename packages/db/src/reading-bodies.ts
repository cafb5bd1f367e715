// What it takes to build again what a delivery sends: its event, and the shape of the version under which it was made.
import type { BodyEvent, PayloadFormat } from '@posthorn/core';
import { sql } from 'kysely';
import type { Database } from './pools.js';

/** Of what `buildBody` makes the bytes of every attempt of it. */
export type SentBody = { readonly event: BodyEvent; readonly payloadFormat: PayloadFormat; readonly includeResources: readonly string[] };

type Row = Omit<BodyEvent, 'id'> & { readonly payloadFormat: PayloadFormat; readonly includeResources: readonly string[] };

/** Null: the event was erased, or its partition is gone. Whether the delivery is in one's reach was asked before. */
export const readSentBody = async (
  db: Database,
  { eventId, webhookId }: { readonly eventId: string; readonly webhookId: string },
): Promise<SentBody | null> => {
  const { rows } = await sql<Row>`
    select e.event_type as "eventType", e.environment_id as "environmentId", e.current_context as "currentContext", e.data, e.resources,
           (extract(epoch from e.event_time) * 1000)::float8 as "eventTimeMs", (extract(epoch from e.accepted_at) * 1000)::float8 as "acceptedAtMs",
           v.snapshot ->> 'payload_format' as "payloadFormat", v.snapshot -> 'include_resources' as "includeResources"
      from deliveries d
      join webhook_versions v on v.webhook_id = d.webhook_id and v.version = d.shape
      join events e on e.id = ${eventId} and e.erased_at is null
     where d.event_id = ${eventId} and d.webhook_id = ${webhookId}`.execute(db);
  const row = rows[0];
  if (row === undefined) return null;
  const { payloadFormat, includeResources, ...event } = row;
  return { event: { id: eventId, ...event }, payloadFormat, includeResources };
};
