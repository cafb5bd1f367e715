// The shape of what is written of a webhook, field by field. What a field means is checked in webhook-body.ts.
import { eventTypeCharsMax, payloadFormats, projectFlowCharsMax, projectFlowsMax } from '@posthorn/core';
import { type Static, Type } from 'typebox';
import { anyObject, objectOf, nullable as orNull, shownAs } from '../schemas/fields.js';

const eventTypesMax = 1000;
const resourcesMax = 64;
export const metadataMembersMax = 64;

const nullable = <S extends Type.TSchema>(schema: S) => Type.Optional(Type.Union([schema, Type.Null()]));
const oneOf = <T extends string | null>(values: readonly T[]) =>
  Type.Optional(Type.Unsafe<T>({ type: values.includes(null as T) ? ['string', 'null'] : 'string', enum: values }));
/** A text that Postgres stores and a person reads in one line. */
const lineOf = (charsMax: number) => Type.String({ pattern: `^[^\\p{Cc}\\p{Cs}]{1,${charsMax}}$` });

const writable = {
  name: nullable(Type.String({ minLength: 1, maxLength: 256 })),
  code: nullable(Type.String({ pattern: '^[a-z0-9_]{1,64}$' })),
  description: nullable(Type.String({ maxLength: 2048 })),
  event_types: Type.Optional(Type.Array(Type.String({ maxLength: eventTypeCharsMax }), { maxItems: eventTypesMax })),
  context: Type.Optional(anyObject()),
  project_flows: Type.Optional(Type.Array(lineOf(projectFlowCharsMax), { maxItems: projectFlowsMax })),
  filter: nullable(anyObject()),
  include_resources: Type.Optional(Type.Array(lineOf(128), { maxItems: resourcesMax })),
  notification_type: oneOf(['rest']),
  payload_format: oneOf(payloadFormats),
  authentication: Type.Optional(shownAs({ type: 'object' }, Type.Ref('Authentication'))),
  signature_header: Type.Optional(shownAs({ type: ['object', 'null'] }, orNull(Type.Ref('SignatureHeader')))),
  circuit_threshold: nullable(Type.Integer({ minimum: 1, maximum: 1_000 })),
  circuit_recovery: oneOf(['automatic', 'manual', null]),
  retry_schedule_s: nullable(Type.Array(Type.Integer({ minimum: 1, maximum: 7 * 86_400 }), { maxItems: 30 })),
  rate_limit: nullable(
    Type.Object(
      { max: Type.Integer({ minimum: 1, maximum: 100_000 }), per_seconds: Type.Integer({ minimum: 1, maximum: 3_600 }) },
      { additionalProperties: false },
    ),
  ),
  max_in_flight: nullable(Type.Integer({ minimum: 1, maximum: 10_000 })),
  timeout_ms: nullable(Type.Integer({ minimum: 1_000, maximum: 30_000 })),
  notification: Type.Optional(
    Type.Object(
      {
        email: nullable(Type.String({ format: 'email', maxLength: 254 })),
        success: nullable(Type.Boolean()),
        fail: nullable(Type.Boolean()),
      },
      { additionalProperties: false },
    ),
  ),
  reference: nullable(Type.String({ maxLength: 256 })),
  reference_origin: nullable(Type.String({ maxLength: 256 })),
  metadata: Type.Optional(
    Type.Unsafe<Readonly<Record<string, unknown>>>({ type: 'object', maxProperties: metadataMembersMax, additionalProperties: true }),
  ),
  is_active: Type.Optional(Type.Boolean()),
};

const url = Type.String({ minLength: 1, maxLength: 2048 });

/** The body of POST /v1/webhooks. */
export const newWebhookBody = Type.Object(
  {
    ...writable,
    headers: Type.Optional(shownAs({ type: 'object' }, objectOf(Type.String()))),
    url,
    tenant: Type.Optional(Type.String({ minLength: 1, maxLength: 128 })),
    secret: Type.Optional(Type.String({ maxLength: 128 })),
  },
  { $id: 'NewWebhook', additionalProperties: false, description: 'A webhook to make. Only `url` is needed.' },
);
/** The body of PATCH /v1/webhooks/{id}. */
export const changedWebhookBody = Type.Object(
  {
    ...writable,
    headers: Type.Optional(shownAs({ type: 'object' }, objectOf(orNull(Type.String())))),
    url: Type.Optional(url),
  },
  {
    $id: 'WebhookChanges',
    additionalProperties: false,
    description:
      'The fields to change. A field that is named is replaced whole; of `notification`, `metadata` and `headers` the named members are, and null removes one.',
  },
);

export type ChangedWebhookBody = Static<typeof changedWebhookBody>;
export type NewWebhookBody = Static<typeof newWebhookBody>;

/** What a webhook shows and nobody writes. */
export const readOnlyFields: ReadonlySet<string> = new Set([
  'id',
  'object_id',
  'environment_id',
  'mode',
  'status',
  'disabled_at',
  'disabled_reason',
  'paused_at',
  'circuit_state',
  'circuit_failure_count',
  'circuit_opened_at',
  'circuit_retry_at',
  'disables_at',
  'notified',
  'statistics',
  'version',
  'created_at',
  'updated_at',
]);
/** What is written once. */
export const fixedFields: ReadonlySet<string> = new Set(['tenant', 'secret']);
