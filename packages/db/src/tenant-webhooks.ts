// The webhooks of one tenant as a worker needs them: configuration with the environment's defaults filled in, secrets to be opened.
import { type Authentication, type OwnHeaders, type PayloadFormat, prepareSender, type Sender, type SignatureHeader } from '@posthorn/core';
import type { HotPool } from './pools.js';
import type { SecretBox, SecretPurpose } from './secret-box.js';

export type DeliverableWebhook = {
  readonly id: string;
  readonly environmentId: string;
  readonly tenantId: string;
  readonly version: number;
  readonly url: string;
  readonly eventTypes: readonly string[];
  readonly projectFlows: readonly string[];
  readonly context: Readonly<Record<string, unknown>>;
  /** Null: none. */
  readonly filter: unknown;
  readonly createdAtMs: number;
  readonly timeoutMs: number;
  readonly maxInFlight: number;
  /** Its deliveries are dealt out by the scheduler alone. */
  readonly rateLimited: boolean;
  readonly circuitThreshold: number;
  readonly retryScheduleS: readonly number[];
  /**
   * What its requests are made of. Its secrets are opened when it is first asked for: most webhooks of a tenant are not called for long.
   * Throws what the secret box throws.
   */
  readonly sender: () => Sender;
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
  project_flows: string[];
  context: Record<string, unknown>;
  filter: unknown;
  include_resources: string[];
  payload_format: PayloadFormat;
  signature_header: SignatureHeader | null;
  created_at_ms: number;
  timeout_ms: number | null;
  max_in_flight: number | null;
  rate_limited: boolean;
  circuit_threshold: number | null;
  retry_schedule_s: number[] | null;
  /** Of the first row alone: all have the same. */
  settings: EnvironmentSettings | null;
  /** JSON of SealedRow[]; kept as text, which takes a third of the room. */
  secrets: string | null;
};

type SealedRow = { id: string; purpose: SecretPurpose; key_id: string; iv: string; ciphertext: string; expires_at_ms: number | null };

const selectSql = `
select w.id, w.environment_id, w.tenant_id, w.version, w.url, w.event_types, w.project_flows, w.context, w.filter, w.include_resources,
       w.payload_format, w.signature_header, (extract(epoch from w.created_at) * 1000)::float8 as created_at_ms,
       w.timeout_ms, w.max_in_flight, w.rate_limit is not null as rate_limited, w.circuit_threshold, w.retry_schedule_s, case when row_number() over (order by w.id) = 1 then e.settings end as settings,
       (select jsonb_agg(jsonb_build_object('id', s.id, 'purpose', s.purpose, 'key_id', s.key_id, 'iv', encode(s.iv, 'base64'),
                                            'ciphertext', encode(s.ciphertext, 'base64'), 'expires_at_ms', extract(epoch from s.expires_at) * 1000)
                         order by s.expires_at desc nulls first)
          from webhook_secrets s
         where s.webhook_id = w.id and (s.expires_at is null or s.expires_at > now()))::text as secrets
  from webhooks w join environments e on e.id = w.environment_id
 where w.deleted_at is null and `;

/** `secrets`: JSON of SealedRow[]. */
const senderOf = (
  row: Pick<Row, 'id' | 'payload_format' | 'include_resources' | 'signature_header' | 'secrets'>,
  box: SecretBox,
): Sender => {
  const sealed = JSON.parse(row.secrets ?? '[]') as SealedRow[];
  const open = (each: SealedRow): string =>
    box.open(
      { keyId: each.key_id, iv: Buffer.from(each.iv, 'base64'), ciphertext: Buffer.from(each.ciphertext, 'base64') },
      { rowId: each.id, webhookId: row.id, purpose: each.purpose },
    );
  /** Of these there is one, as JSON. */
  const openJson = (purpose: SecretPurpose): unknown => {
    const found = sealed.find((each) => each.purpose === purpose);
    return found === undefined ? undefined : JSON.parse(open(found));
  };
  return prepareSender({
    id: row.id,
    payloadFormat: row.payload_format,
    includeResources: row.include_resources,
    signatureHeader: row.signature_header,
    authentication: (openJson('authentication') as Authentication | undefined) ?? { type: 'none' },
    headers: (openJson('headers') as OwnHeaders | undefined) ?? {},
    secrets: sealed.filter((each) => each.purpose === 'signing').map((each) => ({ secret: open(each), expiresAtMs: each.expires_at_ms })),
  });
};

// What most webhooks have in common is one object for all of them.
const noNames: readonly string[] = Object.freeze([]);
const noContext: Readonly<Record<string, unknown>> = Object.freeze({});
const orNone = (names: readonly string[]): readonly string[] => (names.length === 0 ? noNames : names);

/** `first`: a row of the same tenant, whose ids and settings are taken for all. */
const webhookOf = (row: Row, first: Row, box: SecretBox, defaults: DeliveryDefaults): DeliverableWebhook => {
  // Not the row: a closure keeps all that it names.
  const { id, payload_format, include_resources, signature_header, secrets } = row;
  const settings = first.settings ?? {};
  let sender: Sender | undefined;
  return {
    id,
    environmentId: first.environment_id,
    tenantId: first.tenant_id,
    version: row.version,
    url: row.url,
    eventTypes: orNone(row.event_types),
    projectFlows: orNone(row.project_flows),
    context: Object.keys(row.context).length === 0 ? noContext : row.context,
    filter: row.filter,
    createdAtMs: row.created_at_ms,
    timeoutMs: row.timeout_ms ?? settings.timeout_ms ?? defaults.timeoutMs,
    maxInFlight: row.max_in_flight ?? settings.max_in_flight ?? defaults.maxInFlight,
    rateLimited: row.rate_limited,
    circuitThreshold: row.circuit_threshold ?? settings.circuit_threshold ?? defaults.circuitThreshold,
    retryScheduleS: row.retry_schedule_s ?? settings.retry_schedule_s ?? defaults.retryScheduleS,
    sender: () => {
      sender ??= senderOf({ id, payload_format, include_resources, signature_header, secrets }, box);
      return sender;
    },
  };
};

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
  const result = await pool.query<Row>({
    name: 'tenant-webhooks',
    text: `${selectSql} w.tenant_id = $1 order by w.id`,
    values: [tenantId],
  });
  return {
    version: version.rows[0]?.webhooks_version ?? 0,
    webhooks: result.rows.map((row) => webhookOf(row, result.rows[0] ?? row, box, defaults)),
  };
};

/** One webhook as a worker would have it, or undefined. */
export const loadWebhook = async (
  pool: HotPool,
  webhookId: string,
  box: SecretBox,
  defaults: DeliveryDefaults,
): Promise<DeliverableWebhook | undefined> => {
  const result = await pool.query<Row>({ name: 'one-webhook', text: `${selectSql} w.id = $1`, values: [webhookId] });
  const row = result.rows[0];
  return row === undefined ? undefined : webhookOf(row, row, box, defaults);
};
