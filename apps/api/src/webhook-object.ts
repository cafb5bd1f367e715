// The webhook as people see it (api.md §4), made of its rows.
import { circuitStateOfCode, formatRfc3339, noSuccessS } from '@posthorn/core';
import type { KeyOwner, WebhookRow, WebhookStatistics } from '@posthorn/db';
import { notifiedOf, type Telling } from './notified.js';

const time = (at: Date): string => formatRfc3339(at.getTime());
const timeOrNull = (at: Date | null): string | null => (at === null ? null : time(at));

const nobodyYet = {
  succeeded: 0,
  failed: 0,
  waiting: 0,
  skipped: 0,
  cancelled: 0,
  attempts: 0,
  last_attempt_at: null,
  last_success_at: null,
};

const statisticsObject = (statistics: WebhookStatistics | undefined, gated: boolean) => {
  const { waiting, last_attempt_at, last_success_at, succeeded, failed, skipped, cancelled, attempts } = statistics ?? nobodyYet;
  return {
    succeeded,
    failed,
    pending: gated ? 0 : waiting,
    held: gated ? waiting : 0,
    skipped,
    cancelled,
    attempts,
    last_attempt_at: timeOrNull(last_attempt_at),
    last_success_at: timeOrNull(last_success_at),
  };
};

const statusOf = (row: WebhookRow): 'active' | 'paused' | 'disabled' =>
  row.disabled_at !== null ? 'disabled' : row.paused_at !== null ? 'paused' : 'active';

/** A webhook without its secrets. */
export const webhookObject = (row: WebhookRow, mode: 'live' | 'test', statistics: WebhookStatistics | undefined) => ({
  id: row.id,
  object_id: row.object_id,
  environment_id: row.environment_id,
  mode,
  tenant: row.tenant_key,
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
  payload_format: row.payload_format,
  authentication: row.authentication,
  headers: Object.fromEntries(row.header_names.map((name) => [name, '<hidden>'])),
  signature_header: row.signature_header,
  status: statusOf(row),
  is_active: row.disabled_at === null,
  disabled_at: timeOrNull(row.disabled_at),
  disabled_reason: row.disabled_reason,
  paused_at: timeOrNull(row.paused_at),
  circuit_state: circuitStateOfCode(row.circuit),
  circuit_failure_count: row.circuit_failure_count,
  circuit_opened_at: timeOrNull(row.circuit_opened_at),
  circuit_retry_at: timeOrNull(row.circuit_retry_at),
  disables_at: row.failing_since === null ? null : formatRfc3339(row.failing_since.getTime() + noSuccessS * 1_000),
  circuit_threshold: row.circuit_threshold,
  circuit_recovery: row.circuit_recovery,
  retry_schedule_s: row.retry_schedule_s,
  rate_limit: row.rate_limit,
  max_in_flight: row.max_in_flight,
  timeout_ms: row.timeout_ms,
  notification: { email: row.notification_email, success: row.notification_success, fail: row.notification_fail },
  statistics: statisticsObject(statistics, row.circuit !== 0 || row.paused_at !== null),
  reference: row.reference,
  reference_origin: row.reference_origin,
  metadata: row.metadata,
  version: row.version,
  created_at: time(row.created_at),
  updated_at: time(row.updated_at),
});

/** The same as our own routes show it: with who is told of it now. */
export const ownWebhookObject = (
  row: WebhookRow,
  owner: Pick<KeyOwner, 'mode' | 'tenant'>,
  telling: Telling,
  statistics: WebhookStatistics | undefined,
) => ({ ...webhookObject(row, owner.mode, statistics), notified: notifiedOf(row, telling, owner) });
