// Environments: a key sees its own alone. Another is made with its first key; what changes in the settings acts on every webhook without a value of its own.
import { isDeepStrictEqual } from 'node:util';
import { formatRfc3339, problem } from '@posthorn/core';
import { applyEnvironmentSettings, changeEnvironment, EnvironmentNameTakenError, type EnvironmentRow, findEnvironment } from '@posthorn/db';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { auditEntryOf } from '../audit-entry.js';
import { makeKey } from '../new-key.js';
import {
  type ChangedEnvironmentBody,
  changedEnvironmentBody,
  type NewEnvironmentBody,
  newEnvironmentBody,
  type WrittenSettings,
} from '../schemas/environment.js';
import { listOf, pageQuery } from '../schemas/lists.js';
import { idOfPath } from '../schemas/parameters.js';
import { idOf } from './deliveries.js';
import { readLimit, readQuery } from './lists.js';
import type { WebhookDependencies } from './own-webhook.js';
import { mergeMembers } from './webhook-body.js';

const tags = ['Environments'];
const config = { permission: 'administer' } as const;
const one = { tags, params: idOfPath('environment'), response: { 200: Type.Ref('Environment') } };

/** Every setting, with null or its default where it was not set. */
const settingsObject = (settings: WrittenSettings) => ({
  timeout_ms: settings.timeout_ms ?? null,
  max_in_flight: settings.max_in_flight ?? null,
  circuit_threshold: settings.circuit_threshold ?? null,
  circuit_recovery: settings.circuit_recovery ?? null,
  retry_schedule_s: settings.retry_schedule_s ?? null,
  allow_http: settings.allow_http ?? false,
  event_schemas: settings.event_schemas ?? 'off',
});

const environmentObject = (row: EnvironmentRow) => ({
  id: row.id,
  name: row.name,
  mode: row.mode,
  settings: settingsObject(row.settings),
  created_at: formatRfc3339(row.created_at.getTime()),
  updated_at: formatRfc3339(row.updated_at.getTime()),
});

const refuseTakenName = (error: unknown): never => {
  if (!(error instanceof EnvironmentNameTakenError)) throw error;
  throw problem('conflict', error.message, { errors: [{ pointer: '/name', code: 'conflict', message: error.message }] });
};

/** The id of the path, if it is that of the key's own environment; no other is in reach. */
const ownId = (request: FastifyRequest): string => {
  const id = idOf(request.params);
  if (id !== request.owner.environmentId) throw problem('not_found');
  return id;
};

type Dependencies = Pick<WebhookDependencies, 'db' | 'beyondWall' | 'cursors' | 'newId'>;

const readingRoutes = (app: FastifyInstance, { db, cursors }: Dependencies): void => {
  const find = async (id: string): Promise<EnvironmentRow> => {
    const row = await findEnvironment(db, id);
    if (row === undefined) throw problem('not_found');
    return row;
  };

  const listing = {
    operationId: 'listEnvironments',
    tags,
    summary: 'List environments: that of the key',
    querystring: pageQuery,
    response: { 200: listOf(Type.Ref('Environment')) },
  };
  app.get('/v1/environments', { config, schema: listing }, async (request) => {
    const query = readQuery(request);
    readLimit(query);
    // Nothing makes a cursor of this list, so it refuses all of them.
    cursors.read(['environments'], query.cursor);
    return { data: [environmentObject(await find(request.owner.environmentId))], next_cursor: null };
  });

  const reading = { operationId: 'getEnvironment', summary: 'Read the environment of the key', ...one };
  app.get('/v1/environments/:id', { config, schema: reading }, async (request) => environmentObject(await find(ownId(request))));
};

const creatingRoute = (app: FastifyInstance, { beyondWall, newId }: Dependencies): void => {
  const creating = {
    operationId: 'createEnvironment',
    tags,
    summary: 'Make an environment with its first key',
    body: newEnvironmentBody,
    response: { 201: Type.Ref('CreatedEnvironment') },
  };
  app.post<{ Body: NewEnvironmentBody }>('/v1/environments', { config, schema: creating }, async (request, reply) => {
    const { owner, body } = request;
    const { name, mode, settings = {} } = body;
    const id = newId();
    const { key, stored } = makeKey(mode);
    const row = await beyondWall
      .insertEnvironment(
        { id, name, mode, settings: mergeMembers<unknown>({}, settings) },
        {
          ...stored,
          id: newId(),
          environmentId: id,
          tenantId: null,
          name: 'first',
          role: 'admin',
          expiresAt: null,
          createdByKeyId: null,
        },
        auditEntryOf(owner, { action: 'environment.created', subjectKind: 'environment', subjectId: id, details: { name, mode } }),
      )
      .catch(refuseTakenName);
    return reply
      .code(201)
      .header('location', `/v1/environments/${id}`)
      .send({ ...environmentObject(row), admin_key: key });
  });
};

const changingRoute = (app: FastifyInstance, { db }: Dependencies): void => {
  const changing = {
    operationId: 'updateEnvironment',
    summary: 'Change the environment of the key',
    description: 'Changed settings act on every webhook that has no value of its own, in every worker within a second.',
    ...one,
    body: changedEnvironmentBody,
  };
  app.patch<{ Body: ChangedEnvironmentBody }>('/v1/environments/:id', { config, schema: changing }, async (request) => {
    const { owner, body } = request;
    const id = ownId(request);
    const row = await changeEnvironment(db, id, (current) => {
      const name = body.name ?? current.name;
      const settings = mergeMembers<unknown>(current.settings, body.settings ?? {});
      const fields = [
        ...(name === current.name ? [] : ['name']),
        ...Object.keys(body.settings ?? {}).filter((setting) => !isDeepStrictEqual(settings[setting], current.settings[setting])),
      ];
      if (fields.length === 0) return null;
      const entry = { action: 'environment.changed', subjectKind: 'environment', subjectId: id, details: { fields } };
      return { name, settings, entry: auditEntryOf(owner, entry) };
    }).catch(refuseTakenName);
    if (row === undefined) throw problem('not_found');
    // Also when nothing is different: the same request once more mends what a crash of the first left undone.
    if (body.settings !== undefined) await applyEnvironmentSettings(db, id);
    return environmentObject(row);
  });
};

/** GET|POST /v1/environments, GET|PATCH /v1/environments/{id}. */
export const environmentRoutes = (dependencies: Dependencies) => async (app: FastifyInstance) => {
  readingRoutes(app, dependencies);
  creatingRoute(app, dependencies);
  changingRoute(app, dependencies);
};
