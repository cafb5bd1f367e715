// The lists of deliveries, newest event first.
import {
  errorKindCodes,
  eventTypeCharsMax,
  isEventType,
  isName,
  problem,
  readStatusCodes,
  reasonCodes,
  type ShownStatus,
  shownStatuses,
  storedStatusCodes,
} from '@posthorn/core';
import { type Database, type DeliveryRow, findEvent, type KeyOwner, listDeliveries, type Walked } from '@posthorn/db';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { reachOf } from '../access.js';
import { codeOf, type FilterValues, filterParameters, id, matching, oneOf, period, readFilters } from '../list-filters.js';
import { listOf, pageParameters, shortPages } from '../schemas/lists.js';
import { eventPath, webhookPath } from '../schemas/parameters.js';
import { deliveryObject, idOf, type ReadDependencies } from './deliveries.js';
import { emptyPage, readLimit, readQuery, tenantOfList, walkedPageOf } from './lists.js';
import { findOwn } from './own-webhook.js';

const statuses: Readonly<Record<ShownStatus, { readonly code: number; readonly gated: boolean | null }>> = {
  pending: { code: storedStatusCodes.waiting, gated: false },
  held: { code: storedStatusCodes.waiting, gated: true },
  succeeded: { code: storedStatusCodes.succeeded, gated: null },
  failed: { code: storedStatusCodes.failed, gated: null },
  skipped: { code: storedStatusCodes.skipped, gated: null },
  cancelled: { code: storedStatusCodes.cancelled, gated: null },
};

/** What deliveries may be chosen by. */
export const deliveryFilters = {
  status: oneOf(shownStatuses),
  reason: codeOf(reasonCodes),
  webhook_id: id,
  event_id: id,
  event_type: matching(isEventType, `an event type of at most ${eventTypeCharsMax} characters`),
  tenant: matching(isName, '1 to 128 letters, digits or one of _ . : -'),
  status_code: matching((text) => readStatusCodes(text) !== null, 'a status code (404) or a class of them (4xx), of the last attempt'),
  error_kind: codeOf(errorKindCodes),
  replay_id: id,
  created_at: period,
};
const { webhook_id: _webhook, ...filtersOfWebhook } = deliveryFilters;
const { event_id: _event, event_type: _type, tenant: _tenant, created_at: _created, ...filtersOfEvent } = deliveryFilters;

type Place = { readonly eventId?: string; readonly webhookId?: string };
type Position = { readonly eventId: string; readonly webhookId: string };

/**
 * The deliveries behind a position that are wanted, newest event first, at most `limit`; null: nothing of them is in the owner's reach.
 * @param place what a path names; it is in reach
 */
export const walkDeliveries = async (
  db: Database,
  owner: KeyOwner,
  {
    wanted,
    place,
    before,
    limit,
  }: {
    readonly wanted: FilterValues<typeof deliveryFilters>;
    readonly place: Place;
    readonly before: Position | null;
    readonly limit: number;
  },
): Promise<Walked<DeliveryRow, Position> | null> => {
  const reach = await tenantOfList(db, owner, wanted.tenant);
  if (reach === null) return null;
  return listDeliveries(db, {
    ...reach,
    eventId: place.eventId ?? wanted.event_id,
    webhookId: place.webhookId ?? wanted.webhook_id,
    status: wanted.status === null ? null : statuses[wanted.status],
    filters: {
      reason: wanted.reason,
      errorKind: wanted.error_kind,
      eventType: wanted.event_type,
      statusCode: wanted.status_code === null ? null : readStatusCodes(wanted.status_code),
      replayId: wanted.replay_id,
      createdAt: wanted.created_at,
    },
    before,
    limit,
  });
};

const tags = ['Deliveries'];
const response = { 200: listOf(Type.Ref('Delivery')) };
const deliveriesSchema = {
  operationId: 'listDeliveries',
  tags,
  summary: 'List deliveries',
  description: `Newest event first. \`created_at\` is the time of the event; \`replay_id\` finds what this replay was the last to open. ${shortPages}`,
  querystring: Type.Object({ ...pageParameters, ...filterParameters(deliveryFilters) }),
  response,
};
const deliveriesOfWebhookSchema = {
  operationId: 'listWebhookDeliveries',
  tags,
  summary: 'List the deliveries of a webhook',
  description: `Newest event first. ${shortPages}`,
  params: webhookPath,
  querystring: Type.Object({ ...pageParameters, ...filterParameters(filtersOfWebhook) }),
  response,
};
const deliveriesOfEventSchema = {
  operationId: 'listEventDeliveries',
  tags,
  summary: 'List the deliveries of an event',
  params: eventPath,
  querystring: Type.Object({ ...pageParameters, ...filterParameters(filtersOfEvent) }),
  response,
};
/** GET /v1/deliveries, /v1/events/{id}/deliveries and /v1/webhooks/{id}/deliveries. */
export const deliveryListRoutes = (dependencies: ReadDependencies) => async (app: FastifyInstance) => {
  const { db, cursors } = dependencies;

  /** @param place what the path names; it is in reach */
  const list = async (request: FastifyRequest, place: Place) => {
    const query = readQuery(request);
    const limit = readLimit(query);
    // What a route has no parameter for is not in its query.
    const wanted = readFilters(deliveryFilters, query);
    const bound = ['deliveries', reachOf(request.owner), place, wanted];
    const position = cursors.read(bound, query.cursor);
    const walked = await walkDeliveries(db, request.owner, {
      wanted,
      place,
      before: position === null ? null : { eventId: String(position[0]), webhookId: String(position[1]) },
      limit: limit + 1,
    });
    if (walked === null) return emptyPage;
    return walkedPageOf(
      walked,
      limit,
      deliveryObject,
      (last) => ({ eventId: last.event_id, webhookId: last.webhook_id }),
      ({ eventId, webhookId }) => cursors.write(bound, [eventId, webhookId]),
    );
  };
  const config = { permission: 'read_deliveries' } as const;
  app.get('/v1/deliveries', { config, schema: deliveriesSchema }, (request) => list(request, {}));

  app.get('/v1/webhooks/:id/deliveries', { config, schema: deliveriesOfWebhookSchema }, async (request) =>
    list(request, { webhookId: (await findOwn(db, request.owner, request.params)).id }),
  );

  app.get('/v1/events/:id/deliveries', { config, schema: deliveriesOfEventSchema }, async (request) => {
    const eventId = idOf(request.params);
    if ((await findEvent(db, reachOf(request.owner), eventId)) === undefined) throw problem('not_found');
    return list(request, { eventId });
  });
};
