// The settings of an environment as the form has them, and back. Empty is the default.
import type { Environment } from '../../api/admin-queries.js';
import { isSameJson } from '../../shared/json-text.js';

export type EnvironmentValues = {
  readonly name: string;
  readonly event_schemas: 'off' | 'warn' | 'reject';
  readonly timeout_ms: number | string;
  readonly max_in_flight: number | string;
  readonly retry_schedule_s: string;
  readonly circuit_threshold: number | string;
  readonly circuit_recovery: 'automatic' | 'manual' | '';
  readonly allow_http: boolean;
};

export const valuesOf = ({ name, settings }: Environment): EnvironmentValues => ({
  name,
  event_schemas: settings.event_schemas,
  timeout_ms: settings.timeout_ms ?? '',
  max_in_flight: settings.max_in_flight ?? '',
  retry_schedule_s: settings.retry_schedule_s?.join(', ') ?? '',
  circuit_threshold: settings.circuit_threshold ?? '',
  circuit_recovery: settings.circuit_recovery ?? '',
  allow_http: settings.allow_http,
});

const numberOrNull = (value: number | string): number | null => (value === '' ? null : Number(value));
const secondsOf = (text: string): number[] =>
  text
    .split(/[\s,]+/)
    .filter(Boolean)
    .map(Number);

/** What is wrong with the waits that were typed; null: nothing. */
export const scheduleFault = (text: string): string | null =>
  secondsOf(text).some((each) => !Number.isInteger(each) || each < 1) ? 'Whole seconds with commas between them, such as 5, 60, 600' : null;

const settingsOf = (values: EnvironmentValues) => ({
  event_schemas: values.event_schemas,
  timeout_ms: numberOrNull(values.timeout_ms),
  max_in_flight: numberOrNull(values.max_in_flight),
  retry_schedule_s: values.retry_schedule_s.trim() === '' ? null : secondsOf(values.retry_schedule_s),
  circuit_threshold: numberOrNull(values.circuit_threshold),
  circuit_recovery: values.circuit_recovery === '' ? null : values.circuit_recovery,
  allow_http: values.allow_http,
});

/** The body of PATCH /v1/environments/{id}: what was changed; empty: nothing was. */
export const bodyOf = (values: EnvironmentValues, before: EnvironmentValues): Readonly<Record<string, unknown>> => {
  const was: Readonly<Record<string, unknown>> = settingsOf(before);
  const settings = Object.entries(settingsOf(values)).filter(([name, value]) => !isSameJson(value, was[name]));
  return {
    ...(values.name.trim() !== before.name && { name: values.name.trim() }),
    ...(settings.length > 0 && { settings: Object.fromEntries(settings) }),
  };
};
