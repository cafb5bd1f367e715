// The objects of the dialects, as the OpenAPI document shows them; what is wrong with a body is said by the dialects themselves.
import { Type } from 'typebox';
import { anyObject, nullable, shownAs, time, uuid } from './fields.js';

const objectId = (description: string) => Type.String({ pattern: '^[0-9a-f]{24}$', description });
const texts = Type.Array(Type.String());
const ignored = Type.Optional(Type.Unknown({ description: 'Taken, and ignored.' }));
const version = Type.Integer({ minimum: 0, description: 'The version, counted from 0.' });
const brought = Type.Optional(Type.String({ description: 'A secret that is brought along: see `secret` of `NewWebhook`.' }));

/** A body that its dialect judges, shown as the schema of this `$id`. */
export const judgedBody = (id: string) => shownAs({}, Type.Ref(id));

/** Errors of dialects whose documents have none. */
export const pathErrorsSchema = Type.Object(
  {
    error: Type.String({ description: 'Stable: the `code` of the problem.' }),
    title: Type.String(),
    message: Type.String(),
    fields: Type.Array(
      Type.Object({ path: Type.String({ description: 'The member, its parts joined by dots.' }), message: Type.String() }),
    ),
  },
  { $id: 'DialectError', description: 'An error of the dialects 000 and 003.' },
);

const flowNotification = {
  email: nullable(Type.String()),
  success: Type.Boolean(),
  fail: Type.Boolean(),
};
const flowFields = {
  projectFlow: texts,
  isActive: Type.Boolean(),
  name: nullable(Type.String()),
  url: Type.String(),
  description: nullable(Type.String()),
};
export const flowWebhookSchema = Type.Object(
  {
    _id: objectId('Its id.'),
    client: Type.String({ description: 'The tenant.' }),
    ...flowFields,
    statistics: anyObject({ description: 'Empty until something was delivered.' }),
    notification: Type.Object(flowNotification),
    __v: version,
  },
  { $id: 'FlowWebhook', description: 'A webhook in dialect 000.' },
);
const flowBody = {
  ...Type.Partial(Type.Object(flowFields)).properties,
  statistics: ignored,
  notification: Type.Optional(Type.Partial(Type.Object(flowNotification))),
  _id: ignored,
  __v: ignored,
};
export const newFlowWebhookSchema = Type.Object(
  {
    ...flowBody,
    client: Type.Optional(Type.String({ description: 'Needed unless the key is bound to a tenant.' })),
    isActive: Type.Boolean(),
    name: Type.String(),
    url: Type.String(),
    secret: brought,
  },
  { $id: 'NewFlowWebhook', description: 'A webhook to make in dialect 000.' },
);
export const flowChangesSchema = Type.Object(
  { ...flowBody, client: Type.Optional(Type.String({ description: 'Only the one that it has.' })) },
  { $id: 'FlowWebhookChanges', description: 'The members to change.' },
);

const cotFields = {
  isActive: Type.Boolean(),
  trigger: Type.String({ description: 'Such as `create-edit-delete-task`, or an event type.' }),
  url: Type.String(),
  name: nullable(Type.String()),
  code: nullable(Type.String()),
  description: nullable(Type.String()),
};
const cotContext = {
  survey: Type.Optional(nullable(Type.String())),
  group: Type.Optional(nullable(Type.String())),
  taskGroup: Type.Optional(nullable(Type.String())),
};
export const cotWebhookSchema = Type.Object(
  {
    _id: objectId('Its id.'),
    company: Type.String({ description: 'The tenant.' }),
    ...cotFields,
    context: anyObject({ description: 'Empty members stand for any.' }),
    __v: version,
  },
  { $id: 'CotWebhook', description: 'A webhook in dialect 003.' },
);
const cotBody = {
  ...Type.Partial(Type.Object(cotFields)).properties,
  context: Type.Optional(Type.Object(cotContext)),
  _id: ignored,
  __v: ignored,
};
export const newCotWebhookSchema = Type.Object(
  {
    ...cotBody,
    company: Type.Optional(Type.String({ description: 'Needed unless the key is bound to a tenant.' })),
    isActive: Type.Boolean(),
    trigger: cotFields.trigger,
    url: Type.String(),
    name: Type.String(),
    secret: brought,
  },
  { $id: 'NewCotWebhook', description: 'A webhook to make in dialect 003.' },
);
export const cotChangesSchema = Type.Object(
  {
    ...cotBody,
    company: Type.Optional(Type.String({ description: 'Only the one that it has.' })),
    context: Type.Optional(anyObject({ description: 'Texts and null, or the whole as it is shown.' })),
  },
  { $id: 'CotWebhookChanges', description: 'The members to change.' },
);

const flatFields = { target_url: Type.String(), is_active: Type.Boolean(), environment_id: uuid(), event_types: texts };
const flatShown = { id: uuid(), ...flatFields, created_at: time(), updated_at: time() };
export const flatWebhookSchema = Type.Object(flatShown, { $id: 'FlatWebhook', description: 'A webhook in dialect 004.' });
export const createdFlatWebhookSchema = Type.Object(
  { ...flatShown, secret: Type.String({ description: 'Shown here alone.' }) },
  { $id: 'CreatedFlatWebhook', description: 'A new webhook in dialect 004, with its secret.' },
);
const flatBody = { ...Type.Partial(Type.Object(flatFields)).properties, id: ignored, created_at: ignored, updated_at: ignored };
export const newFlatWebhookSchema = Type.Object(
  { ...flatBody, target_url: Type.String(), secret: brought },
  { $id: 'NewFlatWebhook', description: 'A webhook to make in dialect 004.' },
);
export const flatChangesSchema = Type.Object(
  { ...flatBody, secret: ignored },
  { $id: 'FlatWebhookChanges', description: 'The members to change.' },
);
export const flatErrorSchema = Type.Object(
  {
    statusCode: Type.Integer(),
    code: Type.String({ description: 'Stable.' }),
    error: Type.String(),
    message: Type.String(),
    errors: Type.Array(
      Type.Object({ path: Type.String({ description: 'RFC 6901 pointer into the body.' }), code: Type.String(), message: Type.String() }),
    ),
  },
  { $id: 'FlatError', description: 'An error of dialect 004.' },
);
export const flatTestSchema = Type.Object(
  { id: uuid('The webhook to test.') },
  { $id: 'FlatTest', additionalProperties: true, description: 'Which webhook to test. Other members are taken, and ignored.' },
);

export const dialectSchemas: readonly Type.TSchema[] = [
  pathErrorsSchema,
  flowWebhookSchema,
  newFlowWebhookSchema,
  flowChangesSchema,
  cotWebhookSchema,
  newCotWebhookSchema,
  cotChangesSchema,
  flatWebhookSchema,
  createdFlatWebhookSchema,
  newFlatWebhookSchema,
  flatChangesSchema,
  flatErrorSchema,
  flatTestSchema,
];
