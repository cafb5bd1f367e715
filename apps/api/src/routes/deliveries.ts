// Events, deliveries and attempts as people see them, and reading one event.
import {
  attemptKindCodes,
  attemptKindOfCode,
  errorKindOfCode,
  formatRfc3339,
  isUuid,
  problem,
  reasonOfCode,
  type ShownStatus,
  shownStatus,
  storedStatusCodes,
  uuidv7TimeMs,
} from '@posthorn/core';
import {
  type AttemptRow,
  countDeliveriesOfEvent,
  type Database,
  type DeliveryRow,
  type EventRecord,
  findEvent,
  type ListedEvent,
} from '@posthorn/db';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { reachOf } from '../access.js';
import type { Cursors } from '../cursor.js';
import { eventPath } from '../schemas/parameters.js';

export type ReadDependencies = { readonly db: Database; readonly cursors: Cursors };

const time = (at: Date): string => formatRfc3339(at.getTime());
const timeOrNull = (at: Date | null): string | null => (at === null ? null : time(at));

export const idOf = (params: unknown): string => {
  const { id } = params as { id: string };
  if (!isUuid(id)) throw problem('not_found');
  return id;
};

/** `<event>.<webhook>` of the path. */
export const deliveryKeyOf = (params: unknown): { readonly eventId: string; readonly webhookId: string } => {
  const [eventId = '', webhookId = '', ...rest] = (params as { id: string }).id.split('.');
  if (!isUuid(eventId) || !isUuid(webhookId) || rest.length > 0) throw problem('not_found');
  return { eventId, webhookId };
};

export const countByStatus = (rows: readonly { status: number; gated: boolean; count: number }[]): Record<ShownStatus, number> => {
  const counts: Record<ShownStatus, number> = { pending: 0, held: 0, succeeded: 0, failed: 0, skipped: 0, cancelled: 0 };
  for (const row of rows) counts[shownStatus(row.status, row.gated)] += row.count;
  return counts;
};

/** An event without what its producer sent in it. */
export const eventFacts = (event: ListedEvent) => ({
  id: event.id,
  source_id: event.source_id,
  tenant: event.tenant_key,
  event_type: event.event_type,
  event_time: time(event.event_time),
  accepted_at: time(event.accepted_at),
  project_flow: event.project_flows ?? [],
  fan_out: event.is_waiting ? 'waiting' : 'done',
});

/** An event as JSON text: the producer's own parts stand in it byte for byte. */
const eventJson = (event: EventRecord, deliveries: Record<ShownStatus, number>): string => {
  const facts = JSON.stringify({ ...eventFacts(event), deliveries });
  return `${facts.slice(0, -1)},"current_context":${event.current_context ?? 'null'},"data":${event.data},"resources":${event.resources ?? 'null'}}`;
};

/** A delivery as people see it. */
export const deliveryObject = (row: DeliveryRow) => ({
  id: `${row.event_id}.${row.webhook_id}`,
  event_id: row.event_id,
  webhook_id: row.webhook_id,
  tenant: row.tenant_key,
  event_type: row.event_type,
  status: shownStatus(row.status, row.gated),
  reason: row.reason === null ? null : reasonOfCode(row.reason),
  created_at: formatRfc3339(uuidv7TimeMs(row.event_id)),
  attempts: row.attempts,
  next_attempt_at: row.status === storedStatusCodes.waiting && !row.out ? timeOrNull(row.due_at) : null,
  last_status_code: row.last_status_code,
  last_error_kind: row.last_error_kind === null ? null : errorKindOfCode(row.last_error_kind),
  ended_at: timeOrNull(row.ended_at),
});

/** An attempt as people see it; a test belongs to no delivery. */
export const attemptObject = (row: AttemptRow) => ({
  event_id: row.event_id,
  webhook_id: row.webhook_id,
  delivery_id: row.kind === attemptKindCodes.test ? null : `${row.event_id}.${row.webhook_id}`,
  attempt: row.n,
  kind: attemptKindOfCode(row.kind),
  webhook_version: row.webhook_version,
  started_at: time(row.started_at),
  succeeded: row.ok,
  status_code: row.status_code,
  error_kind: row.error_kind === null ? null : errorKindOfCode(row.error_kind),
  error: row.error,
  duration_ms: row.duration_ms,
  phases: { dns_ms: row.dns_ms, connect_ms: row.connect_ms, tls_ms: row.tls_ms, first_byte_ms: row.first_byte_ms },
  request_headers: row.request_headers,
  response_headers: row.response_headers,
  response_body: row.response_body?.toString('utf8') ?? null,
  response_truncated: row.response_truncated,
});

const readEvent = {
  operationId: 'getEvent',
  tags: ['Events'],
  summary: 'Read an event',
  params: eventPath,
  response: { 200: Type.Ref('Event') },
};

/** GET /v1/events/{id}. */
export const eventRoute =
  ({ db }: ReadDependencies) =>
  async (app: FastifyInstance) => {
    app.get('/v1/events/:id', { config: { permission: 'read_deliveries' }, schema: readEvent }, async (request, reply) => {
      const reach = reachOf(request.owner);
      const id = idOf(request.params);
      const event = await findEvent(db, reach, id);
      if (event === undefined) throw problem('not_found');
      const counts = countByStatus(await countDeliveriesOfEvent(db, reach, id));
      return reply.type('application/json; charset=utf-8').send(eventJson(event, counts));
    });
  };
