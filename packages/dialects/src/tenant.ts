// Dialects whose objects name the tenant that they belong to.
import type { Reading, ReadRules } from './dialect.js';

type Tenant = { readonly ok: true; readonly written: { readonly tenant?: string } } | Extract<Reading, { readonly ok: false }>;

/** What a checked body says of its tenant in `member`: needed for a new webhook unless the key is bound, and fixed afterwards. */
export const readTenant = (body: Readonly<Record<string, unknown>>, member: string, { isNew, boundTenant, before }: ReadRules): Tenant => {
  const named = Object.hasOwn(body, member) ? (body[member] as string) : undefined;
  const refuse = (status: 403 | 422, code: string, why: string): Tenant => ({
    ok: false,
    status,
    errors: [{ pointer: `/${member}`, code, message: `/${member} ${why}` }],
  });
  if (named === undefined) return isNew && boundTenant === null ? refuse(422, 'missing_field', 'is missing') : { ok: true, written: {} };
  if (boundTenant !== null && named !== boundTenant)
    return refuse(403, 'tenant_forbidden', `must be ${boundTenant}: this key is bound to it`);
  if (isNew) return { ok: true, written: { tenant: named } };
  return named === before?.tenant ? { ok: true, written: {} } : refuse(422, 'invalid_field', 'cannot be changed');
};
