// The routes of a dialect whose objects are plain JSON: make, list, read, change, delete.
import type { FastifyContextConfig, FastifyInstance, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { takeJsonBodies } from '../json-body.js';
import type { WebhookDependencies } from '../routes/own-webhook.js';
import { judgedBody } from '../schemas/dialects.js';
import { nothing } from '../schemas/fields.js';
import { deleteOwn } from '../webhook-changing.js';
import { registerPlainList } from './plain-list.js';
import { configOf, type PlainPlace, placePath, requireShown, tagsOf } from './plain-place.js';
import { shownWebhooks } from './showing.js';
import { changeIn, makeIn } from './writing.js';

const schemasOf = (place: PlainPlace) => {
  const { operation, schemas } = place;
  const common = (verb: string, summary: string) => ({ operationId: `${verb}${operation}`, tags: tagsOf(place), summary });
  const shown = { 200: Type.Ref(schemas.shown) };
  return {
    making: { ...common('create', 'Make a webhook'), body: judgedBody(schemas.new), response: { 201: Type.Ref(schemas.created) } },
    reading: { ...common('get', 'Read a webhook'), params: placePath, response: shown },
    changing: { ...common('change', 'Change a webhook'), params: placePath, body: judgedBody(schemas.changes), response: shown },
    deleting: {
      ...common('delete', 'Delete a webhook'),
      params: placePath,
      response:
        place.deleted === 'id'
          ? { 200: Type.Object({ id: Type.String() }, { description: 'The webhook is deleted.' }) }
          : { 204: nothing('The webhook is deleted.') },
    },
  };
};

/** POST and GET at the place, GET, PATCH and DELETE of {id} there. */
export const plainDialectRoutes = (place: PlainPlace) => (dependencies: WebhookDependencies) => async (app: FastifyInstance) => {
  const { dialect, path, list } = place;
  const { making, reading, changing, deleting } = schemasOf(place);
  const [readers, editors] = [configOf(place, 'read_webhooks'), configOf(place, 'edit_webhooks')];
  // A body that names an environment may name another than the key's.
  const makers: FastifyContextConfig = list.environment === null ? editors : { ...editors, problems: ['not_found'] };
  takeJsonBodies(app, ['application/json']);

  const find = (request: FastifyRequest) => requireShown(dependencies, place, request, (request.params as { readonly id: string }).id);
  const show = async (request: FastifyRequest, id: string, secret: string | null): Promise<unknown> => {
    const row = await requireShown(dependencies, { id: 'id' }, request, id);
    const shown = await shownWebhooks(dependencies.db, dialect.name, [row], request.owner.mode);
    return shown.map((each) => dialect.show(each, secret, dependencies.origin()))[0];
  };

  app.post(path, { config: makers, schema: making }, async (request, reply) => {
    const { webhook, secret } = await makeIn(dialect, dependencies, request.owner, request.body);
    const shown = await show(request, webhook.id, place.showsNewSecret ? secret : null);
    const id = place.id === 'id' ? webhook.id : webhook.objectId;
    return reply.code(201).header('location', `${path}/${id}`).send(shown);
  });

  registerPlainList(app, place, dependencies);

  app.get(`${path}/:id`, { config: readers, schema: reading }, async (request) => show(request, (await find(request)).id, null));

  app.patch(`${path}/:id`, { config: editors, schema: changing }, async (request) => {
    const { owner, body, headers } = request;
    const row = await find(request);
    await changeIn(dialect, dependencies, { owner, row, body, ifMatch: headers['if-match'] });
    return show(request, row.id, null);
  });

  app.delete(`${path}/:id`, { config: editors, schema: deleting }, async (request, reply) => {
    const row = await find(request);
    await deleteOwn(dependencies, request.owner, row, request.headers['if-match']);
    return place.deleted === 'id' ? reply.send({ id: row.id }) : reply.code(204).send();
  });
};
