// Dialect 004: `POST /webhook` and its kin, a flat object. Its clients get a secret once, in the answer that makes the webhook, and verify
// `x-truto-signature`.
import { isJsonObject } from '@posthorn/core';
import { textOf, unreadable } from '../brought.js';
import type { Dialect, DialectProblem, FromExport, Reading, ReadRules, ShownWebhook } from '../dialect.js';
import { fieldErrors, placeIn, renamed } from '../fields.js';
import { fields } from './fields.js';
import { uuidOf } from './uuid.js';

/** What a webhook made in this dialect is, beyond what is written of it. */
const ofNewOnes = {
  payload_format: 'event_payload',
  signature_header: { name: 'x-truto-signature', value: 'format=sha256,v={base64}' },
} as const;

const read = (body: unknown, { isNew, environmentId, random }: ReadRules): Reading => {
  const errors = fieldErrors(fields, body, isNew);
  if (errors.length > 0 || !isJsonObject(body)) return { ok: false, status: 422, errors };
  if (Object.hasOwn(body, 'environment_id') && body.environment_id !== environmentId) {
    const error = { pointer: '/environment_id', code: 'not_found', message: 'there is no such environment' };
    return { ok: false, status: 404, errors: [error] };
  }
  const written = renamed(fields, body);
  if (!isNew) return { ok: true, webhook: written, resetCircuit: false, kept: undefined };
  const secret = Object.hasOwn(body, 'secret') ? body.secret : uuidOf(random);
  return { ok: true, webhook: { ...written, ...ofNewOnes, secret }, resetCircuit: false, kept: undefined };
};

const show = (webhook: ShownWebhook, secret: string | null) => ({
  id: webhook.id,
  target_url: webhook.url,
  is_active: webhook.is_active,
  environment_id: webhook.environment_id,
  event_types: webhook.event_types,
  ...(secret !== null && { secret }),
  created_at: webhook.created_at,
  updated_at: webhook.updated_at,
});

/** The environment is another system's, and its id means nothing here. */
const fromExport = (object: unknown): FromExport => {
  if (!isJsonObject(object)) return unreadable(object);
  const { environment_id: _, ...body } = object;
  return { body, objectId: null, oldId: textOf(object, 'id'), hasSecret: textOf(object, 'secret') !== null };
};

/** Clients show the text of `message`; `code` is for programs, and stable. */
const errorBody = ({ status, code, title, detail, errors }: DialectProblem) => ({
  statusCode: status,
  code,
  error: title,
  message: detail,
  errors: errors.map((each) => ({ path: each.pointer, code: each.code, message: each.message })),
});

export const flat: Dialect = { name: '004', fields, read, show, fromExport, placeOf: placeIn(fields), errorBody };
