// What the form of a webhook holds: text as it is typed, numbers, lists. Empty means: the environment's default, or none.
import type { Webhook } from '../api/queries.js';

export type Scheme = 'api_key' | 'bearer' | 'basic' | 'none';

export type WebhookValues = {
  readonly name: string;
  readonly eventTypes: readonly string[];
  readonly notificationType: 'rest';
  readonly url: string;
  /** The secret part of the authentication: header value, token or password. */
  readonly apiKey: string;
  readonly scheme: Scheme;
  readonly apiKeyHeader: string;
  readonly username: string;
  readonly tenant: string;
  readonly code: string;
  readonly description: string;
  readonly isActive: boolean;
  readonly secret: string;
  readonly payloadFormat: Webhook['payload_format'];
  readonly includeResources: readonly string[];
  readonly projectFlows: readonly string[];
  /** JSON */
  readonly context: string;
  /** JSON */
  readonly filter: string;
  /** `name: value`, one a line */
  readonly headers: string;
  readonly signatureHeaderName: string;
  readonly signatureHeaderValue: string;
  readonly timeoutMs: number | '';
  readonly maxInFlight: number | '';
  readonly rateMax: number | '';
  readonly rateSeconds: number | '';
  /** Seconds, with commas between them */
  readonly retrySchedule: string;
  readonly circuitThreshold: number | '';
  readonly circuitRecovery: '' | 'automatic' | 'manual';
  readonly email: string;
  readonly emailOnSuccess: boolean;
  readonly emailOnFail: boolean;
  readonly reference: string;
  readonly referenceOrigin: string;
  /** JSON */
  readonly metadata: string;
};

export const emptyValues: WebhookValues = {
  name: '',
  eventTypes: [],
  notificationType: 'rest',
  url: '',
  apiKey: '',
  scheme: 'api_key',
  apiKeyHeader: '',
  username: '',
  tenant: '',
  code: '',
  description: '',
  isActive: true,
  secret: '',
  payloadFormat: 'envelope',
  includeResources: [],
  projectFlows: [],
  context: '',
  filter: '',
  headers: '',
  signatureHeaderName: '',
  signatureHeaderValue: '',
  timeoutMs: '',
  maxInFlight: '',
  rateMax: '',
  rateSeconds: '',
  retrySchedule: '',
  circuitThreshold: '',
  circuitRecovery: '',
  email: '',
  emailOnSuccess: false,
  emailOnFail: true,
  reference: '',
  referenceOrigin: '',
  metadata: '',
};

const jsonOr = (value: object | null): string => (value === null || Object.keys(value).length === 0 ? '' : JSON.stringify(value, null, 2));

/** What the form shows of a webhook; secret values read as empty and stay as they are unless they are typed. */
export const valuesOf = (webhook: Webhook): WebhookValues => {
  const { authentication } = webhook;
  return {
    name: webhook.name ?? '',
    eventTypes: webhook.event_types,
    notificationType: webhook.notification_type,
    url: webhook.url,
    apiKey: '',
    scheme: authentication.type,
    apiKeyHeader: 'header' in authentication ? (authentication.header ?? '') : '',
    username: 'username' in authentication ? authentication.username : '',
    tenant: webhook.tenant,
    code: webhook.code ?? '',
    description: webhook.description ?? '',
    isActive: webhook.is_active,
    secret: '',
    payloadFormat: webhook.payload_format,
    includeResources: webhook.include_resources,
    projectFlows: webhook.project_flows,
    context: jsonOr(webhook.context),
    filter: jsonOr(webhook.filter),
    headers: Object.entries(webhook.headers)
      .map(([name, value]) => `${name}: ${value}`)
      .join('\n'),
    signatureHeaderName: webhook.signature_header?.name ?? '',
    signatureHeaderValue: webhook.signature_header?.value ?? '',
    timeoutMs: webhook.timeout_ms ?? '',
    maxInFlight: webhook.max_in_flight ?? '',
    rateMax: webhook.rate_limit?.max ?? '',
    rateSeconds: webhook.rate_limit?.per_seconds ?? '',
    retrySchedule: webhook.retry_schedule_s?.join(', ') ?? '',
    circuitThreshold: webhook.circuit_threshold ?? '',
    circuitRecovery: webhook.circuit_recovery ?? '',
    email: webhook.notification.email ?? '',
    emailOnSuccess: webhook.notification.success,
    emailOnFail: webhook.notification.fail,
    reference: webhook.reference ?? '',
    referenceOrigin: webhook.reference_origin ?? '',
    metadata: jsonOr(webhook.metadata),
  };
};
