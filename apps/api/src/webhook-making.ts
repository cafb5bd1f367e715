// Making a webhook, whoever describes it: its own API, a dialect, an import.
import { randomBytes } from 'node:crypto';
import { newSecret, newSecretBytes, problem } from '@posthorn/core';
import { type DialectMemory, insertWebhooks, type KeyOwner, type NewWebhook } from '@posthorn/db';
import { authorOf, type WebhookDependencies } from './routes/own-webhook.js';
import { readWebhookBody } from './routes/webhook-body.js';
import type { NewWebhookBody } from './routes/webhook-schema.js';
import { configurationOf, newFields, type WebhookFields } from './webhook-fields.js';
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
const tenantKeyOf = (body: Pick<NewWebhookBody, 'tenant'>, owner: KeyOwner): string => {
  if (owner.tenant === null) return body.tenant ?? defaultTenant;
  if (body.tenant !== undefined && body.tenant !== owner.tenant.key)
    throw problem('tenant_forbidden', `this key is bound to tenant ${owner.tenant.key}`);
  return owner.tenant.key;
};

/** A description that is right, its tenant by its key. */
export type ReadWebhook = Pick<WebhookDescription, 'objectIdOf' | 'dialect'> & {
  readonly fields: WebhookFields;
  readonly tenantKey: string;
  /** Brought along; undefined: one is made. */
  readonly secret: string | undefined;
  readonly isActive: boolean;
};

/** Judges a description; throws everything that is wrong with it. */
export const readNewWebhook = (
  dependencies: Pick<WebhookDependencies, 'egress'>,
  owner: KeyOwner,
  { body, shapeError, ...rest }: WebhookDescription,
): ReadWebhook => {
  checkCircuitSettings(owner, body, newFields);
  const fields = readWebhookBody(newFields, body, shapeError, { isNew: true, checkUrl: urlCheckOf(dependencies, owner) });
  return { ...rest, fields, tenantKey: tenantKeyOf(body, owner), secret: body.secret, isActive: body.is_active ?? true };
};

/** The rows of a new webhook of a tenant, its secrets sealed. */
export const sealNewWebhook = (dependencies: WebhookDependencies, owner: KeyOwner, tenantId: string, read: ReadWebhook): MadeWebhook => {
  const { fields, isActive, dialect = null } = read;
  const id = dependencies.newId();
  const secret = read.secret ?? newSecret(randomBytes(newSecretBytes));
  const parts = Object.values(sealChanges(dependencies, id, newFields, fields)).flatMap((part) => part ?? []);
  const webhook = {
    id,
    environmentId: owner.environmentId,
    tenantId,
    configuration: configurationOf(fields),
    secrets: [sealSecret(dependencies, id, 'signing', secret), ...parts],
    isActive,
    objectId: read.objectIdOf?.(id) ?? null,
    dialect,
  };
  return { webhook, secret };
};

/** The id of a tenant that new webhooks belong to; it is made if there is none yet. */
export const tenantIdOf = async (dependencies: WebhookDependencies, owner: KeyOwner, tenantKey: string): Promise<string> =>
  owner.tenant?.id ?? dependencies.tenantId(owner.environmentId, tenantKey);

/** Makes the webhook. */
export const makeWebhook = async (
  dependencies: WebhookDependencies,
  owner: KeyOwner,
  description: WebhookDescription,
): Promise<MadeWebhook> => {
  const read = readNewWebhook(dependencies, owner, description);
  const tenantId = await tenantIdOf(dependencies, owner, read.tenantKey);
  return dependencies
    .sealing(async () => {
      const made = sealNewWebhook(dependencies, owner, tenantId, read);
      await insertWebhooks(dependencies.db, [made.webhook], authorOf(owner));
      return made;
    })
    .catch(refuseConflict);
};
