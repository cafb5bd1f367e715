// Dialect 003: a trigger instead of event types, a context whose empty members mean any, ids of 24 hex digits. Trigger and context read back as
// they were sent, as long as nobody has changed by another way what they stand for.
import { isDeepStrictEqual } from 'node:util';
import { isJsonObject } from '@posthorn/core';
import { compoundTriggers } from '../catalogue.js';
import type { Dialect, Kept, Reading, ReadRules, ShownWebhook } from '../dialect.js';
import { aBoolean, aNonEmptyText, anObject, aText, ignored, memberErrors, orNull, placeIn, renamed } from '../members.js';
import { pathErrors } from '../path-errors.js';
import { readTenant } from '../tenant.js';

const names = {
  company: 'tenant',
  isActive: 'is_active',
  trigger: 'event_types',
  url: 'url',
  name: 'name',
  code: 'code',
  description: 'description',
} as const;
const plain = { isActive: names.isActive, url: names.url, name: names.name, code: names.code, description: names.description } as const;
const contextMembers = { survey: orNull(aText), group: orNull(aText), taskGroup: orNull(aText) };

const members = {
  company: aNonEmptyText,
  isActive: aBoolean,
  trigger: aNonEmptyText,
  url: aNonEmptyText,
  name: aNonEmptyText,
  code: orNull(aText),
  description: orNull(aText),
  context: anObject,
  _id: ignored,
  __v: ignored,
};
const required = ['isActive', 'trigger', 'url', 'name'] as const;

/** The types that a trigger stands for; itself first, so that who publishes the trigger's own name is heard too. */
const typesOf = (trigger: string): readonly string[] => [trigger, ...(compoundTriggers.get(trigger) ?? [])];

/** What of a context is asked of an event: what is not empty. */
const askedOf = (context: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(context).filter(([, value]) => value !== '' && value !== null));

const keptTrigger = ({ kept, event_types }: ShownWebhook): string | null =>
  typeof kept?.trigger === 'string' && isDeepStrictEqual([...event_types], [...typesOf(kept.trigger)]) ? kept.trigger : null;
const keptContext = ({ kept, context }: ShownWebhook): Readonly<Record<string, unknown>> | null =>
  isJsonObject(kept?.context) && isDeepStrictEqual(askedOf(kept.context), { ...context }) ? kept.context : null;

const read = (body: unknown, rules: ReadRules): Reading => {
  const errors = [...memberErrors(body, members, rules.isNew ? required : [])];
  if (isJsonObject(body) && isJsonObject(body.context)) errors.push(...memberErrors(body.context, contextMembers, [], '/context'));
  if (errors.length > 0 || !isJsonObject(body)) return { ok: false, status: 422, errors };
  const tenant = readTenant(body, 'company', rules);
  if (!tenant.ok) return tenant;
  const context = body.context as Readonly<Record<string, unknown>> | undefined;
  const trigger = body.trigger as string | undefined;
  const kept: Kept = { ...rules.before?.kept, ...(trigger !== undefined && { trigger }), ...(context !== undefined && { context }) };
  return {
    ok: true,
    webhook: {
      ...renamed(body, plain),
      ...tenant.written,
      ...(trigger !== undefined && { event_types: typesOf(trigger) }),
      ...(context !== undefined && { context: askedOf(context) }),
    },
    resetCircuit: false,
    kept,
  };
};

const show = (webhook: ShownWebhook) => ({
  _id: webhook.object_id,
  company: webhook.tenant,
  isActive: webhook.is_active,
  trigger: keptTrigger(webhook) ?? (webhook.event_types.length === 0 ? '*' : webhook.event_types.join(',')),
  url: webhook.url,
  name: webhook.name,
  code: webhook.code,
  context: keptContext(webhook) ?? { survey: '', group: '', taskGroup: '', ...webhook.context },
  __v: webhook.version - 1,
  description: webhook.description,
});

export const cot: Dialect = { name: '003', read, show, placeOf: placeIn({ ...names, context: 'context' }), errorBody: pathErrors };
