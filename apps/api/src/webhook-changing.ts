// Changing, switching and deleting a webhook, whoever asks for it: its own API or a dialect. A change of the configuration is one version;
// switching on or off is none.
import { problem } from '@posthorn/core';
import {
  type Author,
  type ConfiguredWebhook,
  changeWebhook,
  type DialectMemory,
  disableWebhook,
  enableWebhook,
  type KeyOwner,
  probeWebhookNow,
  type Reach,
  removeWebhook,
  type WebhookChange,
  type WebhookRow,
} from '@posthorn/db';
import { reachOf } from './access.js';
import { actorOf, audit, authorOf, etagOf, findOwn, type WebhookDependencies } from './routes/own-webhook.js';
import { changesBetween, configurationOf, fieldsOf, type WebhookFields } from './webhook-fields.js';
import { sealChanges } from './webhook-secrets.js';
import { refuseConflict } from './webhook-writing.js';

/** Which webhook, and what the request's If-Match says of its version. */
export type ChangeTarget = { readonly webhookId: string; readonly ifMatch: string | undefined };

export type NextVersion = {
  readonly fields: WebhookFields;
  /** What dialects keep of it from now on; undefined: as it was. */
  readonly dialect?: DialectMemory | null;
};

/** Throws `precondition_failed` if there is an If-Match that names no ETag of this version (RFC 9110, 13.1.1: compared strongly). */
const checkIfMatch = (ifMatch: string | undefined, version: number): void => {
  if (ifMatch === undefined || ifMatch.trim() === '*') return;
  if (!ifMatch.split(',').some((tag) => tag.trim() === etagOf(version)))
    throw problem('precondition_failed', `the webhook is at version ${version} now`);
};

type Next = (before: WebhookFields, row: ConfiguredWebhook['row']) => NextVersion;

/**
 * Writes what `next` makes of the fields as the next version, if there is a difference, whoever wants it. Throws `not_found`, `precondition_failed`,
 * `conflict`, and what `next` throws: then nothing is changed.
 */
export const writeVersionAs = async (
  dependencies: WebhookDependencies,
  reach: Reach,
  author: Author,
  { webhookId, ifMatch }: ChangeTarget,
  next: Next,
  restoredVersion: number | null = null,
): Promise<WebhookChange | null> => {
  const place = { ...reach, webhookId };
  const decide = (current: ConfiguredWebhook): WebhookChange => {
    checkIfMatch(ifMatch, current.row.version);
    const before = fieldsOf(current);
    const { fields, dialect } = next(before, current.row);
    return {
      configuration: configurationOf(fields),
      changes: changesBetween(before, fields),
      secrets: sealChanges(dependencies, webhookId, before, fields),
      restoredVersion,
      ...(dialect !== undefined && { dialect }),
    };
  };
  const { db, secretBox, sealing } = dependencies;
  const changed = await sealing(() => changeWebhook(db, secretBox, place, author, decide)).catch(refuseConflict);
  if (changed === undefined) throw problem('not_found');
  return changed;
};

/**
 * Writes what `next` makes of the fields as the next version, if there is a difference; an open circuit is probed now if the webhook is called
 * otherwise from then on. Throws `not_found`, `precondition_failed`, `conflict`, and what `next` throws: then nothing is changed.
 * @param restoredVersion the version that is brought back, if it is one
 */
export const writeVersion = async (
  dependencies: WebhookDependencies,
  owner: KeyOwner,
  target: ChangeTarget,
  next: Next,
  restoredVersion: number | null = null,
): Promise<void> => {
  const changed = await writeVersionAs(dependencies, reachOf(owner), authorOf(owner), target, next, restoredVersion);
  if (changed !== null && (changed.changes.url !== undefined || changed.changes.authentication !== undefined))
    await probeWebhookNow(dependencies.pool, target.webhookId, actorOf(owner));
};

/** Enables or disables the webhook, if it is not so already. */
export const switchWebhook = async (
  dependencies: WebhookDependencies,
  owner: KeyOwner,
  webhookId: string,
  isActive: boolean,
): Promise<void> => {
  const { db, pool, slot } = dependencies;
  const row = await findOwn(db, owner, { id: webhookId });
  if (isActive !== (row.disabled_at === null)) await audit(dependencies, owner, row, isActive ? 'webhook.enabled' : 'webhook.disabled');
  if (isActive) await enableWebhook(pool, webhookId, actorOf(owner), slot);
  else await disableWebhook(pool, webhookId, actorOf(owner));
};

/** Deletes the webhook; throws `not_found`, `precondition_failed`. */
export const deleteOwn = async (
  dependencies: WebhookDependencies,
  owner: KeyOwner,
  row: WebhookRow,
  ifMatch: string | undefined,
): Promise<void> => {
  checkIfMatch(ifMatch, row.version);
  await audit(dependencies, owner, row, 'webhook.deleted');
  const isRemoved = await removeWebhook(dependencies.pool, { ...reachOf(owner), webhookId: row.id }, actorOf(owner), (version) =>
    checkIfMatch(ifMatch, version),
  );
  if (!isRemoved) throw problem('not_found');
};
