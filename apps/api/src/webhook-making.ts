// Making a webhook, whoever describes it: its own API, a dialect, an import.
import { randomBytes } from 'node:crypto';
import { newSecret, newSecretBytes, problem } from '@posthorn/core';
import { type DialectMemory, insertWebhooks, type KeyOwner, type NewWebhook } from '@posthorn/db';
import { authorOf, type WebhookDependencies } from './routes/own-webhook.js';
import { readWebhookBody } from './routes/webhook-body.js';
import type { NewWebhookBody } from './routes/webhook-schema.js';
import { configurationOf, newFields } from './webhook-fields.js';
import { sealChanges, sealSecret } from './webhook-secrets.js';
import { checkCircuitSettings, refuseConflict, urlCheckOf } from './webhook-writing.js';

const defaultTenant = 'default';

/** A webhook as POST /v1/webhooks describes it. */
export type WebhookDescription = {
  readonly body: NewWebhookBody;
  /** What its shape has against it. */
  readonly shapeError: Error | undefined;
  /** Its object id, by its id; without one it gets it when it is asked for. */
  readonly objectIdOf?: (id: string) => string;
  readonly dialect?: DialectMemory | null;
};

/** A webhook that can be stored, and its secret. */
export type MadeWebhook = { readonly webhook: NewWebhook; readonly secret: string };

/** The tenant that a new webhook belongs to; throws `tenant_forbidden`. */
export const tenantKeyOf = (body: Pick<NewWebhookBody, 'tenant'>, owner: KeyOwner): string => {
  if (owner.tenant === null) return body.tenant ?? defaultTenant;
  if (body.tenant !== undefined && body.tenant !== owner.tenant.key)
    throw problem('tenant_forbidden', `this key is bound to tenant ${owner.tenant.key}`);
  return owner.tenant.key;
};

/** What a description makes of a new webhook; its tenant is made if it has none yet. Throws what is wrong with it; nothing is stored. */
export const describeWebhook = async (
  dependencies: WebhookDependencies,
  owner: KeyOwner,
  { body, shapeError, objectIdOf, dialect = null }: WebhookDescription,
): Promise<MadeWebhook> => {
  checkCircuitSettings(owner, body, newFields);
  const fields = readWebhookBody(newFields, body, shapeError, { isNew: true, checkUrl: urlCheckOf(dependencies, owner) });
  const tenantKey = tenantKeyOf(body, owner);
  const tenantId = owner.tenant?.id ?? (await dependencies.tenantId(owner.environmentId, tenantKey));
  const id = dependencies.newId();
  const secret = body.secret ?? newSecret(randomBytes(newSecretBytes));
  const parts = Object.values(sealChanges(dependencies, id, newFields, fields)).flatMap((part) => part ?? []);
  const webhook = {
    id,
    environmentId: owner.environmentId,
    tenantId,
    configuration: configurationOf(fields),
    secrets: [sealSecret(dependencies, id, 'signing', secret), ...parts],
    isActive: body.is_active ?? true,
    objectId: objectIdOf?.(id) ?? null,
    dialect,
  };
  return { webhook, secret };
};

/** Makes the webhook. */
export const makeWebhook = async (
  dependencies: WebhookDependencies,
  owner: KeyOwner,
  description: WebhookDescription,
): Promise<MadeWebhook> => {
  const made = await describeWebhook(dependencies, owner, description);
  await insertWebhooks(dependencies.db, [made.webhook], authorOf(owner)).catch(refuseConflict);
  return made;
};
