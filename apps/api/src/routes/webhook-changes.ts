// PATCH and DELETE of a webhook.
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { nothing } from '../schemas/fields.js';
import { ifMatchHeader, webhookPath } from '../schemas/parameters.js';
import { deleteOwn, switchWebhook, writeVersion } from '../webhook-changing.js';
import { checkCircuitSettings, urlCheckOf } from '../webhook-writing.js';
import { idOf } from './deliveries.js';
import { requireOwn, sendWebhook, type WebhookDependencies } from './own-webhook.js';
import { readWebhookBody } from './webhook-body.js';
import { type ChangedWebhookBody, changedWebhookBody } from './webhook-schema.js';

const tags = ['Webhooks'];
const changing = {
  operationId: 'changeWebhook',
  tags,
  summary: 'Change a webhook',
  params: webhookPath,
  headers: ifMatchHeader,
  body: changedWebhookBody,
  response: { 200: Type.Ref('Webhook') },
};
const deleting = {
  operationId: 'deleteWebhook',
  tags,
  summary: 'Delete a webhook',
  description: 'What waits is cancelled; its history stays.',
  params: webhookPath,
  headers: ifMatchHeader,
  response: { 204: nothing('The webhook is deleted.') },
};

/** PATCH and DELETE /v1/webhooks/{id}. */
export const webhookChangeRoutes = (dependencies: WebhookDependencies) => async (app: FastifyInstance) => {
  const path = '/v1/webhooks/:id';
  app.patch<{ Body: ChangedWebhookBody }>(
    path,
    { config: { permission: 'edit_webhooks' }, schema: changing, attachValidation: true },
    async (request, reply) => {
      const { owner, body, validationError } = request;
      const target = { webhookId: idOf(request.params), ifMatch: request.headers['if-match'] };
      await writeVersion(dependencies, owner, target, (before) => {
        checkCircuitSettings(owner, body, before);
        return { fields: readWebhookBody(before, body, validationError, { isNew: false, checkUrl: urlCheckOf(dependencies, owner) }) };
      });
      if (body.is_active !== undefined) await switchWebhook(dependencies, owner, target.webhookId, body.is_active);
      return sendWebhook(reply, dependencies, owner, target.webhookId);
    },
  );

  app.delete(path, { config: { permission: 'edit_webhooks' }, schema: deleting }, async (request, reply) => {
    const { owner, row } = await requireOwn(dependencies, request);
    await deleteOwn(dependencies, owner, row, request.headers['if-match']);
    return reply.code(204).send();
  });
};
