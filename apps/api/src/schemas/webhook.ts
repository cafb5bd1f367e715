// The webhook as it is shown, and what is read beside it.
import { circuitStates, payloadFormats } from '@posthorn/core';
import { Type } from 'typebox';
import { anyObject, count, nullable, objectOf, oneOf, time, timeOrNull, uuid } from './fields.js';

const hidden = 'Shown as `<hidden>`; writing `<hidden>` keeps the value.';

export const authenticationSchema = Type.Union(
  [
    Type.Object({ type: oneOf(['none']) }),
    Type.Object({
      type: oneOf(['api_key']),
      header: Type.Optional(Type.String({ description: 'The header that carries the value. By default `x-api-key`.' })),
      value: Type.String({ description: hidden }),
    }),
    Type.Object({ type: oneOf(['bearer']), token: Type.String({ description: hidden }) }),
    Type.Object({ type: oneOf(['basic']), username: Type.String(), password: Type.String({ description: hidden }) }),
  ],
  { $id: 'Authentication', description: 'How requests prove themselves to the endpoint with a header that never changes.' },
);

export const signatureHeaderSchema = Type.Object(
  {
    name: Type.String({ description: 'The name of the header.' }),
    value: Type.String({ description: 'A template with one of `{hex}`, `{base64}`, `{base64url}`.' }),
  },
  {
    $id: 'SignatureHeader',
    description: 'One more signature: HMAC-SHA256 of the body alone, keyed with the UTF-8 bytes of the secret as it is shown.',
  },
);

export const rateLimitSchema = Type.Object(
  { max: Type.Integer({ minimum: 1 }), per_seconds: Type.Integer({ minimum: 1 }) },
  { $id: 'RateLimit', description: 'At most `max` attempts in any `per_seconds` seconds.' },
);

export const lifetimeStatisticsSchema = Type.Object(
  {
    succeeded: count(),
    failed: count(),
    pending: count(),
    held: count(),
    skipped: count(),
    cancelled: count(),
    attempts: count(),
    last_attempt_at: timeOrNull(),
    last_success_at: timeOrNull(),
  },
  { $id: 'LifetimeStatistics', description: 'Deliveries by the state they are in now, and attempts, since the webhook was made.' },
);

const shownFields = {
  id: uuid(),
  object_id: nullable(Type.String({ pattern: '^[0-9a-f]{24}$' }), {
    description: 'A second id, unique in the environment, for the APIs whose ids look so. Null: nothing needed it yet.',
  }),
  environment_id: uuid(),
  mode: oneOf(['test', 'live']),
  tenant: Type.String(),
  name: nullable(Type.String(), { description: 'Unique in the tenant where it is given.' }),
  code: nullable(Type.String(), { description: 'Unique in the tenant where it is given: `^[a-z0-9_]{1,64}$`.' }),
  description: nullable(Type.String()),
  url: Type.String({ description: 'Where deliveries go.' }),
  event_types: Type.Array(Type.String(), { description: 'Types and patterns (`order.*`) of events that it wants; empty: all.' }),
  context: anyObject({ description: "What an event's `current_context` must have." }),
  project_flows: Type.Array(Type.String(), { description: 'The project flows that it wants; empty: all.' }),
  filter: nullable(anyObject(), {
    description: 'A condition on `event_type`, `current_context` and `data`, as in npm `simple-json-match`.',
  }),
  include_resources: Type.Array(Type.String(), { description: "Which of the event's resources are sent, in this order." }),
  notification_type: oneOf(['rest']),
  payload_format: oneOf(payloadFormats),
  authentication: Type.Ref('Authentication'),
  headers: objectOf(Type.String(), { description: `Headers of its own. ${hidden}` }),
  signature_header: nullable(Type.Ref('SignatureHeader')),
};

const runtimeFields = {
  status: oneOf(['active', 'paused', 'disabled']),
  is_active: Type.Boolean({ description: 'Not disabled. Writing it enables and disables.' }),
  disabled_at: timeOrNull(),
  disabled_reason: nullable(oneOf(['by_hand', 'gone', 'no_success'])),
  paused_at: timeOrNull(),
  circuit_state: oneOf(circuitStates),
  circuit_failure_count: count('Failures in a row.'),
  circuit_opened_at: timeOrNull(),
  circuit_retry_at: timeOrNull('When the next probe is due.'),
  disables_at: timeOrNull(
    'When it will be disabled unless a delivery succeeds before: 120 hours after its circuit opened. Null: nothing disables it for that; its circuit is closed or waits for a person, or it is disabled.',
  ),
};

const environmentsDefault = { description: "Null: the environment's default." };
const settings = {
  circuit_threshold: nullable(Type.Integer(), environmentsDefault),
  circuit_recovery: nullable(oneOf(['automatic', 'manual']), environmentsDefault),
  retry_schedule_s: nullable(Type.Array(Type.Integer()), environmentsDefault),
  rate_limit: nullable(Type.Ref('RateLimit'), { description: 'Null: none.' }),
  max_in_flight: nullable(Type.Integer(), environmentsDefault),
  timeout_ms: nullable(Type.Integer(), environmentsDefault),
};

export const webhookFields = {
  ...shownFields,
  ...runtimeFields,
  ...settings,
  notification: Type.Object({
    email: nullable(Type.String()),
    success: Type.Boolean(),
    fail: Type.Boolean(),
  }),
  notified: Type.Object(
    {
      email: nullable(Type.String(), {
        description: 'Null: nobody is told; or the operator is, whose address is not for a key that is bound to a tenant.',
      }),
      source: nullable(oneOf(['webhook', 'tenant', 'operator']), { description: 'Whose address it is. Null: nobody has one.' }),
      by_mail: Type.Boolean({ description: 'False: there is no mail server, so no e-mail is sent to anybody.' }),
    },
    { description: 'Who is told of it now, if its `notification` wants it: its own address, else its tenant’s, else the operator’s.' },
  ),
  statistics: Type.Ref('LifetimeStatistics'),
  reference: nullable(Type.String()),
  reference_origin: nullable(Type.String()),
  metadata: anyObject(),
  version: Type.Integer({ minimum: 1, description: 'Raised by every change of the configuration; the ETag is this number in quotes.' }),
  created_at: time(),
  updated_at: time('When the configuration last changed.'),
};

export const webhookSchema = Type.Object(webhookFields, { $id: 'Webhook', description: 'A webhook, without its secrets.' });

export const createdWebhookSchema = Type.Object(
  { ...webhookFields, secret: Type.String({ description: 'The secret that its deliveries are signed with.' }) },
  { $id: 'CreatedWebhook', description: 'A new webhook with its secret.' },
);

export const enabledWebhookSchema = Type.Object(
  { ...webhookFields, skipped_deliveries: count('How many of its deliveries are skipped. Enabling brings none back; recover does.') },
  { $id: 'EnabledWebhook', description: 'A webhook that was enabled.' },
);

export const webhookSecretsSchema = Type.Object(
  {
    secret: nullable(Type.String(), { description: 'What deliveries are signed with.' }),
    previous: Type.Array(Type.Object({ secret: Type.String(), expires_at: timeOrNull() }), {
      description: 'Secrets that were rotated out and sign as well until they expire.',
    }),
  },
  { $id: 'WebhookSecrets', description: 'The secrets of a webhook.' },
);

export const timelineEntrySchema = Type.Object(
  {
    at: time(),
    kind: Type.String({ description: 'What happened: `paused`, `circuit_opened`, `disabled` …' }),
    circuit_failure_count: nullable(count(), { description: 'The failures in a row at that time.' }),
    details: anyObject(),
  },
  { $id: 'TimelineEntry', description: 'Something that happened to a webhook at run time.' },
);
