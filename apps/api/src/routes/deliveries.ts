// Reading events, deliveries and attempts.
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
} from '@posthorn/core';
import {
  type AttemptRow,
  countDeliveriesOfEvent,
  type Database,
  type DeliveryRow,
  type EventRecord,
  findEvent,
  findWebhook,
  listAttempts,
  listDeliveries,
} from '@posthorn/db';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { reachOf } from '../access.js';
import type { Cursors } from '../cursor.js';
import { pageParameters, pageQuery } from '../schemas/lists.js';
import { readLimit, readQuery } from './lists.js';

export type ReadDependencies = { readonly db: Database; readonly cursors: Cursors };

const time = (at: Date): string => formatRfc3339(at.getTime());
const timeOrNull = (at: Date | null): string | null => (at === null ? null : time(at));

export const idOf = (params: unknown): string => {
  const { id } = params as { id: string };
  if (!isUuid(id)) throw problem('not_found');
  return id;
};

export const countByStatus = (rows: readonly { status: number; gated: boolean; count: number }[]): Record<ShownStatus, number> => {
  const counts: Record<ShownStatus, number> = { pending: 0, held: 0, succeeded: 0, failed: 0, skipped: 0, cancelled: 0 };
  for (const row of rows) counts[shownStatus(row.status, row.gated)] += row.count;
  return counts;
};

/** An event as JSON text: the producer's own parts stand in it byte for byte. */
const eventJson = (event: EventRecord, deliveries: Record<ShownStatus, number>): string => {
  const facts = JSON.stringify({
    id: event.id,
    source_id: event.source_id,
    tenant: event.tenant_key,
    event_type: event.event_type,
    event_time: time(event.event_time),
    accepted_at: time(event.accepted_at),
    project_flow: event.project_flows ?? [],
    fan_out: event.is_waiting ? 'waiting' : 'done',
    deliveries,
  });
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

const statuses: Readonly<Record<ShownStatus, { code: number; gated: boolean | null }>> = {
  pending: { code: storedStatusCodes.waiting, gated: false },
  held: { code: storedStatusCodes.waiting, gated: true },
  succeeded: { code: storedStatusCodes.succeeded, gated: null },
  failed: { code: storedStatusCodes.failed, gated: null },
  skipped: { code: storedStatusCodes.skipped, gated: null },
  cancelled: { code: storedStatusCodes.cancelled, gated: null },
};

const readStatus = (text: string | undefined): { code: number; gated: boolean | null } | null => {
  if (text === undefined) return null;
  const status = Object.hasOwn(statuses, text) ? statuses[text as ShownStatus] : undefined;
  if (status === undefined) throw problem('invalid_request', `status must be one of ${Object.keys(statuses).join(', ')}`);
  return status;
};

const readId = (name: string, text: string | undefined): string | null => {
  if (text === undefined) return null;
  if (!isUuid(text)) throw problem('invalid_request', `${name} must be an id`);
  return text;
};

const status = Type.Optional(Type.Unsafe<ShownStatus>({ type: 'string', enum: Object.keys(statuses) }));
const id = Type.Optional(Type.String({ format: 'uuid' }));
const deliveriesOfEventQuery = Type.Object({ ...pageParameters, status });
const deliveriesQuery = Type.Object({ ...pageParameters, status, webhook_id: id, event_id: id });

/** The reading routes of events, deliveries and attempts. */
export const deliveryRoutes = (dependencies: ReadDependencies) => async (app: FastifyInstance) => {
  const { db, cursors } = dependencies;

  app.get('/v1/events/:id', { config: { permission: 'read_deliveries' } }, async (request, reply) => {
    const reach = reachOf(request.owner);
    const id = idOf(request.params);
    const event = await findEvent(db, reach, id);
    if (event === undefined) throw problem('not_found');
    const counts = countByStatus(await countDeliveriesOfEvent(db, reach, id));
    return reply.type('application/json; charset=utf-8').send(eventJson(event, counts));
  });

  const list = async (
    request: Parameters<typeof readQuery>[0],
    filter: { eventId: string | null; webhookId: string | null; status: string | undefined },
  ) => {
    const reach = reachOf(request.owner);
    const query = request.query as Record<string, string | undefined>;
    const limit = readLimit(query);
    const bound = ['deliveries', reach, filter];
    const position = cursors.read(bound, query.cursor);
    const rows = await listDeliveries(db, {
      ...reach,
      eventId: filter.eventId,
      webhookId: filter.webhookId,
      status: readStatus(filter.status),
      before: position === null ? null : { eventId: String(position[0]), webhookId: String(position[1]) },
      limit: limit + 1,
    });
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    return {
      data: page.map(deliveryObject),
      next_cursor: rows.length > limit && last !== undefined ? cursors.write(bound, [last.event_id, last.webhook_id]) : null,
    };
  };

  app.get(
    '/v1/events/:id/deliveries',
    { config: { permission: 'read_deliveries' }, schema: { querystring: deliveriesOfEventQuery } },
    async (request) => {
      const query = readQuery(request);
      const reach = reachOf(request.owner);
      const id = idOf(request.params);
      if ((await findEvent(db, reach, id)) === undefined) throw problem('not_found');
      return list(request, { eventId: id, webhookId: null, status: query.status });
    },
  );

  app.get('/v1/deliveries', { config: { permission: 'read_deliveries' }, schema: { querystring: deliveriesQuery } }, async (request) => {
    const query = readQuery(request);
    return list(request, {
      eventId: readId('event_id', query.event_id),
      webhookId: readId('webhook_id', query.webhook_id),
      status: query.status,
    });
  });

  app.get('/v1/webhooks/:id/attempts', { config: { permission: 'read_webhooks' }, schema: { querystring: pageQuery } }, async (request) => {
    const query = readQuery(request);
    const reach = reachOf(request.owner);
    const webhookId = idOf(request.params);
    if ((await findWebhook(db, reach.environmentId, reach.tenantId, webhookId)) === undefined) throw problem('not_found');
    const limit = readLimit(query);
    const bound = ['attempts', reach, webhookId];
    const position = cursors.read(bound, query.cursor);
    const before = position === null ? null : { eventId: String(position[0]), n: Number(position[1]) };
    const rows = await listAttempts(db, { ...reach, webhookId, before, limit: limit + 1 });
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    return {
      data: page.map(attemptObject),
      next_cursor: rows.length > limit && last !== undefined ? cursors.write(bound, [last.event_id, last.n]) : null,
    };
  });
};
