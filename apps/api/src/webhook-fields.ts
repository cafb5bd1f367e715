// What people write of a webhook, all of it, secret values in place: as a new one begins, as rows have it, and what a change makes of it.
import { isDeepStrictEqual } from 'node:util';
import {
  type Authentication,
  hideAuthentication,
  hideHeaders,
  type OwnHeaders,
  type PayloadFormat,
  type SignatureHeader,
} from '@posthorn/core';
import type { ConfiguredWebhook, WebhookConfiguration } from '@posthorn/db';

export type CircuitRecovery = 'automatic' | 'manual';
export type RateLimit = { readonly max: number; readonly per_seconds: number };
export type Notification = { readonly email: string | null; readonly success: boolean; readonly fail: boolean };

export type WebhookFields = {
  readonly name: string | null;
  readonly code: string | null;
  readonly description: string | null;
  readonly url: string;
  readonly event_types: readonly string[];
  readonly context: Readonly<Record<string, unknown>>;
  readonly project_flows: readonly string[];
  readonly filter: Readonly<Record<string, unknown>> | null;
  readonly include_resources: readonly string[];
  readonly notification_type: string;
  readonly payload_format: PayloadFormat;
  readonly authentication: Authentication;
  readonly headers: OwnHeaders;
  readonly signature_header: SignatureHeader | null;
  readonly circuit_threshold: number | null;
  readonly circuit_recovery: CircuitRecovery | null;
  readonly retry_schedule_s: readonly number[] | null;
  readonly rate_limit: RateLimit | null;
  readonly max_in_flight: number | null;
  readonly timeout_ms: number | null;
  readonly notification: Notification;
  readonly reference: string | null;
  readonly reference_origin: string | null;
  readonly metadata: Readonly<Record<string, unknown>>;
};

export const defaultNotification: Notification = { email: null, success: false, fail: true };

/** A webhook of which nothing was written yet. */
export const newFields: WebhookFields = {
  name: null,
  code: null,
  description: null,
  url: '',
  event_types: [],
  context: {},
  project_flows: [],
  filter: null,
  include_resources: [],
  notification_type: 'rest',
  payload_format: 'envelope',
  authentication: { type: 'none' },
  headers: {},
  signature_header: null,
  circuit_threshold: null,
  circuit_recovery: null,
  retry_schedule_s: null,
  rate_limit: null,
  max_in_flight: null,
  timeout_ms: null,
  notification: defaultNotification,
  reference: null,
  reference_origin: null,
  metadata: {},
};

/** A stored webhook's. What the columns hold was checked when it was written. */
export const fieldsOf = ({ row, authentication, headers }: ConfiguredWebhook): WebhookFields => ({
  name: row.name,
  code: row.code,
  description: row.description,
  url: row.url,
  event_types: row.event_types,
  context: row.context,
  project_flows: row.project_flows,
  filter: row.filter,
  include_resources: row.include_resources,
  notification_type: row.notification_type,
  payload_format: row.payload_format as PayloadFormat,
  authentication: authentication as Authentication,
  headers,
  signature_header: row.signature_header as SignatureHeader | null,
  circuit_threshold: row.circuit_threshold,
  circuit_recovery: row.circuit_recovery as CircuitRecovery | null,
  retry_schedule_s: row.retry_schedule_s,
  rate_limit: row.rate_limit as RateLimit | null,
  max_in_flight: row.max_in_flight,
  timeout_ms: row.timeout_ms,
  notification: { email: row.notification_email, success: row.notification_success, fail: row.notification_fail },
  reference: row.reference,
  reference_origin: row.reference_origin,
  metadata: row.metadata,
});

/** The columns, without secret values. */
export const configurationOf = ({ notification, headers, ...fields }: WebhookFields): WebhookConfiguration => ({
  ...fields,
  event_types: [...fields.event_types],
  project_flows: [...fields.project_flows],
  include_resources: [...fields.include_resources],
  retry_schedule_s: fields.retry_schedule_s === null ? null : [...fields.retry_schedule_s],
  authentication: hideAuthentication(fields.authentication),
  header_names: Object.keys(headers),
  notification_email: notification.email,
  notification_success: notification.success,
  notification_fail: notification.fail,
});

export type FieldChanges = Readonly<Record<string, { readonly from: unknown; readonly to: unknown }>>;

/** What is different, field by field; a secret value that changed shows as hidden on both sides. */
export const changesBetween = (before: WebhookFields, after: WebhookFields): FieldChanges => {
  const names = Object.keys(after) as (keyof WebhookFields)[];
  const shown = (fields: WebhookFields) => ({
    ...fields,
    authentication: hideAuthentication(fields.authentication),
    headers: hideHeaders(fields.headers),
  });
  const [from, to] = [shown(before), shown(after)];
  return Object.fromEntries(
    names.filter((name) => !isDeepStrictEqual(before[name], after[name])).map((name) => [name, { from: from[name], to: to[name] }]),
  );
};
