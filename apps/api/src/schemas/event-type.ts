// The catalogue of event types.
import { eventTypeCharsMax } from '@posthorn/core';
import { type Static, Type } from 'typebox';
import { anyJson, anyObject, count, nullable, time } from './fields.js';

const descriptionCharsMax = 2048;
const schemaDescription =
  'JSON Schema of the `data`: draft 2020-12, or draft-07 if its `$schema` says so. The setting `event_schemas` of the environment says what happens to events that do not fit.';

const writable = {
  description: Type.Optional(nullable(Type.String({ maxLength: descriptionCharsMax }))),
  schema: Type.Optional(nullable(anyObject(), { description: schemaDescription })),
  example: Type.Optional(anyJson('An example of the `data`; it must fit the schema. Null: none.')),
};

/** The body of POST /v1/event-types. */
export const newEventTypeBody = Type.Object(
  { name: Type.String({ maxLength: eventTypeCharsMax, description: 'Types under `posthorn.` are reserved.' }), ...writable },
  { $id: 'NewEventType', additionalProperties: false, description: 'An event type to add to the catalogue.' },
);
/** The body of PATCH /v1/event-types/{name}. */
export const changedEventTypeBody = Type.Object(writable, {
  $id: 'ChangedEventType',
  additionalProperties: false,
  description: 'Fields are replaced whole.',
});

export type NewEventTypeBody = Static<typeof newEventTypeBody>;
export type ChangedEventTypeBody = Static<typeof changedEventTypeBody>;

export const eventTypeSchema = Type.Object(
  {
    name: Type.String(),
    description: nullable(Type.String()),
    schema: nullable(anyObject(), { description: schemaDescription }),
    example: anyJson('An example of the `data`; null: none.'),
    webhooks: nullable(count(), {
      description: 'How many webhooks want it, of those that the key may see; null: they are too different to be counted.',
    }),
    created_at: time(),
    updated_at: time(),
  },
  { $id: 'EventType', description: 'An event type of the catalogue. Types that are not in it can be published too.' },
);
