// Dialect 001: the webhooks.
import { problem } from '@posthorn/core';
import { findWebhook, queryWebhooks, type WebhookRow } from '@posthorn/db';
import { commerce, listDocument, resourceDocument } from '@posthorn/dialects';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { reachOf } from '../access.js';
import type { WebhookDependencies } from '../routes/own-webhook.js';
import { judgedBody } from '../schemas/dialects.js';
import { nothing } from '../schemas/fields.js';
import { webhookPath } from '../schemas/parameters.js';
import { deleteOwn } from '../webhook-changing.js';
import {
  commerceBodyTypes,
  commerceConfig,
  commerceTags,
  documentOfSchema,
  listQueryOf,
  listQuerystring,
  parametersOf,
  resourceQueryOf,
  resourceQuerystring,
  sendDocument,
  takeCommerceBodies,
} from './commerce-form.js';
import { type WebhookWishes, webhookResources } from './commerce-showing.js';
import { findShown } from './showing.js';
import { changeIn, makeIn } from './writing.js';

export const webhooksPath = '/api/webhooks';

/** The webhook of the path; throws `not_found`. */
export const requireWebhook = async ({ db }: Pick<WebhookDependencies, 'db'>, { owner, params }: FastifyRequest): Promise<WebhookRow> => {
  const row = await findShown(db, owner, 'id', (params as { readonly id: string }).id);
  if (row === undefined) throw problem('not_found');
  return row;
};

const types = ['webhooks', 'event_callbacks'] as const;
const tags = commerceTags;
const consumes = commerceBodyTypes;
const one = { 200: documentOfSchema('CommerceWebhookDocument', 'The webhook.') };
const schemas = {
  making: {
    operationId: 'createCommerceWebhook',
    tags,
    summary: 'Make a webhook',
    consumes,
    querystring: resourceQuerystring(types),
    body: judgedBody('CommerceWebhookBody'),
    response: { 201: documentOfSchema('CommerceWebhookDocument', 'The webhook, with its secret.') },
  },
  listing: {
    operationId: 'listCommerceWebhooks',
    tags,
    summary: 'List webhooks',
    querystring: listQuerystring(types),
    response: { 200: documentOfSchema('CommerceWebhookList', 'A page of them.') },
  },
  reading: {
    operationId: 'getCommerceWebhook',
    tags,
    summary: 'Read a webhook',
    params: webhookPath,
    querystring: resourceQuerystring(types),
    response: one,
  },
  changing: {
    operationId: 'changeCommerceWebhook',
    tags,
    summary: 'Change a webhook, enable, disable or reset it',
    consumes,
    params: webhookPath,
    querystring: resourceQuerystring(types),
    body: judgedBody('CommerceWebhookBody'),
    response: one,
  },
  deleting: {
    operationId: 'deleteCommerceWebhook',
    tags,
    summary: 'Delete a webhook',
    params: webhookPath,
    response: { 204: nothing('The webhook is deleted.') },
  },
};

/** POST and GET /api/webhooks; GET, PATCH and DELETE /api/webhooks/{id}. */
export const commerceWebhookRoutes = (dependencies: WebhookDependencies) => async (app: FastifyInstance) => {
  const { db, origin } = dependencies;
  const [readers, editors] = [commerceConfig('read_webhooks'), commerceConfig('edit_webhooks')];
  takeCommerceBodies(app);

  const documentOf = async ({ owner }: FastifyRequest, id: string, wishes: WebhookWishes) => {
    const row = await findWebhook(db, owner.environmentId, reachOf(owner).tenantId, id);
    if (row === undefined) throw problem('not_found');
    const { data, included } = await webhookResources(dependencies, owner, [row], wishes);
    const [resource] = data;
    if (resource === undefined) throw problem('not_found');
    return resourceDocument(resource, included, wishes.fields);
  };

  app.post(webhooksPath, { config: editors, schema: schemas.making }, async (request, reply) => {
    const wishes = resourceQueryOf('webhooks', request);
    const { webhook } = await makeIn(commerce, dependencies, request.owner, request.body);
    reply.code(201).header('location', `${webhooksPath}/${webhook.id}`);
    return sendDocument(reply, await documentOf(request, webhook.id, wishes));
  });

  app.get(webhooksPath, { config: readers, schema: schemas.listing }, async (request, reply) => {
    const { conditions, sort, page, include, fields } = listQueryOf('webhooks', request);
    const { number, size } = page;
    const { rows, count } = await queryWebhooks(db, {
      ...reachOf(request.owner),
      conditions,
      sort,
      offset: (number - 1) * size,
      limit: size,
    });
    const { data, included } = await webhookResources(dependencies, request.owner, rows, { include, fields });
    const place = { origin: origin(), path: webhooksPath, parameters: parametersOf(request) };
    return sendDocument(reply, listDocument(data, included, fields, { number, size, count }, place));
  });

  app.get(`${webhooksPath}/:id`, { config: readers, schema: schemas.reading }, async (request, reply) => {
    const wishes = resourceQueryOf('webhooks', request);
    const row = await requireWebhook(dependencies, request);
    return sendDocument(reply, await documentOf(request, row.id, wishes));
  });

  app.patch(`${webhooksPath}/:id`, { config: editors, schema: schemas.changing }, async (request, reply) => {
    const { owner, body, headers } = request;
    const wishes = resourceQueryOf('webhooks', request);
    const row = await requireWebhook(dependencies, request);
    await changeIn(commerce, dependencies, { owner, row, body, ifMatch: headers['if-match'] });
    return sendDocument(reply, await documentOf(request, row.id, wishes));
  });

  app.delete(`${webhooksPath}/:id`, { config: editors, schema: schemas.deleting }, async (request, reply) => {
    const row = await requireWebhook(dependencies, request);
    await deleteOwn(dependencies, request.owner, row, request.headers['if-match']);
    return reply.code(204).send();
  });
};
