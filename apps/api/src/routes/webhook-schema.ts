// The shape of what is written of a webhook, field by field. What a field means is checked in webhook-body.ts.
import { eventTypeCharsMax, payloadFormats, projectFlowCharsMax, projectFlowsMax } from '@posthorn/core';
import { type Static, Type } from 'typebox';

const eventTypesMax = 1000;
const resourcesMax = 64;
export const metadataMembersMax = 64;

const nullable = <S extends Type.TSchema>(schema: S) => Type.Optional(Type.Union([schema, Type.Null()]));
const oneOf = <T extends string | null>(values: readonly T[]) => Type.Optional(Type.Unsafe<T>({ enum: values }));
/** A text that Postgres stores and a person reads in one line. */
const lineOf = (charsMax: number) => Type.String({ pattern: `^[^\\p{Cc}\\p{Cs}]{1,${charsMax}}$` });

const writable = {
  name: nullable(Type.String({ minLength: 1, maxLength: 256 })),
  code: nullable(Type.String({ pattern: '^[a-z0-9_]{1,64}$' })),
  description: nullable(Type.String({ maxLength: 2048 })),
  event_types: Type.Optional(Type.Array(Type.String({ maxLength: eventTypeCharsMax }), { maxItems: eventTypesMax })),
  context: Type.Optional(Type.Object({})),
  project_flows: Type.Optional(Type.Array(lineOf(projectFlowCharsMax), { maxItems: projectFlowsMax })),
  filter: nullable(Type.Object({})),
  include_resources: Type.Optional(Type.Array(lineOf(128), { maxItems: resourcesMax })),
  notification_type: oneOf(['rest']),
  payload_format: oneOf(payloadFormats),
  authentication: Type.Optional(Type.Object({})),
  headers: Type.Optional(Type.Object({})),
  signature_header: nullable(Type.Object({})),
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
  metadata: Type.Optional(Type.Record(Type.String({ maxLength: 128 }), Type.Unknown(), { maxProperties: metadataMembersMax })),
  is_active: Type.Optional(Type.Boolean()),
};

const url = Type.String({ minLength: 1, maxLength: 2048 });

/** The body of POST /v1/webhooks. */
export const newWebhookBody = Type.Object(
  {
    ...writable,
    url,
    tenant: Type.Optional(Type.String({ minLength: 1, maxLength: 128 })),
    secret: Type.Optional(Type.String({ maxLength: 128 })),
  },
  { additionalProperties: false },
);
/** The body of PATCH /v1/webhooks/{id}. */
export const changedWebhookBody = Type.Object({ ...writable, url: Type.Optional(url) }, { additionalProperties: false });

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
  'statistics',
  'version',
  'created_at',
  'updated_at',
]);
/** What is written once. */
export const fixedFields: ReadonlySet<string> = new Set(['tenant', 'secret']);
