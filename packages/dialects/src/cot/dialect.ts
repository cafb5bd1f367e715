// Dialect 003: a trigger instead of event types, a context whose empty members mean any, ids of 24 hex digits. Trigger and context read back as
// they were sent, as long as nobody has changed by another way what they stand for.
import { isDeepStrictEqual } from 'node:util';
import { isJsonObject } from '@posthorn/core';
import { fromExportWithObjectId, secretErrors, writtenSecret } from '../brought.js';
import { compoundTriggers } from '../catalogue.js';
import type { Dialect, Kept, Reading, ReadRules, ShownWebhook } from '../dialect.js';
import { fieldErrors, placeIn, renamed } from '../fields.js';
import { pathErrors } from '../path-errors.js';
import { readTenant } from '../tenant.js';
import { fields } from './fields.js';

/**
 * The types that a trigger stands for; itself first, so that who publishes the trigger's own name is heard too. `*` and several parted by commas are
 * how webhooks are shown that were made in other words.
 */
const typesOf = (trigger: string): readonly string[] => {
  if (trigger === '*') return [];
  const stands = compoundTriggers.get(trigger);
  return stands === undefined ? trigger.split(',').map((each) => each.trim()) : [trigger, ...stands];
};

/** What of a context is asked of an event: what is not empty. */
const askedOf = (context: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(context).filter(([, value]) => value !== '' && value !== null));

const keptTrigger = ({ kept, event_types }: ShownWebhook): string | null =>
  typeof kept?.trigger === 'string' && isDeepStrictEqual([...event_types], [...typesOf(kept.trigger)]) ? kept.trigger : null;
const keptContext = ({ kept, context }: ShownWebhook): Readonly<Record<string, unknown>> | null =>
  isJsonObject(kept?.context) && isDeepStrictEqual(askedOf(kept.context), { ...context }) ? kept.context : null;

/** In the order of the document, whatever the order in which it was stored. */
const inOrder = (context: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> => {
  const first = ['survey', 'group', 'taskGroup'].filter((name) => Object.hasOwn(context, name));
  return { ...Object.fromEntries(first.map((name) => [name, context[name]])), ...context };
};

const read = (body: unknown, rules: ReadRules): Reading => {
  const errors = [...fieldErrors(fields, body, rules.isNew), ...secretErrors(body, rules.isNew)];
  if (isJsonObject(body) && isJsonObject(body.context))
    errors.push(...fieldErrors(fields, body.context, rules.isNew, 'context', '/context'));
  if (errors.length > 0 || !isJsonObject(body)) return { ok: false, status: 422, errors };
  const tenant = readTenant(body, 'company', rules);
  if (!tenant.ok) return tenant;
  const context = body.context as Readonly<Record<string, unknown>> | undefined;
  const trigger = body.trigger as string | undefined;
  const kept: Kept = { ...rules.before?.kept, ...(trigger !== undefined && { trigger }), ...(context !== undefined && { context }) };
  return {
    ok: true,
    webhook: {
      ...renamed(fields, body),
      ...tenant.written,
      ...(trigger !== undefined && { event_types: typesOf(trigger) }),
      ...(context !== undefined && { context: askedOf(context) }),
      ...writtenSecret(body),
    },
    resetCircuit: false,
    kept,
  };
};

const show = (webhook: ShownWebhook, secret: string | null) => ({
  _id: webhook.object_id,
  company: webhook.tenant,
  isActive: webhook.is_active,
  trigger: keptTrigger(webhook) ?? (webhook.event_types.length === 0 ? '*' : webhook.event_types.join(',')),
  url: webhook.url,
  name: webhook.name,
  code: webhook.code,
  context: inOrder(keptContext(webhook) ?? { survey: '', group: '', taskGroup: '', ...webhook.context }),
  __v: webhook.version - 1,
  description: webhook.description,
  ...(secret !== null && { secret }),
});

/** A trigger is one text: it has no places of its own. */
const placeOf = (pointer: string): string => {
  const place = placeIn(fields)(pointer);
  return place.startsWith('/trigger/') ? '/trigger' : place;
};

export const cot: Dialect = {
  name: '003',
  fields,
  read,
  show,
  fromExport: fromExportWithObjectId,
  placeOf,
  errorBody: pathErrors,
};
