// Deliveries (one event for one webhook) and attempts.
import { attemptKinds, errorKinds, reasons, shownStatuses } from '@posthorn/core';
import { Type } from 'typebox';
import { count, nullable, oneOf, time, timeOrNull, uuid } from './fields.js';

const deliveryFields = {
  id: Type.String({ description: '`<event id>.<webhook id>`' }),
  event_id: uuid(),
  webhook_id: uuid(),
  tenant: Type.String(),
  event_type: Type.String(),
  status: oneOf(shownStatuses),
  reason: nullable(oneOf(reasons), { description: 'Why it is held, failed, skipped or cancelled.' }),
  created_at: time('When the event was accepted.'),
};
const deliveryFacts = {
  next_attempt_at: timeOrNull('Null: none is planned, or one is under way.'),
  last_status_code: nullable(Type.Integer()),
  last_error_kind: nullable(oneOf(errorKinds)),
  ended_at: timeOrNull(),
};

export const deliverySchema = Type.Object(
  { ...deliveryFields, attempts: count('How many were made.'), ...deliveryFacts },
  { $id: 'Delivery', description: 'One event for one webhook.' },
);

export const deliveryBodySchema = Type.Object(
  { content_type: nullable(Type.String()), body: nullable(Type.String(), { description: 'Byte for byte. Null: its event was erased.' }) },
  { $id: 'DeliveryBody', description: 'What each attempt of a delivery sends.' },
);

const milliseconds = nullable(Type.Integer());

export const attemptSchema = Type.Object(
  {
    event_id: uuid(),
    webhook_id: uuid(),
    delivery_id: nullable(Type.String(), { description: 'Null: a test, which belongs to no delivery.' }),
    attempt: Type.Integer({ minimum: 1, description: 'The number of the attempt. A gap: a worker died before it could tell.' }),
    kind: oneOf(attemptKinds),
    webhook_version: Type.Integer(),
    started_at: time(),
    succeeded: Type.Boolean(),
    status_code: nullable(Type.Integer()),
    error_kind: nullable(oneOf(errorKinds)),
    error: nullable(Type.String()),
    duration_ms: count(),
    phases: Type.Object({ dns_ms: milliseconds, connect_ms: milliseconds, tls_ms: milliseconds, first_byte_ms: milliseconds }),
    request_headers: nullable(Type.String(), { description: 'As they were sent, secrets hidden.' }),
    response_headers: nullable(Type.String()),
    response_body: nullable(Type.String(), { description: 'What is kept of it.' }),
    response_truncated: Type.Boolean({ description: 'The body was longer than what is kept.' }),
  },
  { $id: 'Attempt', description: 'One request to an endpoint, and what came back.' },
);
