// Dialect 000: a client's webhook for the events of its project flows, with the wish to be told by e-mail. It names no event types: it gets all of
// its flows, or of all flows if it names none.
import { isJsonObject } from '@posthorn/core';
import type { Dialect, Kept, Reading, ReadRules, ShownWebhook } from '../dialect.js';
import { aBoolean, aNonEmptyText, anObject, aText, ignored, memberErrors, orNull, placeIn, renamed, texts } from '../members.js';
import { pathErrors } from '../path-errors.js';
import { readTenant } from '../tenant.js';

const names = {
  client: 'tenant',
  projectFlow: 'project_flows',
  isActive: 'is_active',
  name: 'name',
  url: 'url',
  description: 'description',
  notification: 'notification',
} as const;
const { client: _, notification: _notification, ...plain } = names;

const members = {
  client: aNonEmptyText,
  projectFlow: texts,
  statistics: ignored,
  isActive: aBoolean,
  name: aNonEmptyText,
  url: aNonEmptyText,
  description: orNull(aText),
  notification: anObject,
  _id: ignored,
  __v: ignored,
};
const required = ['isActive', 'name', 'url'] as const;
const notificationMembers = { email: orNull(aText), success: aBoolean, fail: aBoolean };

const read = (body: unknown, rules: ReadRules): Reading => {
  const errors = [...memberErrors(body, members, rules.isNew ? required : [])];
  if (isJsonObject(body) && isJsonObject(body.notification))
    errors.push(...memberErrors(body.notification, notificationMembers, [], '/notification'));
  if (errors.length > 0 || !isJsonObject(body)) return { ok: false, status: 422, errors };
  const tenant = readTenant(body, 'client', rules);
  if (!tenant.ok) return tenant;
  const notification = body.notification as Readonly<Record<string, unknown>> | undefined;
  const hasEmail = notification !== undefined && Object.hasOwn(notification, 'email');
  const kept: Kept = { ...rules.before?.kept, ...(hasEmail && { email: notification.email }) };
  return {
    ok: true,
    webhook: {
      ...renamed(body, plain),
      ...tenant.written,
      ...(notification !== undefined && {
        notification: { ...notification, ...(hasEmail && { email: notification.email === '' ? null : notification.email }) },
      }),
    },
    resetCircuit: false,
    kept,
  };
};

/** `{}` until there is something to count. */
const statisticsOf = (statistics: ShownWebhook['statistics']): ShownWebhook['statistics'] =>
  Object.values(statistics).every((value) => value === 0 || value === null) ? {} : statistics;

const show = (webhook: ShownWebhook) => {
  const { email, success, fail } = webhook.notification;
  return {
    _id: webhook.object_id,
    client: webhook.tenant,
    projectFlow: webhook.project_flows,
    statistics: statisticsOf(webhook.statistics),
    isActive: webhook.is_active,
    name: webhook.name,
    url: webhook.url,
    description: webhook.description,
    notification: { email: email ?? (webhook.kept?.email === '' ? '' : null), success, fail },
    __v: webhook.version - 1,
  };
};

export const flow: Dialect = { name: '000', read, show, placeOf: placeIn(names), errorBody: pathErrors };
