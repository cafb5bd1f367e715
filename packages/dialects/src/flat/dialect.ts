// Dialect 004: `POST /webhook` and its kin, a flat object. Its clients get a secret once, in the answer that makes the webhook, and verify
// `x-truto-signature`.
import { isJsonObject } from '@posthorn/core';
import type { Dialect, DialectProblem, Reading, ReadRules, ShownWebhook } from '../dialect.js';
import { aBoolean, aText, ignored, memberErrors, placeIn, renamed, texts } from '../members.js';
import { uuidOf } from './uuid.js';

const names = { target_url: 'url', is_active: 'is_active', event_types: 'event_types' } as const;

const members = {
  target_url: aText,
  is_active: aBoolean,
  event_types: texts,
  environment_id: aText,
  secret: aText,
  id: ignored,
  created_at: ignored,
  updated_at: ignored,
};

/** What a webhook made in this dialect is, beyond what is written of it. */
const ofNewOnes = {
  payload_format: 'event_payload',
  signature_header: { name: 'x-truto-signature', value: 'format=sha256,v={base64}' },
} as const;

const read = (body: unknown, { isNew, environmentId, random }: ReadRules): Reading => {
  const errors = memberErrors(body, members, isNew ? ['target_url'] : []);
  if (errors.length > 0 || !isJsonObject(body)) return { ok: false, status: 422, errors };
  if (Object.hasOwn(body, 'environment_id') && body.environment_id !== environmentId) {
    const error = { pointer: '/environment_id', code: 'not_found', message: 'there is no such environment' };
    return { ok: false, status: 404, errors: [error] };
  }
  const written = renamed(body, names);
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

/** Clients show the text of `message`. */
const errorBody = ({ status, title, detail, errors }: DialectProblem) => ({
  statusCode: status,
  error: title,
  message: detail,
  errors: errors.map(({ pointer, message }) => ({ path: pointer, message })),
});

export const flat: Dialect = { name: '004', read, show, placeOf: placeIn(names), errorBody };
