// Tenants: made, shown, changed, erased. Erasing answers at once; the content is taken away by the scheduler.

import { isDeepStrictEqual } from 'node:util';
import { eventLimits, formatRfc3339, isName, problem } from '@posthorn/core';
import {
  changeTenant,
  countWebhooksOfTenants,
  type Database,
  deleteErasedWebhooks,
  findTenantRow,
  insertTenant,
  type KeyOwner,
  listTenants,
  markTenantErasing,
  type TenantFields,
  type TenantRow,
  tenantErasureLimits,
} from '@posthorn/db';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { auditEntryOf } from '../audit-entry.js';
import { exactly, filterParameters, matching, period, readFilters } from '../list-filters.js';
import { listOf, pageParameters } from '../schemas/lists.js';
import { type ChangedTenantBody, changedTenantBody, type NewTenantBody, newTenantBody, tenantPath } from '../schemas/tenant.js';
import { whyUnstorable } from '../storable.js';
import { pageOf, readLimit, readQuery } from './lists.js';
import { actorOf, type WebhookDependencies } from './own-webhook.js';
import { mergeMembers } from './webhook-body.js';
import { metadataMembersMax } from './webhook-schema.js';

/** Webhooks of an erased tenant that are deleted before the answer, in steps; the scheduler deletes the rest. */
const webhookStepsMax = 10;

const tags = ['Tenants'];
const one = { tags, params: tenantPath, response: { 200: Type.Ref('Tenant') } };
const config = { permission: 'administer' } as const;

const filters = {
  tenant: matching(isName, '1 to 128 letters, digits or one of _ . : -'),
  name: exactly(256),
  created_at: period,
};

const tenantObject = (row: TenantRow) => ({
  id: row.id,
  tenant: row.key,
  name: row.name,
  email: row.email,
  metadata: row.metadata,
  created_at: formatRfc3339(row.created_at.getTime()),
  updated_at: formatRfc3339(row.updated_at.getTime()),
});

/** With how many webhooks each has. */
const counted = async (db: Database, rows: readonly TenantRow[]) => {
  const counts = await countWebhooksOfTenants(
    db,
    rows.map(({ id }) => id),
  );
  return rows.map((row) => ({ ...tenantObject(row), webhooks: counts.get(row.id) ?? 0 }));
};
const countedOne = async (db: Database, row: TenantRow) => (await counted(db, [row]))[0];

const refuse = (pointer: string, message: string, code: 'invalid_field' | 'nesting_too_deep' = 'invalid_field'): Error =>
  problem(code, message, { errors: [{ pointer, code, message }] });

/** The fields after a body; its shape is right. Throws for metadata that cannot be stored. */
const fieldsAfter = (base: TenantFields, body: ChangedTenantBody): TenantFields => {
  const { name = base.name, email = base.email, metadata } = body;
  const why = whyUnstorable(metadata, eventLimits.depthMax);
  if (why === 'depth') throw refuse('/metadata', `metadata is nested in more than ${eventLimits.depthMax} levels`, 'nesting_too_deep');
  if (why !== null) throw refuse('/metadata', `metadata has a ${why === 'number' ? 'number' : 'character'} that cannot be stored`);
  const merged = metadata === undefined ? base.metadata : mergeMembers<unknown>(base.metadata, metadata);
  if (Object.keys(merged).length > metadataMembersMax) throw refuse('/metadata', `metadata has at most ${metadataMembersMax} members`);
  return { name, email, metadata: merged };
};

const noFields: TenantFields = { name: null, email: null, metadata: {} };

/** The key of the path, if it can be one; else there is no such tenant. */
const keyOf = (request: FastifyRequest): string => {
  const { tenant } = request.params as { tenant: string };
  if (!isName(tenant)) throw problem('not_found');
  return tenant;
};

type Dependencies = Pick<WebhookDependencies, 'pool' | 'db' | 'cursors' | 'newId' | 'forgetTenant'>;

const readingRoutes = (app: FastifyInstance, { db, cursors }: Dependencies): void => {
  const listing = {
    operationId: 'listTenants',
    tags,
    summary: 'List tenants, newest first',
    description: 'Several filters are all to be met.',
    querystring: Type.Object({ ...pageParameters, ...filterParameters(filters) }),
    response: { 200: listOf(Type.Ref('Tenant')) },
  };

  app.get('/v1/tenants', { config, schema: listing }, async (request) => {
    const query = readQuery(request);
    const limit = readLimit(query);
    const { environmentId } = request.owner;
    const { tenant: key, name, created_at: createdAt } = readFilters(filters, query);
    const bound = ['tenants', environmentId, key, name, createdAt];
    const position = cursors.read(bound, query.cursor);
    const beforeId = position === null ? null : String(position[0]);
    const rows = await listTenants(db, { environmentId, key, name, createdAt, beforeId, limit: limit + 1 });
    const page = pageOf(
      rows,
      limit,
      (row) => row,
      (last) => cursors.write(bound, [last.id]),
    );
    return { ...page, data: await counted(db, page.data) };
  });

  const reading = { operationId: 'getTenant', summary: 'Read a tenant', ...one };
  app.get('/v1/tenants/:tenant', { config, schema: reading }, async (request) => {
    const row = await findTenantRow(db, request.owner.environmentId, keyOf(request));
    if (row === undefined) throw problem('not_found');
    return countedOne(db, row);
  });
};

const writingRoutes = (app: FastifyInstance, { db, newId }: Dependencies): void => {
  const entryOf = (owner: KeyOwner, id: string, action: string, details: Readonly<Record<string, unknown>>) =>
    auditEntryOf(owner, { tenantId: id, action: `tenant.${action}`, subjectKind: 'tenant', subjectId: id, details });

  const creating = {
    operationId: 'createTenant',
    tags,
    summary: 'Make a tenant',
    body: newTenantBody,
    response: { 201: Type.Ref('Tenant') },
  };
  app.post<{ Body: NewTenantBody }>('/v1/tenants', { config, schema: creating }, async (request, reply) => {
    const { owner, body } = request;
    const { tenant: key, ...given } = body;
    const tenant = { id: newId(), environmentId: owner.environmentId, key, fields: fieldsAfter(noFields, given) };
    const row = await insertTenant(db, tenant, entryOf(owner, tenant.id, 'created', { tenant: key }));
    if (row === undefined) {
      const message = `there is a tenant ${key} already`;
      throw problem('conflict', message, { errors: [{ pointer: '/tenant', code: 'conflict', message }] });
    }
    return reply
      .code(201)
      .header('location', `/v1/tenants/${encodeURIComponent(key)}`)
      .send(await countedOne(db, row));
  });

  const changing = { operationId: 'updateTenant', summary: 'Change a tenant', ...one, body: changedTenantBody };
  app.patch<{ Body: ChangedTenantBody }>('/v1/tenants/:tenant', { config, schema: changing }, async (request) => {
    const { owner, body } = request;
    const row = await changeTenant(db, owner.environmentId, keyOf(request), (current) => {
      const fields = fieldsAfter(current, body);
      const changed = (['name', 'email', 'metadata'] as const).filter((field) => !isDeepStrictEqual(current[field], fields[field]));
      return changed.length === 0 ? null : { fields, entry: entryOf(owner, current.id, 'changed', { fields: changed }) };
    });
    if (row === undefined) throw problem('not_found');
    return countedOne(db, row);
  });
};

const erasingRoute = (app: FastifyInstance, { pool, db, forgetTenant }: Dependencies): void => {
  const erasing = {
    operationId: 'eraseTenant',
    tags,
    summary: 'Erase a tenant and all that is its',
    description:
      'From the answer on it is gone: its keys are revoked, its webhooks deleted, its name is free. The content of its events and attempts is taken away in the background. ' +
      'What is still published under its name within some seconds may be erased with it.',
    params: tenantPath,
    response: { 202: Type.Ref('ErasedTenant') },
  };
  app.delete('/v1/tenants/:tenant', { config, schema: erasing }, async (request, reply) => {
    const { owner } = request;
    const key = keyOf(request);
    const row = await markTenantErasing(db, owner.environmentId, key, actorOf(owner), ({ id }) =>
      auditEntryOf(owner, { tenantId: id, action: 'tenant.erased', subjectKind: 'tenant', subjectId: id, details: { tenant: key } }),
    );
    if (row === undefined) throw problem('not_found');
    forgetTenant(owner.environmentId, key);
    for (let step = 0; step < webhookStepsMax; step++)
      if ((await deleteErasedWebhooks(pool, row.id, actorOf(owner), tenantErasureLimits.webhooksMax)) === 0) break;
    return reply.code(202).send({ ...tenantObject(row), erasing_at: formatRfc3339(row.erasing_at.getTime()) });
  });
};

/** GET|POST /v1/tenants, GET|PATCH|DELETE /v1/tenants/{tenant}. */
export const tenantRoutes = (dependencies: Dependencies) => async (app: FastifyInstance) => {
  readingRoutes(app, dependencies);
  writingRoutes(app, dependencies);
  erasingRoute(app, dependencies);
};
