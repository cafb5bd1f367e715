// The OpenAPI 3.1 document: made of what the routes declare. What all have in common, keys and roles and errors, is added here and in no route.
import swagger, { type SwaggerTransform } from '@fastify/swagger';
import type { ProblemCode } from '@posthorn/core';
import { problems } from '@posthorn/core';
import type { FastifyInstance, RouteOptions } from 'fastify';
import { rolesOf } from './access.js';
import { problemForm } from './errors.js';
import { shownKey } from './schemas/fields.js';
import { sharedSchemas } from './schemas/index.js';

type Json = { readonly [name: string]: unknown };
type Answer = { readonly content?: Readonly<Record<string, { readonly schema?: { readonly $ref?: string } }>>; headers?: Json };
type Operation = {
  readonly operationId?: string;
  requestBody?: { required?: boolean } & Json;
  readonly responses: Readonly<Record<string, Answer>>;
} & Json;
type Document = { readonly components?: { schemas?: Json } & Json; readonly paths?: Record<string, Record<string, Operation>> } & Json;

const tags: readonly { readonly name: string; readonly description: string }[] = [
  { name: 'Webhooks', description: 'Where events go: making, changing, switching, and what happened to them.' },
  { name: 'Events', description: 'Publishing, reading, explaining and erasing events.' },
  { name: 'Deliveries', description: 'One event for one webhook, and its attempts.' },
  { name: 'Replays', description: 'Many deliveries again.' },
  { name: 'Event types', description: 'The catalogue of event types, with schemas.' },
  { name: 'Tenants', description: 'Whose webhooks and events they are.' },
  { name: 'Environments', description: 'What is kept apart whole, and its settings.' },
  { name: 'API keys', description: 'Who may call this API.' },
  { name: 'Audit', description: 'Who did what.' },
  { name: 'Statistics', description: 'Counts by interval.' },
  { name: 'Operations', description: 'For those who run it.' },
  { name: 'Dialect 000', description: 'Webhooks as a client with project flows knows them.' },
  { name: 'Dialect 001', description: 'Webhooks as JSON:API resources with a topic and a callback URL.' },
  { name: 'Dialect 003', description: 'Webhooks as objects of a company, with a trigger and a context.' },
  { name: 'Dialect 004', description: 'Webhooks with a target URL and a list of event types.' },
];

/** The schema with what is shown in the place of what the validator asks for. */
const shown = (schema: unknown): unknown => {
  if (Array.isArray(schema)) return schema.map(shown);
  if (typeof schema !== 'object' || schema === null) return schema;
  if (shownKey in schema) return shown((schema as Json)[shownKey]);
  return Object.fromEntries(Object.entries(schema).map(([name, value]) => [name, shown(value)]));
};

const sharedIds: ReadonlySet<unknown> = new Set(sharedSchemas.map((schema) => (schema as { $id?: string }).$id));
const bodyOf = (body: unknown): unknown => {
  const id = (body as { readonly $id?: string }).$id;
  return id !== undefined && sharedIds.has(id) ? { $ref: id } : shown(body);
};

/** The errors that a route can answer with, by what it takes. */
const codesOf = ({ url, method, config, schema }: RouteOptions): readonly ProblemCode[] => {
  const permission = config?.permission;
  if (permission === undefined || permission === 'public') return [];
  const codes: ProblemCode[] = ['invalid_request', 'unauthorized', 'forbidden', 'rate_limited', 'database_unavailable'];
  if (url.includes(':')) codes.push('not_found');
  if (method !== 'GET' && permission !== 'publish' && !permission.startsWith('read_')) codes.push('conflict');
  if (method === 'PATCH' || method === 'DELETE' || url.endsWith('/restore')) codes.push('precondition_failed');
  // A body that a route does not ask for is read and judged all the same.
  if (method !== 'GET') codes.push('body_too_large', 'unsupported_media_type', 'nesting_too_deep');
  if (schema?.body !== undefined) codes.push('invalid_field');
  return [...codes, ...(config?.problems ?? [])];
};

const errorsOf = (route: RouteOptions): Json => {
  const answers = codesOf(route).map((code): [string, Json] => {
    const { status, title } = problems[code];
    const { mediaType, schema } = route.config?.errorForm ?? problemForm;
    return [String(status), { description: title, content: { [mediaType]: { schema: { $ref: schema } } } }];
  });
  return Object.fromEntries(answers);
};

const transform: SwaggerTransform = ({ schema, url, route }) => {
  const given = (schema ?? {}) as Json & { response?: Json };
  const permission = route.config?.permission;
  const isPublic = permission === undefined || permission === 'public';
  return {
    url,
    schema: {
      ...given,
      ...(given.body !== undefined && { body: bodyOf(given.body) }),
      response: { ...errorsOf(route), ...given.response },
      security: isPublic ? [] : [{ bearer: [] }],
      ...(!isPublic && { 'x-roles': rolesOf(permission) }),
    } as never,
  };
};

const methods = ['get', 'post', 'put', 'patch', 'delete'] as const;
const sorted = <T>(record: Readonly<Record<string, T>>): Record<string, T> =>
  Object.fromEntries(Object.entries(record).sort(([one], [other]) => (one < other ? -1 : 1)));

const text = { type: 'string' };
const etag = { description: 'The version of the webhook in quotes, for `If-Match`.', schema: text };
const location = { description: 'The path of what was made.', schema: text };
const versioned: ReadonlySet<unknown> = new Set(
  ['Webhook', 'CreatedWebhook', 'EnabledWebhook'].map((name) => `#/components/schemas/${name}`),
);

/** The headers that come with an answer: the place of what was made, and the version of what can be changed with `If-Match`. */
const headersOf = (status: string, { content }: Answer): Json => {
  const ref = content?.['application/json']?.schema?.$ref;
  return {
    ...((status === '201' || (status === '202' && ref === '#/components/schemas/Replay')) && { location }),
    ...(versioned.has(ref) && { etag }),
  };
};

/** One order whatever order routes are registered in, headers of answers, and bodies that may be null may be left out. */
const settle = (document: Document): Document => {
  const schemas = document.components?.schemas ?? {};
  const mayBeNull = (schema: unknown): boolean => {
    const { $ref, type } = (schema ?? {}) as { $ref?: string; type?: unknown };
    return $ref === undefined ? Array.isArray(type) && type.includes('null') : mayBeNull(schemas[$ref.split('/').at(-1) ?? '']);
  };
  const paths = Object.entries(document.paths ?? {}).map(([path, operations]) => {
    for (const { requestBody, responses } of Object.values(operations)) {
      for (const [status, answer] of Object.entries(responses)) {
        const headers = headersOf(status, answer);
        if (Object.keys(headers).length > 0) answer.headers = headers;
      }
      const content = (requestBody?.content ?? {}) as Record<string, { schema?: unknown }>;
      if (requestBody !== undefined && mayBeNull(content['application/json']?.schema)) requestBody.required = false;
    }
    const ordered = methods.flatMap((method) => (operations[method] === undefined ? [] : [[method, operations[method]] as const]));
    return [path, Object.fromEntries(ordered)] as const;
  });
  return {
    ...document,
    components: { ...document.components, schemas: sorted(schemas) },
    paths: sorted(Object.fromEntries(paths)),
  };
};

/** Collects what routes that are registered from now on declare. */
export const registerOpenapi = async (app: FastifyInstance): Promise<void> => {
  for (const schema of sharedSchemas) app.addSchema(shown(schema));
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Posthorn',
        version: '1',
        description: 'Webhook delivery: publish events once, and have them delivered to every webhook that wants them.',
        license: { name: 'MIT', identifier: 'MIT' },
      },
      servers: [{ url: '/', description: 'This server.' }],
      tags: [...tags],
      components: {
        securitySchemes: { bearer: { type: 'http', scheme: 'bearer', description: 'An API key: `ph_test_…` or `ph_live_…`.' } },
      },
    },
    convertConstToEnum: false,
    refResolver: { buildLocalReference: (json, _baseUri, _fragment, index) => (typeof json.$id === 'string' ? json.$id : `def-${index}`) },
    transform,
    transformObject: (document) => settle(('openapiObject' in document ? document.openapiObject : {}) as Document) as never,
  });
};

/** The document of an app whose routes are all registered and which is ready. */
export const documentOf = (app: FastifyInstance): Document => app.swagger() as unknown as Document;
