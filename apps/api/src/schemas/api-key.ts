// API keys: who may call this API.
import { type Static, Type } from 'typebox';
import { nullable, oneOf, time, timeOrNull, uuid } from './fields.js';
import { lineOrNull, namePattern } from './writable-fields.js';

export const roles = ['admin', 'operator', 'publisher', 'viewer', 'channel'] as const;

/** The body of POST /v1/api-keys. */
export const newApiKeyBody = Type.Object(
  {
    role: oneOf(roles),
    name: Type.Optional(lineOrNull(256)),
    tenant: Type.Optional(
      Type.Unsafe<string | null>({
        type: ['string', 'null'],
        pattern: namePattern,
        description: 'Binds the key to a tenant, which is made if it is new. A key of role `channel` needs one.',
      }),
    ),
    expires_at: Type.Optional(Type.Unsafe<string | null>({ type: ['string', 'null'], description: 'RFC 3339, in the future.' })),
  },
  { $id: 'NewApiKey', additionalProperties: false, description: 'A key to make.' },
);

export type NewApiKeyBody = Static<typeof newApiKeyBody>;

const fields = {
  id: uuid(),
  name: nullable(Type.String()),
  role: oneOf(roles),
  tenant: nullable(Type.String(), { description: 'The tenant that it is bound to; null: none.' }),
  key_hint: Type.String({ description: '`ph_<mode>_<public id>_…<last four characters>`' }),
  created_at: time(),
  created_by: nullable(uuid(), {
    description: 'The key that made it; null: it is the first of its environment, or was made on the command line.',
  }),
  expires_at: timeOrNull(),
  revoked_at: timeOrNull(),
  last_used_at: timeOrNull('To about a minute.'),
};

export const apiKeySchema = Type.Object(fields, { $id: 'ApiKey', description: 'A key, without what makes it one.' });

export const createdApiKeySchema = Type.Object(
  { ...fields, key: Type.String({ description: 'The key, shown this once.' }) },
  { $id: 'CreatedApiKey', description: 'A new key.' },
);
