// Events: as they are published, what publishing answers, and as they are read.
import { eventLimits, eventTypeCharsMax, projectFlowCharsMax, projectFlowsMax, shownStatuses } from '@posthorn/core';
import { Type } from 'typebox';
import { anyJson, count, nullable, oneOf, time, timeOrNull, uuid } from './fields.js';

const namePattern = '^[A-Za-z0-9_.:-]{1,128}$';

/** Events come as text and are read by core; this is for the document. */
export const newEventSchema = Type.Object(
  {
    event_type: Type.String({
      maxLength: eventTypeCharsMax,
      pattern: '^[A-Za-z0-9_]+([.:/-][A-Za-z0-9_]+)*$',
      description: 'Types under `posthorn.` are reserved.',
    }),
    data: anyJson('The payload: any JSON. It is delivered byte for byte as it came.'),
    current_context: Type.Optional(anyJson("What webhooks' `context` is compared with.")),
    event_time: Type.Optional(nullable(time(), { description: 'When it happened. Default: when it was accepted.' })),
    tenant: Type.Optional(nullable(Type.String({ pattern: namePattern }), { description: "Default: the key's tenant, else `default`." })),
    id: Type.Optional(
      nullable(Type.String({ pattern: namePattern }), { description: 'Yours, for repeats: the same `id` is accepted once.' }),
    ),
    project_flow: Type.Optional(
      Type.Union([
        Type.String({ maxLength: projectFlowCharsMax }),
        Type.Array(Type.String({ maxLength: projectFlowCharsMax }), { maxItems: projectFlowsMax }),
        Type.Null(),
      ]),
    ),
    resources: Type.Optional(anyJson('An object: what webhooks may include by `include_resources`.')),
  },
  { $id: 'NewEvent', additionalProperties: false, description: `An event to publish, at most ${eventLimits.bytesMax / 1024} KiB.` },
);

export const eventBatchSchema = Type.Object(
  { events: Type.Array(Type.Ref('NewEvent'), { minItems: 1, maxItems: eventLimits.eventsMax }) },
  {
    $id: 'EventBatch',
    additionalProperties: false,
    description: `Events to publish together, at most ${eventLimits.batchBytesMax / 1024 / 1024} MiB.`,
  },
);

const warnings = Type.Optional(
  Type.Array(Type.Object({ pointer: Type.String(), code: oneOf(['schema_mismatch', 'schema_unchecked']), message: Type.String() }), {
    description: 'Where the data does not fit the schema of its type; only if `event_schemas` of the environment is `warn`.',
  }),
);

export const acceptedEventSchema = Type.Object(
  { id: uuid('The id of the event: the `webhook-id` of its deliveries.'), warnings },
  { $id: 'AcceptedEvent', description: 'The event is durable.' },
);

export const acceptedBatchSchema = Type.Object(
  {
    data: Type.Array(
      Type.Union([
        Type.Object({
          id: uuid(),
          replayed: Type.Optional(Type.Boolean({ description: 'True: the event was accepted before, and this is its id.' })),
          warnings,
        }),
        Type.Object({ error: Type.Ref('Problem') }),
      ]),
      { description: 'One for each event, in the order sent.' },
    ),
    errors: count('How many were refused.'),
  },
  { $id: 'AcceptedBatch', description: 'What became of each event of a batch.' },
);

export const deliveryCountsSchema = Type.Object(
  Object.fromEntries(shownStatuses.map((status) => [status, count()])) as Record<(typeof shownStatuses)[number], ReturnType<typeof count>>,
  { $id: 'DeliveryCounts', description: 'Deliveries by the state they are in now.' },
);

const eventFacts = {
  id: uuid(),
  source_id: nullable(Type.String(), { description: 'The `id` or `Idempotency-Key` that it was published with.' }),
  tenant: Type.String(),
  event_type: Type.String(),
  event_time: time(),
  accepted_at: time(),
  project_flow: Type.Array(Type.String()),
  fan_out: oneOf(['waiting', 'done'], { description: '`waiting`: it is not matched with webhooks yet.' }),
};

export const eventSchema = Type.Object(
  {
    ...eventFacts,
    received_at: time(
      'When it was on its way to the database: the time of its id. `accepted_at` is when it was written, in the statement that commits it.',
    ),
    matched_by: timeOrNull(
      'When it was matched with webhooks, at the latest: the time itself is not stored, and this is the begin of its first request, or the end of a delivery without one. Null: it waits, or no delivery tells.',
    ),
    deliveries: Type.Ref('DeliveryCounts'),
    current_context: anyJson('As it came; null once it is erased.'),
    data: anyJson('As it came; null once it is erased.'),
    resources: anyJson('As they came; null without any.'),
  },
  { $id: 'Event', description: 'An event with what its producer sent, byte for byte.' },
);

export const listedEventSchema = Type.Object(eventFacts, {
  $id: 'ListedEvent',
  description: 'An event without what its producer sent; `GET /v1/events/{id}` has that, and the counts of its deliveries.',
});
