// Tenants: whose webhooks and events they are.
import { type Static, Type } from 'typebox';
import { metadataMembersMax } from '../routes/webhook-schema.js';
import { anyObject, count, nullable, time, uuid } from './fields.js';
import { emailOrNull, lineOrNull, plainName } from './writable-fields.js';

const key = 'The name under which webhooks, events and keys mention it.';
const metadata = (options: { readonly description?: string } = {}) =>
  Type.Unsafe<Readonly<Record<string, unknown>>>({
    type: 'object',
    maxProperties: metadataMembersMax,
    additionalProperties: true,
    ...options,
  });

/** The body of POST /v1/tenants. */
export const newTenantBody = Type.Object(
  {
    tenant: plainName({ description: key }),
    name: Type.Optional(lineOrNull(256)),
    email: Type.Optional(emailOrNull()),
    metadata: Type.Optional(metadata()),
  },
  {
    $id: 'NewTenant',
    additionalProperties: false,
    description: 'A tenant to make. One that a webhook or an event names is made by itself.',
  },
);
/** The body of PATCH /v1/tenants/{tenant}. */
export const changedTenantBody = Type.Object(
  {
    name: Type.Optional(lineOrNull(256)),
    email: Type.Optional(emailOrNull()),
    metadata: Type.Optional(metadata({ description: 'The named members are replaced; null removes one.' })),
  },
  { $id: 'TenantChanges', additionalProperties: false, description: 'The fields to change.' },
);

export type NewTenantBody = Static<typeof newTenantBody>;
export type ChangedTenantBody = Static<typeof changedTenantBody>;

const fields = {
  id: uuid(),
  tenant: Type.String({ description: key }),
  name: nullable(Type.String()),
  email: nullable(Type.String()),
  metadata: anyObject(),
  created_at: time(),
  updated_at: time(),
};

export const tenantSchema = Type.Object(
  { ...fields, webhooks: count('How many it has.') },
  { $id: 'Tenant', description: 'Whose webhooks and events they are.' },
);

export const erasedTenantSchema = Type.Object(
  { ...fields, erasing_at: time('Since then it is gone; its content is taken away in the background.') },
  { $id: 'ErasedTenant', description: 'A tenant as it was when it was erased.' },
);

export const tenantPath = Type.Object({ tenant: Type.String({ description: key }) });
