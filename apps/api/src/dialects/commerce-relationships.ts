// Dialect 001: what the `self` links of relationships name: the ids of what is related.
import { problem } from '@posthorn/core';
import { findCallback, newestCallbacks } from '@posthorn/db';
import { callbackIdOf, readCallbackId } from '@posthorn/dialects';
import type { FastifyInstance } from 'fastify';
import { reachOf } from '../access.js';
import type { WebhookDependencies } from '../routes/own-webhook.js';
import { webhookPath } from '../schemas/parameters.js';
import { callbackPath, callbacksPath } from './commerce-callbacks.js';
import { commerceConfig, commerceTags, documentOfSchema, sendDocument } from './commerce-form.js';
import { requireWebhook, webhooksPath } from './commerce-webhooks.js';

/** The newest versions that a relationship names. */
const versionsMax = 25;

const response = { 200: documentOfSchema('CommerceRelationship', 'The ids of what is related.') };

/** GET /api/webhooks/{id}/relationships/{name} and /api/event_callbacks/{id}/relationships/webhook. */
export const commerceRelationshipRoutes = (dependencies: WebhookDependencies) => async (app: FastifyInstance) => {
  const { db, origin } = dependencies;
  const config = commerceConfig('read_webhooks');
  const linksOf = (path: string, name: string) => ({
    self: `${origin()}${path}/relationships/${name}`,
    related: `${origin()}${path}/${name}`,
  });

  const callbacks = {
    operationId: 'listLastEventCallbackIds',
    tags: commerceTags,
    summary: 'List the ids of the last event callbacks of a webhook',
    params: webhookPath,
    response,
  };
  app.get(`${webhooksPath}/:id/relationships/last_event_callbacks`, { config, schema: callbacks }, async (request, reply) => {
    const { id } = await requireWebhook(dependencies, request);
    const rows = (await newestCallbacks(db, [id], false)).get(id) ?? [];
    const data = rows.map(({ event_id, n }) => ({
      type: 'event_callbacks',
      id: callbackIdOf({ eventId: event_id, webhookId: id, attempt: n }),
    }));
    return sendDocument(reply, { links: linksOf(`${webhooksPath}/${id}`, 'last_event_callbacks'), data });
  });

  for (const type of ['versions', 'event_stores'] as const) {
    const schema = {
      operationId: type === 'versions' ? 'listCommerceVersionIds' : 'listCommerceEventStoreIds',
      tags: commerceTags,
      summary: type === 'versions' ? 'List the ids of the versions of a webhook' : 'List the ids of the event stores of a webhook',
      params: webhookPath,
      response,
    };
    app.get(`${webhooksPath}/:id/relationships/${type}`, { config, schema }, async (request, reply) => {
      const { id, version } = await requireWebhook(dependencies, request);
      const data = Array.from({ length: Math.min(version, versionsMax) }, (_, index) => ({ type, id: `${id}.${version - index}` }));
      return sendDocument(reply, { links: linksOf(`${webhooksPath}/${id}`, type), data });
    });
  }

  const webhook = {
    operationId: 'getWebhookIdOfEventCallback',
    tags: commerceTags,
    summary: 'Read the id of the webhook of an event callback',
    params: callbackPath,
    response,
  };
  app.get(`${callbacksPath}/:id/relationships/webhook`, { config, schema: webhook }, async (request, reply) => {
    const place = readCallbackId((request.params as { readonly id: string }).id.toLowerCase());
    const row = place === null ? undefined : await findCallback(db, reachOf(request.owner), place);
    if (place === null || row === undefined) throw problem('not_found');
    const path = `${callbacksPath}/${callbackIdOf(place)}`;
    return sendDocument(reply, { links: linksOf(path, 'webhook'), data: { type: 'webhooks', id: row.webhook_id } });
  });
};
