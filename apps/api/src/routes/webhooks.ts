// The webhook resource: make, read.
import { randomBytes } from 'node:crypto';
import { newSecret, newSecretBytes, problem } from '@posthorn/core';
import { findWebhook, insertWebhook, type KeyOwner } from '@posthorn/db';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { webhookPath } from '../schemas/parameters.js';
import { configurationOf, newFields } from '../webhook-fields.js';
import { webhookObject } from '../webhook-object.js';
import { sealChanges, sealSecret } from '../webhook-secrets.js';
import { authorOf, checkCircuitSettings, refuseConflict, requireOwn, sendWebhook, type WebhookDependencies } from './own-webhook.js';
import { readWebhookBody } from './webhook-body.js';
import { type NewWebhookBody, newWebhookBody } from './webhook-schema.js';

const defaultTenant = 'default';

const tenantKeyOf = (body: NewWebhookBody, owner: KeyOwner): string => {
  if (owner.tenant === null) return body.tenant ?? defaultTenant;
  if (body.tenant !== undefined && body.tenant !== owner.tenant.key)
    throw problem('tenant_forbidden', `this key is bound to tenant ${owner.tenant.key}`);
  return owner.tenant.key;
};

/** Which URLs an environment takes: plain http in a test environment, or where it is allowed. */
export const urlCheckOf =
  ({ egress }: Pick<WebhookDependencies, 'egress'>, owner: KeyOwner) =>
  (url: string) =>
    egress.checkUrl(url, { allowHttp: owner.mode === 'test' || owner.settings.allow_http === true });

/** Makes the webhook; returns its id and its secret. */
const makeWebhook = async (owner: KeyOwner, request: FastifyRequest<{ Body: NewWebhookBody }>, dependencies: WebhookDependencies) => {
  const { body, validationError } = request;
  checkCircuitSettings(owner, body, newFields);
  const fields = readWebhookBody(newFields, body, validationError, { isNew: true, checkUrl: urlCheckOf(dependencies, owner) });
  const tenantKey = tenantKeyOf(body, owner);
  const tenantId = owner.tenant?.id ?? (await dependencies.tenantId(owner.environmentId, tenantKey));
  const id = dependencies.newId();
  const secret = body.secret ?? newSecret(randomBytes(newSecretBytes));
  const parts = Object.values(sealChanges(dependencies, id, newFields, fields)).flatMap((part) => part ?? []);
  await insertWebhook(dependencies.db, {
    id,
    environmentId: owner.environmentId,
    tenantId,
    configuration: configurationOf(fields),
    secrets: [sealSecret(dependencies, id, 'signing', secret), ...parts],
    isActive: body.is_active ?? true,
    author: authorOf(owner),
  }).catch(refuseConflict);
  return { id, tenantId, secret };
};

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
  const { db } = dependencies;

  app.post<{ Body: NewWebhookBody }>(
    '/v1/webhooks',
    { config: { permission: 'edit_webhooks' }, schema: creating, attachValidation: true },
    async (request, reply) => {
      const { owner } = request;
      const { id, tenantId, secret } = await makeWebhook(owner, request, dependencies);
      const row = await findWebhook(db, owner.environmentId, tenantId, id);
      if (row === undefined) throw problem('not_found');
      return reply
        .code(201)
        .headers({ location: `/v1/webhooks/${id}`, etag: `"${row.version}"` })
        .send({ ...webhookObject(row, owner.mode, undefined), secret });
    },
  );

  app.get('/v1/webhooks/:id', { config: { permission: 'read_webhooks' }, schema: reading }, async (request, reply) => {
    const { owner, row } = await requireOwn(dependencies, request);
    return sendWebhook(reply, db, owner, row.id);
  });
};
