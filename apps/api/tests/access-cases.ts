// Who may call what (api.md §2 and §5), one row a route: what the test of all routes × all keys is generated from.
import type { Role } from '@posthorn/db';
import type { ApiWorld } from './api-world.js';
import { newWebhook, pastDelivery, pastEvent, pastNotification } from './past.js';

/** Something of one tenant that a route is called with. */
export type Subject = {
  /** Members of the path, by name. */
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: string;
  readonly body?: unknown;
  /** What nobody else may see in any answer. */
  readonly marks: readonly string[];
};

export type AccessCase = {
  /** As the OpenAPI document names it: `GET /v1/webhooks/{id}`. */
  readonly route: string;
  readonly roles: readonly Role[];
  /** The key must not be bound to a tenant. */
  readonly isUnboundOnly?: true;
  /** Status for those who may. */
  readonly status: number;
  /**
   * What somebody else's key gets: nothing is there, a list without it, or something of its own; or it names the tenant, which a key that is bound to
   * another may not.
   */
  readonly foreign: 'not_found' | 'list' | 'own' | 'names_tenant';
  readonly subject: (world: ApiWorld, tenant: string) => Promise<Subject>;
};

const nobody = 'http://127.0.0.1:9/';
const everyone: readonly Role[] = ['admin', 'operator', 'publisher', 'viewer', 'channel'];
const readers: readonly Role[] = ['admin', 'operator', 'viewer', 'channel'];
const editors: readonly Role[] = ['admin', 'channel'];
const operators: readonly Role[] = ['admin', 'operator', 'channel'];
const withoutChannel: readonly Role[] = ['admin', 'operator'];
const publishers: readonly Role[] = ['admin', 'publisher'];
const admins: readonly Role[] = ['admin'];

const webhook = async (world: ApiWorld, tenant: string): Promise<Subject> => {
  const id = await newWebhook(world, tenant);
  return { params: { id }, marks: [id] };
};
const webhookWith =
  (body: unknown) =>
  async (world: ApiWorld, tenant: string): Promise<Subject> => ({ ...(await webhook(world, tenant)), body });
const secondVersion = async (world: ApiWorld, tenant: string): Promise<Subject> => {
  const made = await webhook(world, tenant);
  await world.call('PATCH', `/v1/webhooks/${made.params?.id}`, { body: { description: 'second' } });
  return { ...made, params: { ...made.params, version: '1' } };
};
const event = async (world: ApiWorld, tenant: string): Promise<Subject> => {
  const id = await pastEvent(world, tenant);
  return { params: { id }, marks: [id] };
};
const delivery =
  (state: Parameters<typeof pastDelivery>[3]) =>
  async (world: ApiWorld, tenant: string): Promise<Subject> => {
    const [webhookId, eventId] = [await newWebhook(world, tenant), await pastEvent(world, tenant)];
    const id = await pastDelivery(world, eventId, webhookId, state, tenant);
    return { params: { id }, marks: [eventId, webhookId] };
  };
const deliveryOfWebhook = async (world: ApiWorld, tenant: string): Promise<Subject> => {
  const { params, marks } = await delivery('failed')(world, tenant);
  return { params: { id: params?.id?.split('.')[1] ?? '' }, marks };
};
const deliveryOfEvent = async (world: ApiWorld, tenant: string): Promise<Subject> => {
  const { params, marks } = await delivery('failed')(world, tenant);
  return { params: { id: params?.id?.split('.')[0] ?? '' }, marks };
};
const recovery = async (world: ApiWorld, tenant: string): Promise<Subject> => {
  const id = await newWebhook(world, tenant);
  const { body } = await world.call('POST', `/v1/webhooks/${id}/recover`, {});
  return { params: { id: body.id }, marks: [body.id, id] };
};
const notification = async (world: ApiWorld, tenant: string): Promise<Subject> => {
  const webhookId = await newWebhook(world, tenant);
  return { marks: [await pastNotification(world, webhookId, tenant), webhookId] };
};
const tenantOf = async (world: ApiWorld, tenant: string): Promise<Subject> => {
  await world.tenantId(tenant);
  return { params: { tenant }, marks: [tenant] };
};
const fresh = (prefix: string): string => `${prefix}-${crypto.randomUUID()}`;
const freshTenant = async (world: ApiWorld): Promise<Subject> => tenantOf(world, fresh('erased'));
const eventType = async (world: ApiWorld): Promise<Subject> => {
  const name = `type.${crypto.randomUUID().replaceAll('-', '')}`;
  await world.call('POST', '/v1/event-types', { body: { name } });
  return { params: { name }, marks: [name], body: { description: 'changed' } };
};
const apiKey = async (world: ApiWorld, tenant: string): Promise<Subject> => {
  const { body } = await world.call('POST', '/v1/api-keys', { body: { role: 'channel', tenant } });
  return { params: { id: body.id }, marks: [body.id] };
};
const environment = async (world: ApiWorld): Promise<Subject> => ({
  params: { id: world.environmentId },
  marks: [world.environmentId],
  body: { settings: { max_in_flight: 30 } },
});
const nothing = (body?: unknown) => async (): Promise<Subject> => ({ body, marks: [] });

/** The same webhook by the id that a dialect shows. */
const webhookIn =
  (path: string, body?: unknown) =>
  async (world: ApiWorld, tenant: string): Promise<Subject> => {
    const made = await webhook(world, tenant);
    const { body: listed } = await world.call('GET', `${path}?limit=200`);
    const id = (listed.data as { readonly _id: string }[])[0]?._id ?? '';
    return { params: { id }, marks: [...made.marks, id], body };
  };
const testOf = async (world: ApiWorld, tenant: string): Promise<Subject> => {
  const { marks } = await webhook(world, tenant);
  return { marks, body: { id: marks[0] } };
};

type Row = readonly [string, readonly Role[], number, AccessCase['foreign'], AccessCase['subject']];

/** The rows of a dialect whose webhooks have object ids. */
const objectIdRows = (path: string, newBody: (tenant: string) => unknown, changes: unknown): readonly Row[] => [
  [`POST ${path}`, editors, 201, 'names_tenant', async (_, tenant) => ({ body: newBody(tenant), marks: [] })],
  [`GET ${path}`, readers, 200, 'list', webhookIn(path)],
  [`GET ${path}/{id}`, readers, 200, 'not_found', webhookIn(path)],
  [`PATCH ${path}/{id}`, editors, 200, 'not_found', webhookIn(path, changes)],
  [`DELETE ${path}/{id}`, editors, 204, 'not_found', webhookIn(path)],
];

const newCot = (company: string) => ({ company, isActive: true, trigger: 'logout-user', url: nobody, name: fresh('webhook') });
const newFlow = (client: string) => ({ client, isActive: true, name: fresh('webhook'), url: nobody });

const commerceBody = (attributes: object) => ({ data: { type: 'webhooks', attributes } });
const callback = async (world: ApiWorld, tenant: string): Promise<Subject> => {
  const { params, marks } = await delivery('failed')(world, tenant);
  const id = `${params?.id}.1`;
  return { params: { id }, marks: [...marks, id] };
};

const dialectRows: readonly Row[] = [
  ...objectIdRows('/compat/flow/webhooks', newFlow, { description: 'changed' }),
  ...objectIdRows('/compat/cot/webhooks', newCot, { description: 'changed' }),
  ...objectIdRows('/api/v3/webhook/subscription', newCot, { description: 'changed' }),
  ['POST /webhook', editors, 201, 'own', nothing({ target_url: nobody })],
  ['GET /webhook', readers, 200, 'list', webhook],
  ['GET /webhook/{id}', readers, 200, 'not_found', webhook],
  ['PATCH /webhook/{id}', editors, 200, 'not_found', webhookWith({ event_types: ['a.b'] })],
  ['DELETE /webhook/{id}', editors, 200, 'not_found', webhook],
  ['POST /webhook/test', operators, 422, 'not_found', testOf],
  ['POST /api/webhooks', editors, 201, 'own', nothing(commerceBody({ topic: 'a.b', callback_url: nobody }))],
  ['GET /api/webhooks', readers, 200, 'list', webhook],
  ['GET /api/webhooks/{id}', readers, 200, 'not_found', webhook],
  ['PATCH /api/webhooks/{id}', editors, 200, 'not_found', webhookWith(commerceBody({ reference: 'changed' }))],
  ['DELETE /api/webhooks/{id}', editors, 204, 'not_found', webhook],
  ...['last_event_callbacks', 'versions', 'event_stores'].flatMap((name): readonly Row[] => [
    [`GET /api/webhooks/{id}/${name}`, readers, 200, 'not_found', webhook],
    [`GET /api/webhooks/{id}/relationships/${name}`, readers, 200, 'not_found', webhook],
  ]),
  ['GET /api/event_callbacks', readers, 200, 'list', callback],
  ['GET /api/event_callbacks/{id}', readers, 200, 'not_found', callback],
  ['GET /api/event_callbacks/{id}/webhook', readers, 200, 'not_found', callback],
  ['GET /api/event_callbacks/{id}/relationships/webhook', readers, 200, 'not_found', callback],
];

const cases: readonly Row[] = [
  ['POST /v1/webhooks', editors, 201, 'own', nothing({ url: nobody })],
  ['GET /v1/webhooks', readers, 200, 'list', webhook],
  ['POST /v1/webhooks/import', editors, 200, 'own', nothing({ dialect: '004', webhooks: [{ target_url: nobody }] })],
  [
    'GET /v1/webhooks/export',
    readers,
    200,
    'list',
    async (world, tenant) => ({ ...(await webhook(world, tenant)), query: '?dialect=004' }),
  ],
  ['GET /v1/webhooks/{id}', readers, 200, 'not_found', webhook],
  ['PATCH /v1/webhooks/{id}', editors, 200, 'not_found', webhookWith({ description: 'changed' })],
  ['DELETE /v1/webhooks/{id}', editors, 204, 'not_found', webhook],
  ['POST /v1/webhooks/{id}/enable', operators, 200, 'not_found', webhook],
  ['POST /v1/webhooks/{id}/disable', operators, 200, 'not_found', webhook],
  ['POST /v1/webhooks/{id}/pause', operators, 200, 'not_found', webhook],
  ['POST /v1/webhooks/{id}/resume', operators, 200, 'not_found', webhook],
  ['POST /v1/webhooks/{id}/reset-circuit', withoutChannel, 200, 'not_found', webhook],
  ['POST /v1/webhooks/{id}/rotate-secret', editors, 200, 'not_found', webhook],
  ['POST /v1/webhooks/{id}/test', operators, 200, 'not_found', webhook],
  ['POST /v1/webhooks/{id}/recover', operators, 202, 'not_found', webhook],
  ['GET /v1/webhooks/{id}/secret', editors, 200, 'not_found', webhook],
  ['GET /v1/webhooks/{id}/versions', readers, 200, 'not_found', secondVersion],
  ['GET /v1/webhooks/{id}/versions/{version}', readers, 200, 'not_found', secondVersion],
  ['POST /v1/webhooks/{id}/versions/{version}/restore', editors, 200, 'not_found', secondVersion],
  ['GET /v1/webhooks/{id}/timeline', readers, 200, 'not_found', webhook],
  ['GET /v1/webhooks/{id}/stats', readers, 200, 'not_found', webhook],
  ['GET /v1/stats', readers, 200, 'list', webhook],
  ['GET /v1/stream', everyone, 200, 'list', nothing()],
  ['GET /v1/webhooks/{id}/deliveries', everyone, 200, 'not_found', deliveryOfWebhook],
  ['GET /v1/webhooks/{id}/attempts', everyone, 200, 'not_found', deliveryOfWebhook],
  ['POST /v1/events', publishers, 202, 'own', nothing({ event_type: 'a', data: 1 })],
  ['POST /v1/events/batch', publishers, 202, 'own', nothing({ events: [{ event_type: 'a', data: 1 }] })],
  ['GET /v1/events', everyone, 200, 'list', event],
  ['GET /v1/events/export', everyone, 200, 'list', event],
  ['GET /v1/events/{id}', everyone, 200, 'not_found', event],
  ['GET /v1/events/{id}/deliveries', everyone, 200, 'not_found', deliveryOfEvent],
  ['GET /v1/events/{id}/attempts', everyone, 200, 'not_found', deliveryOfEvent],
  ['GET /v1/events/{id}/explain', readers, 200, 'not_found', deliveryOfEvent],
  ['DELETE /v1/events/{id}', admins, 204, 'not_found', event],
  ['POST /v1/explain', readers, 200, 'own', nothing({ event: { event_type: 'a', data: 1 } })],
  ['GET /v1/deliveries', everyone, 200, 'list', delivery('failed')],
  ['GET /v1/deliveries/export', everyone, 200, 'list', delivery('failed')],
  ['GET /v1/deliveries/{id}', everyone, 200, 'not_found', delivery('failed')],
  ['GET /v1/deliveries/{id}/attempts', everyone, 200, 'not_found', delivery('failed')],
  ['GET /v1/deliveries/{id}/body', everyone, 200, 'not_found', delivery('failed')],
  ['POST /v1/deliveries/{id}/retry', operators, 200, 'not_found', delivery('failed')],
  ['POST /v1/deliveries/{id}/cancel', operators, 200, 'not_found', delivery('waiting')],
  ['POST /v1/replays', withoutChannel, 202, 'own', nothing({ filter: { event_type: 'nothing' } })],
  ['GET /v1/replays', withoutChannel, 200, 'list', recovery],
  ['GET /v1/replays/{id}', operators, 200, 'not_found', recovery],
  ['POST /v1/replays/{id}/cancel', withoutChannel, 200, 'not_found', recovery],
  ['GET /v1/notifications', readers, 200, 'list', notification],
  ['GET /v1/event-types', readers, 200, 'list', eventType],
  ['GET /v1/event-types/{name}', readers, 200, 'not_found', eventType],
];

const ofUnbound: readonly Row[] = [
  [
    'POST /v1/event-types',
    admins,
    201,
    'own',
    async () => ({ body: { name: `type.${crypto.randomUUID().replaceAll('-', '')}` }, marks: [] }),
  ],
  ['PATCH /v1/event-types/{name}', admins, 200, 'not_found', eventType],
  ['DELETE /v1/event-types/{name}', admins, 204, 'not_found', eventType],
  ['POST /v1/tenants', admins, 201, 'own', async () => ({ body: { tenant: fresh('tenant') }, marks: [] })],
  ['GET /v1/tenants', admins, 200, 'list', async (world) => tenantOf(world, fresh('listed'))],
  ['GET /v1/tenants/{tenant}', admins, 200, 'not_found', tenantOf],
  [
    'PATCH /v1/tenants/{tenant}',
    admins,
    200,
    'not_found',
    async (world, tenant) => ({ ...(await tenantOf(world, tenant)), body: { name: 'x' } }),
  ],
  ['DELETE /v1/tenants/{tenant}', admins, 202, 'not_found', freshTenant],
  ['GET /v1/environments', admins, 200, 'list', environment],
  ['GET /v1/environments/{id}', admins, 200, 'not_found', environment],
  ['POST /v1/environments', admins, 201, 'own', async () => ({ body: { name: fresh('environment'), mode: 'test' }, marks: [] })],
  ['PATCH /v1/environments/{id}', admins, 200, 'not_found', environment],
  ['GET /v1/api-keys', admins, 200, 'list', apiKey],
  ['POST /v1/api-keys', admins, 201, 'own', nothing({ role: 'viewer' })],
  ['GET /v1/api-keys/{id}', admins, 200, 'not_found', apiKey],
  ['DELETE /v1/api-keys/{id}', admins, 204, 'not_found', apiKey],
  ['GET /v1/audit', admins, 200, 'list', webhook],
  ['GET /v1/deployment', ['admin', 'operator', 'viewer'], 200, 'own', nothing()],
];

/** Every route that asks for a key. */
export const accessCases: readonly AccessCase[] = [...cases, ...ofUnbound, ...dialectRows].map((row) => {
  const [route, roles, status, foreign, subject] = row;
  return { route, roles, status, foreign, subject, ...(ofUnbound.includes(row) && { isUnboundOnly: true }) };
});
