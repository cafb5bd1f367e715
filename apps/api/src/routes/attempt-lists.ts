// The lists of attempts: of a webhook, of an event, of a delivery.
import { attemptKindCodes, problem } from '@posthorn/core';
import { findDelivery, findEvent, listAttempts, listAttemptsOfEvent } from '@posthorn/db';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { reachOf } from '../access.js';
import { codeOf, filterParameters, flag, id, readFilters } from '../list-filters.js';
import { listOf, pageParameters } from '../schemas/lists.js';
import { deliveryPath, eventPath, webhookPath } from '../schemas/parameters.js';
import { attemptObject, deliveryKeyOf, idOf, type ReadDependencies } from './deliveries.js';
import { pageOf, readLimit, readQuery } from './lists.js';
import { findOwn } from './own-webhook.js';

const filters = { kind: codeOf(attemptKindCodes), succeeded: flag };
const filtersOfEvent = { ...filters, webhook_id: id };

const tags = ['Deliveries'];
const response = { 200: listOf(Type.Ref('Attempt')) };
const querystring = Type.Object({ ...pageParameters, ...filterParameters(filters) });
const ofWebhook = {
  operationId: 'listWebhookAttempts',
  tags,
  summary: 'List the attempts of a webhook',
  description: 'Newest event first, and within it the newest attempt; tests are among them.',
  params: webhookPath,
  querystring,
  response,
};
const ofEvent = {
  operationId: 'listEventAttempts',
  tags,
  summary: 'List the attempts of an event',
  description: 'Webhook by webhook, in the order of its deliveries, and within each the newest attempt first.',
  params: eventPath,
  querystring: Type.Object({ ...pageParameters, ...filterParameters(filtersOfEvent) }),
  response,
};
const ofDelivery = {
  operationId: 'listDeliveryAttempts',
  tags,
  summary: 'List the attempts of a delivery',
  description: 'Newest first.',
  params: deliveryPath,
  querystring,
  response,
};

/** GET /v1/webhooks/{id}/attempts, /v1/events/{id}/attempts and /v1/deliveries/{id}/attempts. */
export const attemptListRoutes = (dependencies: ReadDependencies) => async (app: FastifyInstance) => {
  const { db, cursors } = dependencies;
  const config = { permission: 'read_deliveries' } as const;

  app.get('/v1/webhooks/:id/attempts', { config, schema: ofWebhook }, async (request) => {
    const query = readQuery(request);
    const limit = readLimit(query);
    const wanted = readFilters(filters, query);
    const { id: webhookId } = await findOwn(db, request.owner, request.params);
    const reach = reachOf(request.owner);
    const bound = ['attempts', reach, webhookId, wanted];
    const position = cursors.read(bound, query.cursor);
    const before = position === null ? null : { eventId: String(position[0]), n: Number(position[1]) };
    const rows = await listAttempts(db, { ...reach, webhookId, ...wanted, before, limit: limit + 1 });
    return pageOf(rows, limit, attemptObject, (last) => cursors.write(bound, [last.event_id, last.n]));
  });

  /** @param place what the path names; it is in reach */
  const listOfEvent = async (request: FastifyRequest, place: { readonly eventId: string; readonly webhookId?: string }) => {
    const query = readQuery(request);
    const limit = readLimit(query);
    // What a route has no parameter for is not in its query.
    const { webhook_id: webhookId, ...wanted } = readFilters(filtersOfEvent, query);
    const reach = reachOf(request.owner);
    const bound = ['attempts of event', reach, place, webhookId, wanted];
    const position = cursors.read(bound, query.cursor);
    const before = position === null ? null : { webhookId: String(position[0]), n: Number(position[1]) };
    const page = { ...reach, eventId: place.eventId, webhookId: place.webhookId ?? webhookId, ...wanted, before, limit: limit + 1 };
    const rows = await listAttemptsOfEvent(db, page);
    return pageOf(rows, limit, attemptObject, (last) => cursors.write(bound, [last.webhook_id, last.n]));
  };

  app.get('/v1/events/:id/attempts', { config, schema: ofEvent }, async (request) => {
    const eventId = idOf(request.params);
    if ((await findEvent(db, reachOf(request.owner), eventId)) === undefined) throw problem('not_found');
    return listOfEvent(request, { eventId });
  });

  app.get('/v1/deliveries/:id/attempts', { config, schema: ofDelivery }, async (request) => {
    const key = deliveryKeyOf(request.params);
    if ((await findDelivery(db, reachOf(request.owner), key)) === undefined) throw problem('not_found');
    return listOfEvent(request, key);
  });
};
