// The webhook resource: make, list, read.
import { randomBytes } from 'node:crypto';
import { isName, newSecret, newSecretBytes, problem } from '@posthorn/core';
import { findTenant, findWebhook, insertWebhook, type KeyOwner, listWebhooks, readWebhookStatistics } from '@posthorn/db';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { reachOf } from '../access.js';
import { pageParameters } from '../schemas/lists.js';
import { configurationOf, newFields } from '../webhook-fields.js';
import { webhookObject } from '../webhook-object.js';
import { sealChanges, sealSecret } from '../webhook-secrets.js';
import { readLimit, readQuery } from './lists.js';
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

const webhooksQuery = Type.Object({ ...pageParameters, tenant: Type.Optional(Type.String()) });

/** Making, listing and reading webhooks. */
export const webhookRoutes = (dependencies: WebhookDependencies) => async (app: FastifyInstance) => {
  const { db, cursors } = dependencies;

  app.post<{ Body: NewWebhookBody }>(
    '/v1/webhooks',
    { config: { permission: 'edit_webhooks' }, schema: { body: newWebhookBody }, attachValidation: true },
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

  app.get('/v1/webhooks', { config: { permission: 'read_webhooks' }, schema: { querystring: webhooksQuery } }, async (request) => {
    const query = readQuery(request);
    const { owner } = request;
    const reach = reachOf(owner);
    const limit = readLimit(query);
    const bound = ['webhooks', reach, query.tenant ?? null];
    const position = cursors.read(bound, query.cursor);
    const tenantId =
      query.tenant === undefined ? reach.tenantId : isName(query.tenant) ? await findTenant(db, owner.environmentId, query.tenant) : null;
    if (query.tenant !== undefined && (tenantId === null || (reach.tenantId !== null && tenantId !== reach.tenantId)))
      return { data: [], next_cursor: null };
    const rows = await listWebhooks(db, {
      environmentId: owner.environmentId,
      tenantId,
      beforeId: position === null ? null : String(position[0]),
      limit: limit + 1,
    });
    const page = rows.slice(0, limit);
    const statistics = await readWebhookStatistics(
      db,
      page.map((row) => row.id),
    );
    const last = page.at(-1);
    return {
      data: page.map((row) => webhookObject(row, owner.mode, statistics.get(row.id))),
      next_cursor: rows.length > limit && last !== undefined ? cursors.write(bound, [last.id]) : null,
    };
  });

  app.get('/v1/webhooks/:id', { config: { permission: 'read_webhooks' } }, async (request, reply) => {
    const { owner, row } = await requireOwn(dependencies, request);
    return sendWebhook(reply, db, owner, row.id);
  });
};
