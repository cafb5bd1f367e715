// The tables as Kysely sees them: those that are read and written outside the hot path. migrations/ is the truth; a test compares.
import type { ColumnType, Generated } from 'kysely';

type Time = ColumnType<Date, Date | string | undefined, Date | string>;
type GivenTime = ColumnType<Date, Date | string, Date | string>;
/** Times that can be infinite are read in SQL, never as a Date. */
type GivenTimeOrDefault = Generated<string>;
type NullableTime = ColumnType<Date | null, Date | string | null | undefined, Date | string | null>;
type Json<T> = ColumnType<T, string | undefined, string>;
type GivenJson<T> = ColumnType<T, string, string>;
type NullableJson<T> = ColumnType<T | null, string | null | undefined, string | null>;

export type EnvironmentsTable = {
  id: string;
  name: string;
  mode: 'live' | 'test';
  settings: Json<Record<string, unknown>>;
  created_at: Time;
  updated_at: Time;
};

export type TenantsTable = {
  id: string;
  environment_id: string;
  key: string;
  name: string | null;
  email: string | null;
  metadata: Json<Record<string, unknown>>;
  webhooks_version: Generated<number>;
  created_at: Time;
  updated_at: Time;
  erasing_at: NullableTime;
  erased_at: NullableTime;
};

export type TenantErasuresTable = {
  tenant_id: string;
  environment_id: string;
  actor_key_id: string;
  actor: string;
  begun_at: Time;
  due_at: Time;
  walk_at: NullableTime;
  position: string;
};

export type Role = 'admin' | 'operator' | 'publisher' | 'viewer' | 'channel';

export type ApiKeysTable = {
  id: string;
  environment_id: string;
  tenant_id: string | null;
  name: string | null;
  role: Role;
  public_id: string;
  key_hash: Buffer;
  last_four: string;
  created_at: Time;
  expires_at: NullableTime;
  revoked_at: NullableTime;
  last_used_at: NullableTime;
  created_by_key_id: string | null;
};

export type EventTypesTable = {
  environment_id: string;
  name: string;
  description: string | null;
  schema: string | null;
  example: string | null;
  created_at: Time;
  updated_at: Time;
};

export type WebhooksTable = {
  id: string;
  environment_id: string;
  tenant_id: string;
  object_id: string | null;
  name: string | null;
  code: string | null;
  description: string | null;
  url: string;
  event_types: Generated<string[]>;
  context: Json<Record<string, unknown>>;
  project_flows: Generated<string[]>;
  filter: NullableJson<Record<string, unknown>>;
  include_resources: Generated<string[]>;
  notification_type: Generated<string>;
  payload_format: Generated<string>;
  authentication: Json<Record<string, unknown>>;
  header_names: Generated<string[]>;
  signature_header: NullableJson<Record<string, unknown>>;
  circuit_threshold: number | null;
  circuit_recovery: string | null;
  retry_schedule_s: number[] | null;
  rate_limit: NullableJson<Record<string, unknown>>;
  max_in_flight: number | null;
  timeout_ms: number | null;
  notification_email: string | null;
  notification_success: Generated<boolean>;
  notification_fail: Generated<boolean>;
  reference: string | null;
  reference_origin: string | null;
  metadata: Json<Record<string, unknown>>;
  dialect: NullableJson<Record<string, Record<string, unknown>>>;
  version: Generated<number>;
  created_at: Time;
  updated_at: Time;
  deleted_at: NullableTime;
};

export type WebhookSecretsTable = {
  id: string;
  environment_id: string;
  tenant_id: string;
  webhook_id: string;
  purpose: 'signing' | 'authentication' | 'headers';
  key_id: string;
  iv: Buffer;
  ciphertext: Buffer;
  created_at: Time;
  expires_at: NullableTime;
};

export type WebhookVersionsTable = {
  environment_id: string;
  tenant_id: string;
  webhook_id: string;
  version: number;
  snapshot: GivenJson<Record<string, unknown>>;
  changes: GivenJson<Record<string, unknown>>;
  changed_by_key_id: string | null;
  changed_by: string;
  changed_at: Time;
};

export type WebhookStateTable = {
  webhook_id: string;
  environment_id: string;
  tenant_id: string;
  circuit: Generated<number>;
  circuit_failure_count: Generated<number>;
  circuit_epoch: Generated<number>;
  circuit_opened_at: NullableTime;
  circuit_retry_at: NullableTime;
  failing_since: NullableTime;
  failing_told_at: NullableTime;
  paused_at: NullableTime;
  disabled_at: NullableTime;
  disabled_reason: string | null;
  deleted_at: NullableTime;
  manual: Generated<boolean>;
  due_at: GivenTimeOrDefault;
  not_before: GivenTimeOrDefault;
  hold_until: GivenTimeOrDefault;
  chunk_lease_s: Generated<number>;
  rate_max: number | null;
  rate_per_s: number | null;
};

export type WebhookTimelineTable = {
  environment_id: string;
  tenant_id: string;
  webhook_id: string;
  at: Time;
  sequence: Generated<number>;
  kind: string;
  circuit_failure_count: number | null;
  details: Json<Record<string, unknown>>;
};

export type ReplaysTable = {
  id: string;
  environment_id: string;
  tenant_id: string | null;
  filter: GivenJson<Record<string, unknown>>;
  mode: 'original' | 'current';
  status: 'running' | 'done' | 'cancelled';
  position: NullableJson<unknown>;
  total: number | null;
  opened: Generated<number>;
  already_waiting: Generated<number>;
  refused: Generated<number>;
  recovers_webhook_id: string | null;
  created_by_key_id: string | null;
  created_at: Time;
  ended_at: NullableTime;
};

export type EventsTable = {
  id: string;
  environment_id: string;
  tenant_id: string;
  event_type: string;
  source_id: string | null;
  event_time: GivenTime;
  project_flows: string[] | null;
  data: string;
  current_context: string | null;
  resources: string | null;
  dispatch_id: string;
  accepted_at: Time;
  erased_at: NullableTime;
  traceparent: string | null;
};

export type DeliveriesTable = {
  environment_id: string;
  tenant_id: string;
  event_id: string;
  webhook_id: string;
  status: number;
  reason: number | null;
  attempt: Generated<number>;
  failures: Generated<number>;
  out: Generated<boolean>;
  due_at: NullableTime;
  last_status_code: number | null;
  last_error_kind: number | null;
  ended_at: NullableTime;
};

export type AttemptsTable = {
  environment_id: string;
  tenant_id: string;
  event_id: string;
  webhook_id: string;
  n: number;
  kind: number;
  webhook_version: number;
  started_at: GivenTime;
  ok: boolean;
  status_code: number | null;
  error_kind: number | null;
  error: string | null;
  duration_ms: number;
  dns_ms: number | null;
  connect_ms: number | null;
  tls_ms: number | null;
  first_byte_ms: number | null;
  request_headers: string | null;
  response_headers: string | null;
  response_body: Buffer | null;
  response_truncated: Generated<boolean>;
};

/** The kinds of our own events of which somebody is told, and the digest. */
export type NotificationKind =
  | 'webhook_failing'
  | 'webhook_recovered'
  | 'circuit_opened'
  | 'webhook_disabled'
  | 'delivery_failed'
  | 'deliveries_expiring'
  | 'deliveries_expired'
  | 'deliveries_succeeded';

export type NotificationsTable = {
  id: string;
  environment_id: string;
  tenant_id: string;
  webhook_id: string;
  kind: NotificationKind;
  count: number;
  first_at: GivenTime;
  last_at: GivenTime;
  details: GivenJson<Record<string, unknown>>;
  due_at: GivenTimeOrDefault;
  closed_at: NullableTime;
  outcome: 'mailed' | 'nobody' | 'switched_off' | 'no_mail_server' | null;
  mail_id: string | null;
};

export type MailsTable = {
  id: string;
  environment_id: string;
  address: string;
  kind: 'trouble' | 'digest';
  subject: string;
  text_body: string;
  html_body: string;
  headers: GivenJson<Record<string, string>>;
  status: Generated<'waiting' | 'sent' | 'failed'>;
  tries: Generated<number>;
  due_at: GivenTimeOrDefault;
  lease_until: NullableTime;
  error: string | null;
  created_at: Time;
  ended_at: NullableTime;
};

export type AuditLogTable = {
  id: string;
  environment_id: string;
  tenant_id: string | null;
  at: Time;
  actor_key_id: string | null;
  actor: string;
  action: string;
  subject_kind: string;
  subject_id: string | null;
  details: Json<Record<string, unknown>>;
};

export type DispatchesTable = { id: string; event_ids: string[]; claim: Generated<number>; lease_until: GivenTime };

export type Tables = {
  environments: EnvironmentsTable;
  tenants: TenantsTable;
  tenant_erasures: TenantErasuresTable;
  api_keys: ApiKeysTable;
  event_types: EventTypesTable;
  webhooks: WebhooksTable;
  webhook_secrets: WebhookSecretsTable;
  webhook_versions: WebhookVersionsTable;
  webhook_state: WebhookStateTable;
  webhook_timeline: WebhookTimelineTable;
  events: EventsTable;
  deliveries: DeliveriesTable;
  attempts: AttemptsTable;
  dispatches: DispatchesTable;
  replays: ReplaysTable;
  notifications: NotificationsTable;
  mails: MailsTable;
  audit_log: AuditLogTable;
};
