// Dialect 001: attempts as event callbacks, of a webhook and of all.
import { problem } from '@posthorn/core';
import { findCallback, newestCallbacks, queryCallbacks } from '@posthorn/db';
import { listDocument, type Resource, readCallbackId, resourceDocument } from '@posthorn/dialects';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { reachOf } from '../access.js';
import type { WebhookDependencies } from '../routes/own-webhook.js';
import { webhookPath } from '../schemas/parameters.js';
import {
  commerceConfig,
  commerceTags,
  documentOfSchema,
  listQueryOf,
  listQuerystring,
  parametersOf,
  resourceQueryOf,
  resourceQuerystring,
  sendDocument,
} from './commerce-form.js';
import { callbackResource, webhookResources, withPayloads } from './commerce-showing.js';
import { requireWebhook, webhooksPath } from './commerce-webhooks.js';
import { findShown } from './showing.js';

export const callbacksPath = '/api/event_callbacks';
export const callbackPath = Type.Object({ id: Type.String({ description: '`<event id>.<webhook id>.<attempt>`' }) });
const types = ['event_callbacks', 'webhooks'] as const;
const tags = commerceTags;
const page = { 200: documentOfSchema('CommerceCallbackList', 'A page of them.') };

const schemas = {
  listing: {
    operationId: 'listEventCallbacks',
    tags,
    summary: 'List event callbacks',
    description: 'Of the newest 10,000 attempts; older ones are reached by filters.',
    querystring: listQuerystring(types),
    response: page,
  },
  reading: {
    operationId: 'getEventCallback',
    tags,
    summary: 'Read an event callback',
    params: callbackPath,
    querystring: resourceQuerystring(types),
    response: { 200: documentOfSchema('CommerceCallbackDocument', 'The event callback.') },
  },
  webhook: {
    operationId: 'getWebhookOfEventCallback',
    tags,
    summary: 'Read the webhook of an event callback',
    params: callbackPath,
    querystring: resourceQuerystring(types),
    response: { 200: documentOfSchema('CommerceWebhookDocument', 'The webhook.') },
  },
  last: {
    operationId: 'listLastEventCallbacks',
    tags,
    summary: 'List the last event callbacks of a webhook',
    params: webhookPath,
    querystring: listQuerystring(types),
    response: page,
  },
};

/** How many event callbacks are a webhook's last ones. */
const lastMax = 10;

/** GET /api/event_callbacks, …/{id}, …/{id}/webhook, and GET /api/webhooks/{id}/last_event_callbacks. */
export const commerceCallbackRoutes = (dependencies: WebhookDependencies) => async (app: FastifyInstance) => {
  const { db, origin } = dependencies;
  const config = commerceConfig('read_webhooks');

  const find = async ({ owner, params }: FastifyRequest) => {
    const place = readCallbackId((params as { readonly id: string }).id.toLowerCase());
    const row = place === null ? undefined : await findCallback(db, reachOf(owner), place);
    if (row === undefined) throw problem('not_found');
    return row;
  };
  const webhooksOf = async ({ owner }: FastifyRequest, ids: readonly string[], fields: Parameters<typeof withPayloads>[0]) => {
    const found = await Promise.all([...new Set(ids)].map((id) => findShown(db, owner, 'id', id)));
    const rows = found.filter((row) => row !== undefined);
    return (await webhookResources(dependencies, owner, rows, { include: [], fields })).data;
  };

  app.get(callbacksPath, { config, schema: schemas.listing }, async (request, reply) => {
    const {
      conditions,
      sort,
      page: { number, size },
      include,
      fields,
    } = listQueryOf('event_callbacks', request);
    const { rows, count } = await queryCallbacks(db, {
      ...reachOf(request.owner),
      conditions,
      sort,
      offset: (number - 1) * size,
      limit: size,
      withBodies: withPayloads(fields),
    });
    const data = rows.map((row) => callbackResource(row, request.owner.mode, origin()));
    const ids = rows.map(({ webhook_id }) => webhook_id);
    const included: readonly Resource[] | null = include.includes('webhook') ? await webhooksOf(request, ids, fields) : null;
    const place = { origin: origin(), path: callbacksPath, parameters: parametersOf(request) };
    return sendDocument(reply, listDocument(data, included, fields, { number, size, count }, place));
  });

  app.get(`${callbacksPath}/:id`, { config, schema: schemas.reading }, async (request, reply) => {
    const { include, fields } = resourceQueryOf('event_callbacks', request);
    const row = await find(request);
    const included = include.includes('webhook') ? await webhooksOf(request, [row.webhook_id], fields) : null;
    return sendDocument(reply, resourceDocument(callbackResource(row, request.owner.mode, origin()), included, fields));
  });

  app.get(`${callbacksPath}/:id/webhook`, { config, schema: schemas.webhook }, async (request, reply) => {
    const { fields } = resourceQueryOf('webhooks', request);
    const [webhook] = await webhooksOf(request, [(await find(request)).webhook_id], fields);
    if (webhook === undefined) throw problem('not_found');
    return sendDocument(reply, resourceDocument(webhook, null, fields));
  });

  app.get(`${webhooksPath}/:id/last_event_callbacks`, { config, schema: schemas.last }, async (request, reply) => {
    const {
      page: { number, size },
      include,
      fields,
    } = listQueryOf('event_callbacks', request);
    const { id } = await requireWebhook(dependencies, request);
    const rows = (await newestCallbacks(db, [id], withPayloads(fields), lastMax)).get(id) ?? [];
    const data = rows.slice((number - 1) * size, number * size).map((row) => callbackResource(row, request.owner.mode, origin()));
    const included = include.includes('webhook') && data.length > 0 ? await webhooksOf(request, [id], fields) : null;
    const place = { origin: origin(), path: `${webhooksPath}/${id}/last_event_callbacks`, parameters: parametersOf(request) };
    return sendDocument(reply, listDocument(data, included, fields, { number, size, count: rows.length }, place));
  });
};
