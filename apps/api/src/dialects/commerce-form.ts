// How dialect 001 is spoken: the media type of JSON:API in both directions, its errors, its queries.
import { problem } from '@posthorn/core';
import {
  type CommerceQuery,
  type CommerceResource,
  commerce,
  type FieldOf,
  readListQuery,
  readResourceQuery,
  writeDocument,
} from '@posthorn/dialects';
import type { FastifyContextConfig, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { Permission } from '../access.js';
import { takeJsonBodies } from '../json-body.js';
import { errorFormOf } from './errors.js';

export const commerceMediaType = 'application/vnd.api+json';
/** Of the bodies that are taken. */
export const commerceBodyTypes = [commerceMediaType, 'application/json'];
export const commerceTags = ['Dialect 001'];
const errorForm = errorFormOf(commerce, commerceMediaType, 'CommerceErrors');

/** Who may call a route, and how its errors look. */
export const commerceConfig = (permission: Permission): FastifyContextConfig => ({ permission, errorForm });

/** In this scope bodies of JSON:API's media type are JSON, as those of JSON's own. */
export const takeCommerceBodies = (app: FastifyInstance): void => takeJsonBodies(app, commerceBodyTypes);

/** Answers with a document. */
export const sendDocument = (reply: FastifyReply, document: unknown): FastifyReply =>
  reply.type(commerceMediaType).send(writeDocument(document));

/** The answer of a route: a document of this `$id`. */
export const documentOfSchema = (id: string, description: string) => ({
  description,
  content: { [commerceMediaType]: { schema: Type.Ref(id) } },
});

const fieldsParameter = (type: CommerceResource) => ({
  [`fields[${type}]`]: Type.Optional(
    Type.String({ description: `The attributes and relationships that ${type} are cut down to, by commas.` }),
  ),
});

/** The query of one resource. */
export const resourceQuerystring = (types: readonly CommerceResource[]) =>
  Type.Object({
    include: Type.Optional(Type.String({ description: 'Relationships whose resources are included.' })),
    ...Object.assign({}, ...types.map(fieldsParameter)),
  });

/** The query of a list. */
export const listQuerystring = (types: readonly CommerceResource[]) =>
  Type.Object({
    ...resourceQuerystring(types).properties,
    sort: Type.Optional(Type.String({ description: 'Attributes by commas, `-` before one for descending: `-created_at`.' })),
    'page[number]': Type.Optional(Type.Integer({ minimum: 1, default: 1 })),
    'page[size]': Type.Optional(Type.Integer({ minimum: 1, maximum: 25, default: 10 })),
    'filter[q]': Type.Optional(
      Type.Unsafe<unknown>({
        type: 'object',
        additionalProperties: { type: 'string' },
        description: 'Attribute and predicate: `filter[q][topic_eq]=orders.place`, `filter[q][name_matches_any]=a,b`.',
      }),
    ),
  });

type Query<Resource extends CommerceResource> = CommerceQuery<FieldOf<Resource>>;

const readWith = <Resource extends CommerceResource>(
  read: typeof readListQuery,
  resource: Resource,
  request: FastifyRequest,
): Query<Resource> => {
  const reading = read(resource, request.query as Readonly<Record<string, unknown>>);
  if (reading.ok) return reading.query;
  const errors = reading.errors.map(({ parameter, code, message }) => ({ pointer: parameter, code, message }));
  throw problem('invalid_request', errors[0]?.message, { errors });
};

/** The query of a list; throws `invalid_request`, its pointers being parameters. */
export const listQueryOf = <Resource extends CommerceResource>(resource: Resource, request: FastifyRequest): Query<Resource> =>
  readWith(readListQuery, resource, request);

/** The query of one resource; throws the same. */
export const resourceQueryOf = <Resource extends CommerceResource>(resource: Resource, request: FastifyRequest): Query<Resource> =>
  readWith(readResourceQuery, resource, request);

/** The query as it came, for the links to other pages. */
export const parametersOf = (request: FastifyRequest): Readonly<Record<string, string>> =>
  request.query as Readonly<Record<string, string>>;
