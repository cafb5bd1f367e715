// The secret parts of a webhook's configuration on their way into the database: sealed, each for a row of its own.
import { isDeepStrictEqual } from 'node:util';
import type { SealedWebhookSecret, SecretBox, SecretPurpose, WebhookChange } from '@posthorn/db';
import type { WebhookFields } from './webhook-fields.js';

export type Sealing = { readonly secretBox: SecretBox; readonly newId: () => string };

/** Seals a text for a new row. */
export const sealSecret = ({ secretBox, newId }: Sealing, webhookId: string, purpose: SecretPurpose, text: string): SealedWebhookSecret => {
  const id = newId();
  return { id, purpose, sealed: secretBox.seal(text, { rowId: id, webhookId, purpose }) };
};

/** Authentication and own headers with their values, as workers read them; null: there are none. */
const secretParts = ({ authentication, headers }: WebhookFields) => ({
  authentication: authentication.type === 'none' ? null : authentication,
  headers: Object.keys(headers).length === 0 ? null : headers,
});

/** Seals the parts that are not as they were. */
export const sealChanges = (sealing: Sealing, webhookId: string, before: WebhookFields, after: WebhookFields): WebhookChange['secrets'] => {
  const [from, to] = [secretParts(before), secretParts(after)];
  const changed = (['authentication', 'headers'] as const).filter((purpose) => !isDeepStrictEqual(from[purpose], to[purpose]));
  return Object.fromEntries(
    changed.map((purpose) => [purpose, to[purpose] === null ? null : sealSecret(sealing, webhookId, purpose, JSON.stringify(to[purpose]))]),
  );
};
