// The webhook resource: make, read.
import { problem } from '@posthorn/core';
import { findWebhook } from '@posthorn/db';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { webhookPath } from '../schemas/parameters.js';
import { makeWebhook } from '../webhook-making.js';
import { ownWebhookObject } from '../webhook-object.js';
import { requireOwn, sendWebhook, type WebhookDependencies } from './own-webhook.js';
import { type NewWebhookBody, newWebhookBody } from './webhook-schema.js';

const tags = ['Webhooks'];
const creating = {
  operationId: 'createWebhook',
  tags,
  summary: 'Make a webhook',
  description: 'The answer has its secret. The tenant is made when it is first named.',
  body: newWebhookBody,
  response: { 201: Type.Ref('CreatedWebhook') },
};
const reading = {
  operationId: 'getWebhook',
  tags,
  summary: 'Read a webhook',
  params: webhookPath,
  response: { 200: Type.Ref('Webhook') },
};

/** Making and reading webhooks. */
export const webhookRoutes = (dependencies: WebhookDependencies) => async (app: FastifyInstance) => {
  const { db, telling } = dependencies;

  app.post<{ Body: NewWebhookBody }>(
    '/v1/webhooks',
    { config: { permission: 'edit_webhooks' }, schema: creating, attachValidation: true },
    async (request, reply) => {
      const { owner } = request;
      const { webhook, secret } = await makeWebhook(dependencies, owner, { body: request.body, shapeError: request.validationError });
      const row = await findWebhook(db, owner.environmentId, webhook.tenantId, webhook.id);
      if (row === undefined) throw problem('not_found');
      return reply
        .code(201)
        .headers({ location: `/v1/webhooks/${webhook.id}`, etag: `"${row.version}"` })
        .send({ ...ownWebhookObject(row, owner, telling, undefined), secret });
    },
  );

  app.get('/v1/webhooks/:id', { config: { permission: 'read_webhooks' }, schema: reading }, async (request, reply) => {
    const { owner, row } = await requireOwn(dependencies, request);
    return sendWebhook(reply, dependencies, owner, row.id);
  });
};
