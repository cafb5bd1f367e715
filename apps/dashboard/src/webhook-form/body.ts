// From the form to the body of a request, and from the API's errors back to the fields.
import type { FieldError } from '../api/problem.js';
import type { WebhookValues } from './values.js';

type Field = keyof WebhookValues;
export type FieldErrors = Partial<Record<Field, string>>;
type Body = Readonly<Record<string, unknown>>;

const textOrNull = (text: string): string | null => (text.trim() === '' ? null : text.trim());
const numberOrNull = (value: number | ''): number | null => (value === '' ? null : value);

const objectOf = (text: string): Record<string, unknown> | null => {
  if (text.trim() === '') return null;
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('not an object');
  return value as Record<string, unknown>;
};

const headersOf = (text: string): Record<string, string> =>
  Object.fromEntries(
    text
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map((line) => {
        const at = line.indexOf(':');
        if (at < 1) throw new Error('no colon');
        return [line.slice(0, at).trim(), line.slice(at + 1).trim()];
      }),
  );

const scheduleOf = (text: string): number[] | null =>
  text.trim() === ''
    ? null
    : text
        .split(/[\s,]+/)
        .filter(Boolean)
        .map(Number);

/** A value that is typed replaces the one that is there; without one, what is there stays. */
const authenticationOf = ({ scheme, apiKey, apiKeyHeader, username }: WebhookValues, isNew: boolean): Body => {
  const secret = apiKey === '' ? '<hidden>' : apiKey;
  if (scheme === 'none' || (isNew && apiKey === '')) return { type: 'none' };
  if (scheme === 'bearer') return { type: 'bearer', token: secret };
  if (scheme === 'basic') return { type: 'basic', username, password: secret };
  return { type: 'api_key', ...(apiKeyHeader.trim() !== '' && { header: apiKeyHeader.trim() }), value: secret };
};

const signatureHeaderOf = ({ signatureHeaderName: name, signatureHeaderValue: value }: WebhookValues): Body | null =>
  name.trim() === '' && value.trim() === '' ? null : { name: name.trim(), value: value.trim() };

const fits = (read: () => unknown): boolean => {
  try {
    read();
    return true;
  } catch {
    return false;
  }
};

/** What can be seen to be wrong without asking the API. */
export const errorsOf = (values: WebhookValues): FieldErrors => {
  const notJson = 'This must be a JSON object, such as {"a": 1}';
  const errors: FieldErrors = {};
  if (values.url.trim() === '') errors.url = 'A webhook needs a URL';
  for (const name of ['context', 'filter', 'metadata'] as const) if (!fits(() => objectOf(values[name]))) errors[name] = notJson;
  if (!fits(() => headersOf(values.headers))) errors.headers = 'Each line must be a name, a colon and a value';
  if (scheduleOf(values.retrySchedule)?.some((each) => !Number.isInteger(each)))
    errors.retrySchedule = 'Whole seconds with commas between them, such as 5, 60, 600';
  if ((values.rateMax === '') !== (values.rateSeconds === '')) errors.rateMax = 'Give both, or neither';
  return errors;
};

/** All fields as the API has them. @param isNew else the values that are hidden stay as they are */
const wholeBody = (values: WebhookValues, isNew: boolean): Body => ({
  name: textOrNull(values.name),
  event_types: values.eventTypes,
  notification_type: values.notificationType,
  url: values.url.trim(),
  authentication: authenticationOf(values, isNew),
  code: textOrNull(values.code),
  description: textOrNull(values.description),
  payload_format: values.payloadFormat,
  include_resources: values.includeResources,
  project_flows: values.projectFlows,
  context: objectOf(values.context) ?? {},
  filter: objectOf(values.filter),
  headers: headersOf(values.headers),
  signature_header: signatureHeaderOf(values),
  timeout_ms: numberOrNull(values.timeoutMs),
  max_in_flight: numberOrNull(values.maxInFlight),
  rate_limit: values.rateMax === '' ? null : { max: values.rateMax, per_seconds: values.rateSeconds },
  retry_schedule_s: scheduleOf(values.retrySchedule),
  circuit_threshold: numberOrNull(values.circuitThreshold),
  circuit_recovery: values.circuitRecovery === '' ? null : values.circuitRecovery,
  notification: { email: textOrNull(values.email), success: values.emailOnSuccess, fail: values.emailOnFail },
  reference: textOrNull(values.reference),
  reference_origin: textOrNull(values.referenceOrigin),
  metadata: objectOf(values.metadata) ?? {},
});

const isSame = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

/** Members that are gone are to be named with null; see PATCH in the API's reference. */
const merged = (before: unknown, after: unknown): Body => ({
  ...Object.fromEntries(Object.keys(before as object).map((name) => [name, null])),
  ...(after as object),
});

/** The body of POST /v1/webhooks: what differs from an empty form, so that defaults stay the API's. */
export const newBody = (values: WebhookValues, empty: WebhookValues): Body => {
  const [all, nothing] = [wholeBody(values, true), wholeBody(empty, true)];
  return {
    ...Object.fromEntries(Object.entries(all).filter(([name, value]) => name === 'url' || !isSame(value, nothing[name]))),
    ...(values.tenant.trim() !== '' && { tenant: values.tenant.trim() }),
    ...(values.secret.trim() !== '' && { secret: values.secret.trim() }),
    ...(!values.isActive && { is_active: false }),
  };
};

/** The body of PATCH /v1/webhooks/{id}: what was changed; empty: nothing was. */
export const changedBody = (values: WebhookValues, before: WebhookValues): Body => {
  const [after, was] = [wholeBody(values, false), wholeBody(before, false)];
  const changed = Object.entries(after).filter(([name, value]) => !isSame(value, was[name]));
  return Object.fromEntries(
    changed.map(([name, value]) => [name, name === 'headers' || name === 'metadata' ? merged(was[name], value) : value]),
  );
};

const fieldsByName: Readonly<Record<string, Field>> = {
  event_types: 'eventTypes',
  notification_type: 'notificationType',
  payload_format: 'payloadFormat',
  include_resources: 'includeResources',
  project_flows: 'projectFlows',
  signature_header: 'signatureHeaderName',
  timeout_ms: 'timeoutMs',
  max_in_flight: 'maxInFlight',
  rate_limit: 'rateMax',
  retry_schedule_s: 'retrySchedule',
  circuit_threshold: 'circuitThreshold',
  circuit_recovery: 'circuitRecovery',
  reference_origin: 'referenceOrigin',
  authentication: 'apiKey',
  notification: 'email',
  is_active: 'isActive',
};
const fieldsByPointer: Readonly<Record<string, Field>> = {
  '/authentication/header': 'apiKeyHeader',
  '/authentication/username': 'username',
  '/signature_header/value': 'signatureHeaderValue',
};

/** The API's errors at the fields that they are about; those of no field are left out. */
export const fieldErrorsOf = (errors: readonly FieldError[], values: WebhookValues): FieldErrors =>
  Object.fromEntries(
    errors.flatMap(({ pointer, message }) => {
      const name = pointer.split('/')[1] ?? '';
      const field = fieldsByPointer[pointer] ?? fieldsByName[name] ?? name;
      return field in values ? [[field, message.replace(`${pointer} `, '')]] : [];
    }),
  );
