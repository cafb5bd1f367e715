// Making and changing webhooks in the words of a dialect: its body is read into ours, which is judged as one of our own routes would.
import { randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { isJsonObject, objectIdOf } from '@posthorn/core';
import { type DialectMemory, type KeyOwner, resetCircuit, type WebhookRow } from '@posthorn/db';
import type { Dialect, Kept, Reading, ReadRules } from '@posthorn/dialects';
import { actorOf, audit, type WebhookDependencies } from '../routes/own-webhook.js';
import { readWebhookBody } from '../routes/webhook-body.js';
import { type ChangedWebhookBody, changedWebhookBody, type NewWebhookBody, newWebhookBody } from '../routes/webhook-schema.js';
import { shapeCheck } from '../validation.js';
import { switchWebhook, writeVersion } from '../webhook-changing.js';
import { type MadeWebhook, makeWebhook, type WebhookDescription } from '../webhook-making.js';
import { checkCircuitSettings, urlCheckOf } from '../webhook-writing.js';
import { placedIn, refusal } from './errors.js';
import { shownWebhook } from './showing.js';

const newShape = shapeCheck(newWebhookBody);
const changedShape = shapeCheck(changedWebhookBody);

const secretBytes = 16;

const rulesOf = (owner: KeyOwner, before: ReadRules['before']): ReadRules => ({
  isNew: before === null,
  role: owner.role,
  boundTenant: owner.tenant?.key ?? null,
  environmentId: owner.environmentId,
  before,
  random: randomBytes(secretBytes),
});

const readOrThrow = (dialect: Dialect, body: unknown, rules: ReadRules): Extract<Reading, { readonly ok: true }> => {
  const reading = dialect.read(body, rules);
  if (!reading.ok) throw refusal(reading);
  return reading;
};

const memoryWith = (dialect: Dialect, memory: DialectMemory | null, kept: Kept | undefined): DialectMemory | null =>
  kept === undefined || (Object.keys(kept).length === 0 && memory === null) ? memory : { ...memory, [dialect.name]: kept };

/** A new webhook as the dialect's body describes it; throws what the dialect itself has against it. */
export const describeIn = (dialect: Dialect, owner: KeyOwner, body: unknown): WebhookDescription => {
  const { webhook, kept } = readOrThrow(dialect, body, rulesOf(owner, null));
  return { body: webhook as NewWebhookBody, shapeError: newShape(webhook), dialect: memoryWith(dialect, null, kept) };
};

/** Makes the webhook of the dialect's body. */
export const makeIn = (dialect: Dialect, dependencies: WebhookDependencies, owner: KeyOwner, body: unknown): Promise<MadeWebhook> => {
  const description = describeIn(dialect, owner, body);
  return placedIn(dialect, () => makeWebhook(dependencies, owner, { ...description, objectIdOf }));
};

/**
 * A body without the members that are as they are shown: whoever sends back what they have read changes nothing by it, not even where the dialect
 * shows what it could not write, such as the several event types of a trigger.
 */
const changesIn = (body: unknown, shown: unknown): unknown =>
  isJsonObject(body) && isJsonObject(shown)
    ? Object.fromEntries(
        Object.entries(body).filter(([name, value]) => !Object.hasOwn(shown, name) || !isDeepStrictEqual(value, shown[name])),
      )
    : body;

/** Changes a webhook as the dialect's body says, its activity and its circuit last. */
export const changeIn = async (
  dialect: Dialect,
  dependencies: WebhookDependencies,
  {
    owner,
    row,
    body,
    ifMatch,
  }: { readonly owner: KeyOwner; readonly row: WebhookRow; readonly body: unknown; readonly ifMatch: string | undefined },
): Promise<void> => {
  let wished: { readonly is_active?: unknown; readonly resetCircuit?: boolean } = {};
  await placedIn(dialect, () =>
    writeVersion(dependencies, owner, { webhookId: row.id, ifMatch }, (before, current) => {
      const kept = current.dialect?.[dialect.name] ?? null;
      const rules = rulesOf(owner, { tenant: row.tenant_key, metadata: current.metadata, kept });
      const shown = dialect.show(shownWebhook(dialect.name, { ...row, ...current }, owner.mode, undefined), null, dependencies.origin());
      const reading = readOrThrow(dialect, changesIn(body, shown), rules);
      const changes = reading.webhook as ChangedWebhookBody;
      wished = { is_active: changes.is_active, resetCircuit: reading.resetCircuit };
      checkCircuitSettings(owner, changes, before);
      const checked = { isNew: false, checkUrl: urlCheckOf(dependencies, owner) };
      const fields = readWebhookBody(before, changes, changedShape(changes), checked);
      const memory = memoryWith(dialect, current.dialect, reading.kept);
      return { fields, ...(!isDeepStrictEqual(memory, current.dialect) && { dialect: memory }) };
    }),
  );
  if (typeof wished.is_active === 'boolean') await switchWebhook(dependencies, owner, row.id, wished.is_active);
  if (wished.resetCircuit === true) {
    await audit(dependencies, owner, row, 'webhook.circuit_reset');
    await resetCircuit(dependencies.pool, row.id, actorOf(owner));
  }
};
