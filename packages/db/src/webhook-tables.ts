// The tables of webhooks as Kysely sees them: what they are, their secrets, their history, their state.
import type { Generated } from 'kysely';
import type { GivenJson, GivenTimeOrDefault, Json, NullableJson, NullableTime, Time } from './column-types.js';

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
