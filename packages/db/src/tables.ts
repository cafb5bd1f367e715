// The tables as Kysely sees them: those that are read and written outside the hot path. migrations/ is the truth; a test compares.
import type { Generated } from 'kysely';
import type { GivenJson, GivenTime, GivenTimeOrDefault, Json, NullableJson, NullableTime, Time } from './column-types.js';
import type {
  WebhookSecretsTable,
  WebhookStateTable,
  WebhooksTable,
  WebhookTimelineTable,
  WebhookVersionsTable,
} from './webhook-tables.js';

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
