// Environments and their settings: what a webhook's null means, and what may be published.
import { type Static, Type } from 'typebox';
import { nullable, oneOf, time, uuid } from './fields.js';
import { flagOrNull, integerOrNull, oneOfOrNull, plainName } from './writable-fields.js';

const modes = ['test', 'live'] as const;
const recoveries = ['automatic', 'manual'] as const;
const checks = ['off', 'warn', 'reject'] as const;

const writableSettings = Type.Object(
  {
    timeout_ms: Type.Optional(integerOrNull(1_000, 30_000)),
    max_in_flight: Type.Optional(integerOrNull(1, 10_000)),
    circuit_threshold: Type.Optional(integerOrNull(1, 1_000)),
    circuit_recovery: Type.Optional(oneOfOrNull(recoveries)),
    retry_schedule_s: Type.Optional(
      Type.Unsafe<readonly number[] | null>({
        type: ['array', 'null'],
        items: { type: 'integer', minimum: 1, maximum: 7 * 86_400 },
        maxItems: 30,
      }),
    ),
    allow_http: Type.Optional(flagOrNull()),
    event_schemas: Type.Optional(oneOfOrNull(checks)),
  },
  {
    additionalProperties: false,
    description: 'The named settings are replaced; null gives one back to its default.',
  },
);

const name = plainName({ description: 'Unique among all environments.' });

/** The body of POST /v1/environments. */
export const newEnvironmentBody = Type.Object(
  { name, mode: oneOf(modes), settings: Type.Optional(writableSettings) },
  { $id: 'NewEnvironment', additionalProperties: false, description: 'An environment to make.' },
);
/** The body of PATCH /v1/environments/{id}. */
export const changedEnvironmentBody = Type.Object(
  { name: Type.Optional(name), settings: Type.Optional(writableSettings) },
  { $id: 'EnvironmentChanges', additionalProperties: false, description: 'The fields to change.' },
);

export type NewEnvironmentBody = Static<typeof newEnvironmentBody>;
export type ChangedEnvironmentBody = Static<typeof changedEnvironmentBody>;
export type WrittenSettings = Static<typeof writableSettings>;

export const environmentSettingsSchema = Type.Object(
  {
    timeout_ms: nullable(Type.Integer(), { description: 'Of a whole attempt. Null: 15,000.' }),
    max_in_flight: nullable(Type.Integer(), { description: 'Attempts of one webhook at a time. Null: 20.' }),
    circuit_threshold: nullable(Type.Integer(), { description: 'Failures in a row that open the circuit. Null: 10.' }),
    circuit_recovery: nullable(oneOf(recoveries), {
      description: 'Whether an open circuit is probed, or waits for a person. Null: automatic.',
    }),
    retry_schedule_s: nullable(Type.Array(Type.Integer()), {
      description: 'The wait before each retry. Null: nine retries in three days.',
    }),
    allow_http: Type.Boolean({ description: 'Whether webhooks may have plain http URLs in a live environment.' }),
    event_schemas: oneOf(checks, {
      description:
        'What happens to an event that does not fit the schema of its type: it is not looked at, accepted with a warning, or refused.',
    }),
  },
  { $id: 'EnvironmentSettings', description: "What a webhook's null means; the webhook's own value comes first." },
);

const fields = {
  id: uuid(),
  name: Type.String(),
  mode: oneOf(modes),
  settings: Type.Ref('EnvironmentSettings'),
  created_at: time(),
  updated_at: time(),
};

export const environmentSchema = Type.Object(fields, {
  $id: 'Environment',
  description: 'What is kept apart whole: keys, tenants, webhooks and events of one see nothing of another.',
});

export const createdEnvironmentSchema = Type.Object(
  { ...fields, admin_key: Type.String({ description: 'The first key of the environment, shown this once.' }) },
  { $id: 'CreatedEnvironment', description: 'A new environment with its first key.' },
);
