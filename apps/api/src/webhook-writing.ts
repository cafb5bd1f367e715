// What making and changing a webhook have in common: which URLs it may have, who may set what, and names that are taken.
import { type FieldError, problem } from '@posthorn/core';
import { type KeyOwner, WebhookConflictError } from '@posthorn/db';
import type { Egress } from '@posthorn/egress';
import { mayDo } from './access.js';
import type { WebhookFields } from './webhook-fields.js';

/** Which URLs an environment takes: plain http in a test environment, or where it is allowed. */
export const urlCheckOf =
  ({ egress }: { readonly egress: Pick<Egress, 'checkUrl'> }, owner: KeyOwner) =>
  (url: string) =>
    egress.checkUrl(url, { allowHttp: owner.mode === 'test' || owner.settings.allow_http === true });

/** Throws `forbidden` if the owner's role may not choose when the circuit opens and closes, and does. */
export const checkCircuitSettings = (owner: KeyOwner, body: unknown, base: WebhookFields): void => {
  if (mayDo(owner, 'reset_circuit')) return;
  const named = (typeof body === 'object' && body !== null ? body : {}) as Partial<WebhookFields>;
  for (const field of ['circuit_threshold', 'circuit_recovery'] as const)
    if (named[field] !== undefined && named[field] !== base[field])
      throw problem('forbidden', `a key of role ${owner.role} may not set ${field}`);
};

/** Throws `conflict` for a name, code or object id that another webhook has. */
export const refuseConflict = (error: unknown): never => {
  if (!(error instanceof WebhookConflictError)) throw error;
  const errors: readonly FieldError[] = [{ pointer: `/${error.field}`, code: 'conflict', message: error.message }];
  throw problem('conflict', error.message, { errors });
};
