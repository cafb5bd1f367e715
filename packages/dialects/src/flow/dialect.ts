// Dialect 000: a client's webhook for the events of its project flows, with the wish to be told by e-mail. It names no event types: it gets all of
// its flows, or of all flows if it names none.
import { isJsonObject } from '@posthorn/core';
import { fromExportWithObjectId, secretErrors, writtenSecret } from '../brought.js';
import type { Dialect, Kept, Reading, ReadRules, ShownWebhook } from '../dialect.js';
import { fieldErrors, placeIn, renamed } from '../fields.js';
import { pathErrors } from '../path-errors.js';
import { readTenant } from '../tenant.js';
import { fields } from './fields.js';

const read = (body: unknown, rules: ReadRules): Reading => {
  const errors = [...fieldErrors(fields, body, rules.isNew), ...secretErrors(body, rules.isNew)];
  if (isJsonObject(body) && isJsonObject(body.notification))
    errors.push(...fieldErrors(fields, body.notification, rules.isNew, 'notification', '/notification'));
  if (errors.length > 0 || !isJsonObject(body)) return { ok: false, status: 422, errors };
  const tenant = readTenant(body, 'client', rules);
  if (!tenant.ok) return tenant;
  const notification = body.notification as Readonly<Record<string, unknown>> | undefined;
  const hasEmail = notification !== undefined && Object.hasOwn(notification, 'email');
  const kept: Kept = { ...rules.before?.kept, ...(hasEmail && { email: notification.email }) };
  return {
    ok: true,
    webhook: {
      ...renamed(fields, body),
      ...tenant.written,
      ...(notification !== undefined && {
        notification: { ...notification, ...(hasEmail && { email: notification.email === '' ? null : notification.email }) },
      }),
      ...writtenSecret(body),
    },
    resetCircuit: false,
    kept,
  };
};

/** `{}` until there is something to count. */
const statisticsOf = (statistics: ShownWebhook['statistics']): ShownWebhook['statistics'] =>
  Object.values(statistics).every((value) => value === 0 || value === null) ? {} : statistics;

const show = (webhook: ShownWebhook, secret: string | null) => {
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
    ...(secret !== null && { secret }),
  };
};

export const flow: Dialect = {
  name: '000',
  fields,
  read,
  show,
  fromExport: fromExportWithObjectId,
  placeOf: placeIn(fields),
  errorBody: pathErrors,
};
