// The webhooks of one tenant as a worker needs them: configuration with the environment's defaults filled in, secrets opened.
import type { HotPool } from './pools.js';
import type { SecretBox } from './secret-box.js';

export type DeliverableWebhook = {
  readonly id: string;
  readonly environmentId: string;
  readonly tenantId: string;
  readonly version: number;
  readonly url: string;
  readonly eventTypes: readonly string[];
  readonly createdAtMs: number;
  readonly disabled: boolean;
  readonly timeoutMs: number;
  readonly maxInFlight: number;
  readonly circuitThreshold: number;
  readonly retryScheduleS: readonly number[];
  /** Current secret first, then those that still sign after a rotation. */
  readonly secrets: readonly { readonly secret: string; readonly expiresAtMs: number | null }[];
};

export type TenantWebhooks = { readonly version: number; readonly webhooks: readonly DeliverableWebhook[] };

/** What a webhook's null means. */
export type DeliveryDefaults = {
  readonly timeoutMs: number;
  readonly maxInFlight: number;
  readonly circuitThreshold: number;
  readonly retryScheduleS: readonly number[];
};

type EnvironmentSettings = { timeout_ms?: number; max_in_flight?: number; circuit_threshold?: number; retry_schedule_s?: number[] };

type Row = {
  id: string;
  environment_id: string;
  tenant_id: string;
  version: number;
  url: string;
  event_types: string[];
  created_at_ms: number;
  disabled: boolean;
  timeout_ms: number | null;
  max_in_flight: number | null;
  circuit_threshold: number | null;
  retry_schedule_s: number[] | null;
  settings: EnvironmentSettings;
  secrets: { id: string; key_id: string; iv: string; ciphertext: string; expires_at_ms: number | null }[] | null;
};

const loadSql = `
select w.id, w.environment_id, w.tenant_id, w.version, w.url, w.event_types, (extract(epoch from w.created_at) * 1000)::float8 as created_at_ms,
       w.disabled_at is not null as disabled, w.timeout_ms, w.max_in_flight, w.circuit_threshold, w.retry_schedule_s, e.settings,
       (select jsonb_agg(jsonb_build_object('id', s.id, 'key_id', s.key_id, 'iv', encode(s.iv, 'base64'), 'ciphertext', encode(s.ciphertext, 'base64'),
                                            'expires_at_ms', extract(epoch from s.expires_at) * 1000)
                         order by s.expires_at desc nulls first)
          from webhook_secrets s
         where s.webhook_id = w.id and s.purpose = 'signing' and (s.expires_at is null or s.expires_at > now())) as secrets
  from webhooks w join environments e on e.id = w.environment_id
 where w.tenant_id = $1 and w.deleted_at is null
 order by w.id`;

const webhookOf = (row: Row, box: SecretBox, defaults: DeliveryDefaults): DeliverableWebhook => ({
  id: row.id,
  environmentId: row.environment_id,
  tenantId: row.tenant_id,
  version: row.version,
  url: row.url,
  eventTypes: row.event_types,
  createdAtMs: row.created_at_ms,
  disabled: row.disabled,
  timeoutMs: row.timeout_ms ?? row.settings.timeout_ms ?? defaults.timeoutMs,
  maxInFlight: row.max_in_flight ?? row.settings.max_in_flight ?? defaults.maxInFlight,
  circuitThreshold: row.circuit_threshold ?? row.settings.circuit_threshold ?? defaults.circuitThreshold,
  retryScheduleS: row.retry_schedule_s ?? row.settings.retry_schedule_s ?? defaults.retryScheduleS,
  secrets: (row.secrets ?? []).map((sealed) => ({
    secret: box.open(
      { keyId: sealed.key_id, iv: Buffer.from(sealed.iv, 'base64'), ciphertext: Buffer.from(sealed.ciphertext, 'base64') },
      { rowId: sealed.id, webhookId: row.id, purpose: 'signing' },
    ),
    expiresAtMs: sealed.expires_at_ms,
  })),
});

/**
 * Loads a tenant's webhooks. The version is read first, in its own statement: a change that commits between the two is loaded under
 * the older number and so loaded again, never missed.
 */
export const loadTenantWebhooks = async (
  pool: HotPool,
  tenantId: string,
  box: SecretBox,
  defaults: DeliveryDefaults,
): Promise<TenantWebhooks> => {
  const version = await pool.query<{ webhooks_version: number }>({
    name: 'webhooks-version',
    text: 'select webhooks_version from tenants where id = $1',
    values: [tenantId],
  });
  const result = await pool.query<Row>({ name: 'tenant-webhooks', text: loadSql, values: [tenantId] });
  return { version: version.rows[0]?.webhooks_version ?? 0, webhooks: result.rows.map((row) => webhookOf(row, box, defaults)) };
};
