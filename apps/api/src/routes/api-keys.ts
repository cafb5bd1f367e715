// API keys: made, shown, revoked. The key itself is in the answer that makes it and nowhere else.
import { formatRfc3339, isName, parseRfc3339, problem } from '@posthorn/core';
import { type ApiKeyRow, ensureTenant, findApiKey, findTenant, insertApiKey, listApiKeys, revokeApiKey } from '@posthorn/db';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { auditEntryOf } from '../audit-entry.js';
import { filterParameters, flag, matching, oneOf, readFilters } from '../list-filters.js';
import { makeKey } from '../new-key.js';
import { type NewApiKeyBody, newApiKeyBody, roles } from '../schemas/api-key.js';
import { nothing } from '../schemas/fields.js';
import { listOf, pageParameters } from '../schemas/lists.js';
import { idOfPath } from '../schemas/parameters.js';
import { idOf } from './deliveries.js';
import { emptyPage, pageOf, readLimit, readQuery } from './lists.js';
import type { WebhookDependencies } from './own-webhook.js';

const tags = ['API keys'];
const config = { permission: 'administer' } as const;
const params = idOfPath('key');

const filters = {
  role: oneOf(roles),
  tenant: matching(isName, '1 to 128 letters, digits or one of _ . : -'),
  is_active: flag,
};

const timeOf = (at: Date | null): string | null => (at === null ? null : formatRfc3339(at.getTime()));

const apiKeyObject = (row: ApiKeyRow) => ({
  id: row.id,
  name: row.name,
  role: row.role,
  tenant: row.tenant_key,
  key_hint: `ph_${row.mode}_${row.public_id}_…${row.last_four}`,
  created_at: timeOf(row.created_at),
  created_by: row.created_by_key_id,
  expires_at: timeOf(row.expires_at),
  revoked_at: timeOf(row.revoked_at),
  last_used_at: timeOf(row.last_used_at),
});

const refuse = (code: 'missing_field' | 'invalid_field', pointer: string, message: string): Error =>
  problem(code, message, { errors: [{ pointer, code, message }] });

/** When a new key ends; throws for what is no time, or not in the future. */
const readExpiry = (text: string | null | undefined, nowMs: number): Date | null => {
  if (text === null || text === undefined) return null;
  const atMs = parseRfc3339(text);
  if (atMs === null) throw refuse('invalid_field', '/expires_at', 'expires_at must be an RFC 3339 time');
  if (atMs <= nowMs) throw refuse('invalid_field', '/expires_at', 'expires_at must be in the future');
  return new Date(atMs);
};

type Dependencies = Pick<WebhookDependencies, 'db' | 'cursors' | 'newId' | 'nowMs'>;

const readingRoutes = (app: FastifyInstance, { db, cursors }: Dependencies): void => {
  const listing = {
    operationId: 'listApiKeys',
    tags,
    summary: 'List keys, newest first',
    description: 'Several filters are all to be met. `is_active`: neither revoked nor expired.',
    querystring: Type.Object({ ...pageParameters, ...filterParameters(filters) }),
    response: { 200: listOf(Type.Ref('ApiKey')) },
  };
  app.get('/v1/api-keys', { config, schema: listing }, async (request) => {
    const query = readQuery(request);
    const limit = readLimit(query);
    const { environmentId } = request.owner;
    const { role, tenant, is_active: isActive } = readFilters(filters, query);
    const bound = ['api-keys', environmentId, role, tenant, isActive];
    const position = cursors.read(bound, query.cursor);
    const tenantId = tenant === null ? null : await findTenant(db, environmentId, tenant);
    if (tenant !== null && tenantId === null) return emptyPage;
    const beforeId = position === null ? null : String(position[0]);
    const rows = await listApiKeys(db, { environmentId, role, tenantId, isActive, beforeId, limit: limit + 1 });
    return pageOf(rows, limit, apiKeyObject, (last) => cursors.write(bound, [last.id]));
  });

  const reading = { operationId: 'getApiKey', tags, summary: 'Read a key', params, response: { 200: Type.Ref('ApiKey') } };
  app.get('/v1/api-keys/:id', { config, schema: reading }, async (request) => {
    const row = await findApiKey(db, request.owner.environmentId, idOf(request.params));
    if (row === undefined) throw problem('not_found');
    return apiKeyObject(row);
  });
};

const writingRoutes = (app: FastifyInstance, { db, newId, nowMs }: Dependencies): void => {
  const creating = {
    operationId: 'createApiKey',
    tags,
    summary: 'Make a key',
    description: 'The answer has the key, this once.',
    body: newApiKeyBody,
    response: { 201: Type.Ref('CreatedApiKey') },
  };
  app.post<{ Body: NewApiKeyBody }>('/v1/api-keys', { config, schema: creating }, async (request, reply) => {
    const { owner, body } = request;
    const { role, name = null, tenant = null } = body;
    const { environmentId, mode } = owner;
    if (role === 'channel' && tenant === null) throw refuse('missing_field', '/tenant', 'a key of role channel is bound to a tenant');
    const expiresAt = readExpiry(body.expires_at, nowMs());
    const tenantId = tenant === null ? null : await ensureTenant(db, environmentId, tenant, newId());
    const id = newId();
    const { key, stored } = makeKey(mode);
    const details = { role, ...(name !== null && { name }), ...(expiresAt !== null && { expires_at: timeOf(expiresAt) }) };
    await insertApiKey(
      db,
      { ...stored, id, environmentId, tenantId, name, role, expiresAt, createdByKeyId: owner.keyId },
      auditEntryOf(owner, { tenantId, action: 'api_key.created', subjectKind: 'api_key', subjectId: id, details }),
    );
    const row = await findApiKey(db, environmentId, id);
    if (row === undefined) throw problem('not_found');
    return reply
      .code(201)
      .header('location', `/v1/api-keys/${id}`)
      .send({ ...apiKeyObject(row), key });
  });

  const revoking = {
    operationId: 'revokeApiKey',
    tags,
    summary: 'Revoke a key',
    description:
      'It works no longer than 5 s more. The last valid key of role `admin` that is bound to no tenant cannot be revoked: nobody could make another.',
    params,
    response: { 204: nothing('It is revoked, or was before.') },
  };
  app.delete('/v1/api-keys/:id', { config, schema: revoking }, async (request, reply) => {
    const { owner } = request;
    const id = idOf(request.params);
    const result = await revokeApiKey(db, owner.environmentId, id, (tenantId) =>
      auditEntryOf(owner, { tenantId, action: 'api_key.revoked', subjectKind: 'api_key', subjectId: id }),
    );
    if (result === 'unknown') throw problem('not_found');
    if (result === 'last') throw problem('conflict', 'this is the last key that may make keys; make another one first');
    return reply.code(204).send();
  });
};

/** GET|POST /v1/api-keys, GET|DELETE /v1/api-keys/{id}. */
export const apiKeyRoutes = (dependencies: Dependencies) => async (app: FastifyInstance) => {
  readingRoutes(app, dependencies);
  writingRoutes(app, dependencies);
};
