// The documents of dialect 001, as the OpenAPI document shows them. Attributes may be left out: clients ask for those they want.
import { Type } from 'typebox';
import { anyObject, count, nullable, oneOf, time, timeOrNull, uuid } from './fields.js';

const references = {
  reference: nullable(Type.String()),
  reference_origin: nullable(Type.String()),
  metadata: anyObject(),
};
const resourceId = (type: string, id: Type.TSchema) => ({ type: Type.Literal(type), id });
const partial = (members: Readonly<Record<string, Type.TSchema>>) => Type.Partial(Type.Object({ ...members }));
const self = Type.Object({ self: Type.String() });
const mode = Type.Object({ mode: oneOf(['live', 'test']) });
const relationships = anyObject({ description: 'Links to what is related and, where it is included, its ids.' });

const written = {
  name: nullable(Type.String()),
  topic: Type.String({ description: 'The event type; `*`: all of them; several are joined by commas.' }),
  callback_url: Type.String(),
  include_resources: nullable(Type.Array(Type.String())),
  shared_secret: nullable(Type.String({ description: 'Null for those who may not read it. Written when a webhook is made.' })),
  reference: nullable(Type.String()),
  reference_origin: nullable(Type.String()),
  metadata: nullable(anyObject()),
};
const shown = {
  disabled_at: timeOrNull(),
  circuit_state: oneOf(['closed', 'open']),
  circuit_failure_count: count(),
  created_at: time(),
  updated_at: time(),
};
const wish = Type.Optional(nullable(Type.Boolean(), { description: '`false` and null do nothing.' }));
const ignored = Type.Optional(Type.Unknown({ description: 'Taken, and ignored.' }));

export const commerceWebhookSchema = Type.Object(
  {
    ...resourceId('webhooks', uuid()),
    links: self,
    attributes: partial({ ...written, ...shown }),
    relationships,
    meta: mode,
  },
  { $id: 'CommerceWebhook', description: 'A webhook in dialect 001.' },
);
export const commerceBodySchema = Type.Object(
  {
    data: Type.Object({
      type: Type.Literal('webhooks'),
      id: ignored,
      attributes: Type.Object({
        ...partial({ ...written, ...Object.fromEntries(Object.keys(shown).map((name) => [name, ignored])) }).properties,
        _disable: wish,
        _enable: wish,
        _reset_circuit: wish,
        last_event_callbacks: ignored,
      }),
      relationships: ignored,
      links: ignored,
      meta: ignored,
    }),
    included: ignored,
    links: ignored,
    meta: ignored,
  },
  { $id: 'CommerceWebhookBody', description: 'A webhook to make or to change, in dialect 001.' },
);

const callbackIdSchema = Type.String({ description: '`<event id>.<webhook id>.<attempt>`' });
export const commerceCallbackSchema = Type.Object(
  {
    ...resourceId('event_callbacks', callbackIdSchema),
    links: self,
    attributes: partial({
      callback_url: Type.String(),
      payload: nullable(anyObject(), { description: 'The body that was sent; null: it is gone, or is no object.' }),
      response_code: nullable(Type.String()),
      response_message: nullable(Type.String()),
      created_at: time(),
      updated_at: time(),
      ...references,
    }),
    relationships,
    meta: mode,
  },
  { $id: 'CommerceCallback', description: 'An attempt in dialect 001.' },
);

const versionOf = (type: 'versions' | 'event_stores', changes: 'changes' | 'payload') => ({
  ...resourceId(type, Type.String({ description: '`<webhook id>.<version>`' })),
  attributes: partial({
    resource_type: Type.String(),
    resource_id: Type.String(),
    event: oneOf(['create', 'update']),
    [changes]: anyObject({ description: 'By attribute, what was before and what was after.' }),
    who: anyObject(),
    created_at: time(),
    updated_at: time(),
    ...references,
  }),
  meta: mode,
});
export const commerceVersionSchema = Type.Object(versionOf('versions', 'changes'), {
  $id: 'CommerceVersion',
  description: 'A version of a webhook in dialect 001.',
});
export const commerceEventStoreSchema = Type.Object(versionOf('event_stores', 'payload'), {
  $id: 'CommerceEventStore',
  description: 'A version of a webhook under its other name in dialect 001.',
});

const included = Type.Optional(Type.Array(anyObject(), { description: 'Resources that were asked for with `include`.' }));
const documentOf = (name: string, id: string) =>
  Type.Object({ data: Type.Ref(id), included }, { $id: `${name}Document`, description: `A document of one \`${id}\`.` });
const listOf = (name: string, id: string) =>
  Type.Object(
    {
      data: Type.Array(Type.Ref(id)),
      included,
      meta: Type.Object({ record_count: count(), page_count: count() }),
      links: Type.Object({
        first: Type.String(),
        prev: Type.Optional(Type.String()),
        next: Type.Optional(Type.String()),
        last: Type.String(),
      }),
    },
    { $id: `${name}List`, description: `A page of \`${id}\`.` },
  );
const related = Type.Object({ type: Type.String(), id: Type.String() });

export const commerceErrorsSchema = Type.Object(
  {
    errors: Type.Array(
      Type.Object({
        title: Type.String(),
        detail: Type.String(),
        code: Type.String({ description: '`VALIDATION_ERROR` for what is wrong in a body.' }),
        status: Type.String(),
        source: Type.Optional(
          Type.Object({
            pointer: Type.Optional(Type.String({ description: 'Where in the body.' })),
            parameter: Type.Optional(Type.String({ description: 'Which parameter of the query.' })),
          }),
        ),
        meta: Type.Object({ error: Type.String({ description: 'Stable: the `code` of the problem, or of what is wrong at this place.' }) }),
      }),
    ),
  },
  { $id: 'CommerceErrors', description: 'Errors of dialect 001.' },
);

export const commerceSchemas: readonly Type.TSchema[] = [
  commerceWebhookSchema,
  commerceBodySchema,
  commerceCallbackSchema,
  commerceVersionSchema,
  commerceEventStoreSchema,
  documentOf('CommerceWebhook', 'CommerceWebhook'),
  documentOf('CommerceCallback', 'CommerceCallback'),
  listOf('CommerceWebhook', 'CommerceWebhook'),
  listOf('CommerceCallback', 'CommerceCallback'),
  listOf('CommerceVersion', 'CommerceVersion'),
  listOf('CommerceEventStore', 'CommerceEventStore'),
  Type.Object(
    { links: Type.Object({ self: Type.String(), related: Type.String() }), data: Type.Union([related, Type.Array(related)]) },
    { $id: 'CommerceRelationship', description: 'The ids of what is related.' },
  ),
  commerceErrorsSchema,
];
